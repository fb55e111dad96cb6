/** Load on a Service as from a load balancer that follows the Service's endpoints, each change with a delay. */
import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Api } from '../local-cluster/api.ts';
import { ask } from './client.ts';

/** Delay until the load balancer follows a change, ms; gateways must drain for longer. */
const LAG_MS = 200;
/** Pause of one client between two requests, ms. */
const PAUSE_MS = 10;
const CLIENTS = 6;

interface Slice {
  readonly endpoints: readonly { readonly addresses: readonly [string]; readonly conditions: { readonly ready: boolean } }[];
  readonly ports: readonly { readonly port: number }[];
}

export class ServiceLoad {
  sent = 0;
  readonly failed: string[] = [];
  /** Every endpoint that was ever used. */
  readonly used = new Set<string>();
  readonly #api: Api;
  readonly #path: string;
  readonly #stopping = new AbortController();
  #ready: readonly string[] = [];
  #running: Promise<unknown> | undefined;

  constructor(api: Api, namespace: string, service: string) {
    this.#api = api;
    const selector = `labelSelector=kubernetes.io%2Fservice-name%3D${service}`;
    this.#path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${selector}`;
  }

  /** Resolves when requests flow. @throws Error when the Service has no endpoint */
  async start(): Promise<void> {
    this.#ready = await this.#readyEndpoints();
    if (this.#ready.length === 0) throw new Error('the Service has no ready endpoint');
    this.#running = Promise.all([this.#follow(), ...Array.from({ length: CLIENTS }, () => this.#client())]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** `HOST:PORT` of each ready endpoint. */
  async #readyEndpoints(): Promise<readonly string[]> {
    const { items } = await this.#api.get<{ items: readonly Slice[] }>(this.#path);
    return items.flatMap(({ endpoints, ports: [first] }) =>
      endpoints.flatMap(({ addresses: [address], conditions }) => (conditions.ready ? [`${address}:${first?.port ?? 0}`] : [])),
    );
  }

  async #follow(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const seen = await this.#readyEndpoints();
      await pause(LAG_MS);
      this.#ready = seen;
    }
  }

  async #client(): Promise<void> {
    const agent = new Agent({ keepAlive: true });
    for (let turn = Math.floor(Math.random() * 100); !this.#stopping.signal.aborted; turn += 1) {
      const endpoint = this.#ready[turn % this.#ready.length];
      const problem = endpoint === undefined ? 'no ready endpoint' : await this.#ask(endpoint, agent);
      this.sent += 1;
      if (problem !== undefined) this.failed.push(problem);
      await pause(PAUSE_MS);
    }
    agent.destroy();
  }

  /** The failure; undefined: none. */
  async #ask(endpoint: string, agent: Agent): Promise<string | undefined> {
    this.used.add(endpoint);
    try {
      const { status, headers } = await ask(`http://${endpoint}/`, { agent });
      return status === 200 ? undefined : `${endpoint}: ${status} ${String(headers['outrigger-reason'])}`;
    } catch (error) {
      return `${endpoint}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`;
    }
  }
}
