import type { KubeClient } from '../kube/client.ts';
import { isStatus } from '../kube/api-error.ts';
import { leasesPath } from '../kube/api-paths.ts';
import { LEASE_NAME, type Lease } from './lease.ts';

/** Milliseconds for one request: one that hangs must leave time for another before the term ends. */
const CALL_TIMEOUT = 2500;

/** The Lease on the API server. Every Lease that it returns has a version: the precondition of the next write. */
export class LeaseStore {
  readonly #client: Pick<KubeClient, 'call'>;
  readonly #path: string;

  constructor(client: Pick<KubeClient, 'call'>, namespace: string) {
    this.#client = client;
    this.#path = leasesPath(namespace);
  }

  /** Undefined: there is none. */
  async read(signal: AbortSignal): Promise<Lease | undefined> {
    const call = { path: `${this.#path}/${LEASE_NAME}`, signal, timeout: CALL_TIMEOUT };
    try {
      return versioned(await this.#client.call<Lease>(call));
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** Creates a Lease that has no version; otherwise replaces exactly this version. */
  async write(body: Lease, signal: AbortSignal): Promise<Lease> {
    const creates = body.metadata.resourceVersion === undefined;
    const call = creates
      ? ({ method: 'POST', path: this.#path } as const)
      : ({ method: 'PUT', path: `${this.#path}/${LEASE_NAME}` } as const);
    return versioned(await this.#client.call<Lease>({ ...call, body, signal, timeout: CALL_TIMEOUT }));
  }
}

/** Whether a write came too late: someone else has changed or deleted the Lease. */
export const isLost = (error: unknown): boolean => isStatus(error, 409) || isStatus(error, 404);

/** Without a version the next write would have no precondition. */
function versioned(lease: Lease): Lease {
  if (!lease?.metadata?.resourceVersion) throw new Error('the Lease has no resourceVersion');
  return lease;
}
