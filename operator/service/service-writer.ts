import type { OwnerReference, Service } from '../api/kubernetes.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError, isStatus } from '../kube/api-error.ts';
import { deploymentPath, servicePath } from '../kube/api-paths.ts';
import type { EventDraft, EventRecorder } from '../kube/event-recorder.ts';
import { backOff, type BackOffLimits } from '../util/backoff.ts';
import { systemClock, type Clock } from '../util/clock.ts';
import type { GatewayConfig } from './gateway-config.ts';
import { isAsApplied, isOurs, manifest } from './service-manifest.ts';
import type { GatewayPorts } from './gateway-ports.ts';

/** Label of `outrigger_operator_gateway_service_writes_total`. */
export type WriteResult = 'applied' | 'deleted' | 'failed';

export interface ServiceWriterOptions {
  readonly client: Pick<KubeClient, 'call'>;
  readonly config: GatewayConfig;
  readonly namespace: string;
  /** Whether the Lease is held: checked before every write. */
  readonly leading: () => boolean;
  readonly events: EventRecorder;
  readonly wrote: (result: WriteResult) => void;
  /** A write failed and is tried again. */
  readonly failed: (error: Error) => void;
  /** The Service was written: what waits for it may continue. */
  readonly changed: () => void;
  readonly random: () => number;
  readonly clock?: Clock;
}

/** The result of our last write, used until the watch has caught up with it. */
interface Written {
  readonly basedOn: string | undefined;
  /** Absent: it was deleted. */
  readonly service: Service | undefined;
  /** Monotonic ms after which the watch counts anyway. */
  readonly until: number;
}

type Step = 'none' | 'apply' | 'delete';

const FIELD_MANAGER = 'outrigger-gateway-service';
const RETRY: BackOffLimits = { base: 500, max: 30_000 };
const WRITE_TIMEOUT = 10_000;
/** Milliseconds that a watch may be behind; later, someone else has undone our write before the watch showed it. */
const CATCH_UP = 10_000;

/** Keeps the gateways' Service as it must be, by server-side apply: one write at a time, and only when something differs. */
export class ServiceWriter {
  readonly #options: ServiceWriterOptions;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  #observed: Service | undefined;
  #ports: GatewayPorts | undefined;
  #written: Written | undefined;
  /** Ports that stayed when we applied without them: other writers own them. */
  #foreign: ReadonlySet<number> = new Set();
  #owner: OwnerReference | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;
  #notBefore = 0;
  #reportedFailure: string | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: ServiceWriterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Takes the Service from the watch; undefined: there is none. */
  observe(service: Service | undefined): void {
    this.#observed = service;
    const { basedOn, until } = this.#written ?? { basedOn: undefined, until: -Infinity };
    const behind = service?.metadata.resourceVersion === basedOn && this.#clock.now() < until;
    if (!behind) this.#written = undefined;
  }

  /** Ports of the Service, from our last write or the watch, whichever is newer. */
  get published(): ReadonlySet<number> {
    return new Set(this.#present?.spec.ports?.map(({ port }) => port));
  }

  setDesired(ports: GatewayPorts): void {
    this.#ports = ports;
    this.#consider();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cancel?.();
    await this.#running;
  }

  get #present(): Service | undefined {
    return this.#written ? this.#written.service : this.#observed;
  }

  #consider(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#running !== undefined || this.#stopped.signal.aborted || !this.#options.leading()) return;
    const ports = this.#ports;
    const step = this.#step(ports);
    if (ports === undefined || step === 'none') return;
    const wait = this.#notBefore - this.#clock.now();
    if (wait > 0) {
      this.#cancel = this.#clock.after(wait, () => this.#consider());
      return;
    }
    this.#running = this.#write(step, ports).finally(() => {
      this.#running = undefined;
      this.#consider();
    });
  }

  #step(ports: GatewayPorts | undefined): Step {
    const present = this.#present;
    // A Service that is being deleted cannot be kept; it is created again when it is gone.
    if (ports === undefined || present?.metadata.deletionTimestamp !== undefined) return 'none';
    if (ports.size === 0) return present !== undefined && isOurs(present) ? 'delete' : 'none';
    if (present === undefined) return 'apply';
    const extra = present.spec.ports?.some(({ port }) => !ports.has(port) && !this.#foreign.has(port)) ?? false;
    return extra || !isAsApplied(present, this.#options.config, ports) ? 'apply' : 'none';
  }

  async #write(step: Exclude<Step, 'none'>, ports: GatewayPorts): Promise<void> {
    const { wrote, failed, changed } = this.#options;
    const basedOn = this.#observed?.metadata.resourceVersion;
    try {
      const service = step === 'apply' ? await this.#apply(ports) : await this.#delete();
      this.#written = { basedOn, service, until: this.#clock.now() + CATCH_UP };
      this.#foreign = new Set(service?.spec.ports?.map(({ port }) => port).filter((port) => !ports.has(port)));
      this.#failures = 0;
      wrote(step === 'apply' ? 'applied' : 'deleted');
      changed();
      await this.#recordRecovery();
    } catch (error) {
      this.#failures += 1;
      this.#notBefore = this.#clock.now() + backOff(this.#failures, RETRY, this.#options.random);
      if (this.#stopped.signal.aborted) return;
      wrote('failed');
      failed(error as Error);
      await this.#recordFailure(error as Error);
    }
  }

  async #apply(ports: GatewayPorts): Promise<Service> {
    const { config, namespace, leading } = this.#options;
    const { name } = config.service;
    if (this.#present !== undefined && !isOurs(this.#present)) {
      throw new Error(
        `a Service ${name} that the operator did not make is in its place: remove it, or give another service.name`,
      );
    }
    const owner = await this.#findOwner();
    if (!leading()) throw new Error('the Lease was lost before the write');
    return this.#options.client.call<Service>({
      method: 'PATCH',
      path: servicePath(namespace, name),
      query: { fieldManager: FIELD_MANAGER, force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: manifest(config.service, namespace, ports, owner),
      signal: this.#stopped.signal,
      timeout: WRITE_TIMEOUT,
    });
  }

  /** Looked up before every write, since a recreated Deployment has another UID. */
  async #findOwner(): Promise<OwnerReference> {
    const { client, config, namespace } = this.#options;
    const path = deploymentPath(namespace, config.deployment);
    try {
      const found = await client.call<Service>({ path, signal: this.#stopped.signal, timeout: WRITE_TIMEOUT });
      this.#owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: config.deployment, uid: found.metadata.uid };
      return this.#owner;
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      throw new Error(`there is no Deployment ${config.deployment} in ${namespace}, which would own the Service`, {
        cause: error,
      });
    }
  }

  /** Deletes only the observed Service, not another one with its name. */
  async #delete(): Promise<undefined> {
    const { uid } = this.#present?.metadata ?? { uid: '' };
    const { client, config, namespace } = this.#options;
    const call = {
      method: 'DELETE',
      path: servicePath(namespace, config.service.name),
      body: { preconditions: { uid } },
    } as const;
    await client.call({ ...call, signal: this.#stopped.signal, timeout: WRITE_TIMEOUT }).catch((error: unknown) => {
      if (!isStatus(error, 404)) throw error;
    });
  }

  /** One Event for as long as the same error persists, and one when it is over. */
  async #recordFailure(error: Error): Promise<void> {
    const kind = error instanceof ApiError ? `${error.code} ${error.reason}` : error.message;
    if (this.#reportedFailure === kind) return;
    this.#reportedFailure = kind;
    const note = `The gateway Service is not what it should be: ${error.message}`;
    await this.#record({ type: 'Warning', reason: 'GatewayServiceFailed', note });
  }

  async #recordRecovery(): Promise<void> {
    if (this.#reportedFailure === undefined) return;
    this.#reportedFailure = undefined;
    await this.#record({
      type: 'Normal',
      reason: 'GatewayServiceWritten',
      note: 'The gateway Service is what it should be again.',
    });
  }

  /** About the Deployment, which exists even where the Service does not. Best effort: an Event that is lost is not sent again. */
  async #record(event: EventDraft): Promise<void> {
    const { config, namespace, events } = this.#options;
    const regarding = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: config.deployment, ...this.#owner };
    await events.record(regarding, event, this.#stopped.signal).catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) this.#options.failed(error as Error);
    });
  }
}
