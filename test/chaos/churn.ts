/** Constant changes in a cluster: a policy's match and a Service's endpoints are rewritten repeatedly. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Backend } from '../integration/backend.ts';
import { ask, whoAnswers } from '../integration/client.ts';
import type { Harness } from '../integration/harness.ts';
import { policyPath, slicePath, type Policy } from '../integration/objects.ts';
import type { Component } from '../integration/outrigger.ts';
import type { ApiObject } from '../local-cluster/api.ts';

export const PORT = 8600;
/** Between two writes, ms. */
const INTERVAL_MS = 80;
/** Matches every request that `marked` does not. */
const STEADY = 'steady';
/** Matches one path, `/mark-N`, which changes with every rewrite. */
const MARKED = 'marked';

interface Slice extends ApiObject {
  readonly endpoints: readonly { readonly targetRef: { readonly name: string } }[];
}

/** The newest state in the API server. */
interface DesiredState {
  readonly mark: number;
  /** Names of the endpoints, sorted and joined. */
  readonly endpoints: string;
  /** Policies whose newest generation is not reported as programmed. */
  readonly unprogrammed: readonly string[];
}

export class Churn {
  readonly #harness: Harness;
  readonly #random: () => number;
  readonly #backends: readonly Backend[];
  #mark = 1;
  #running: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  private constructor(harness: Harness, backends: readonly Backend[], random: () => number) {
    this.#harness = harness;
    this.#backends = backends;
    this.#random = random;
  }

  /** Creates backends, Services and policies, and waits until they serve. Changes start with `resume`. */
  static async start(harness: Harness, random: () => number): Promise<Churn> {
    const [mark, ...backends] = await harness.backends('mark', 'b1', 'b2', 'b3', 'b4', 'b5');
    await harness.publish(MARKED, mark);
    await harness.publish(STEADY, ...backends);
    const churn = new Churn(harness, backends, random);
    await churn.#rewriteMark();
    await harness.apply(STEADY, {
      listener: { port: PORT },
      backendRefs: [{ name: STEADY, port: 80 }],
      loadBalancer: { type: 'RoundRobin' },
    });
    await harness.untilProgrammed(STEADY, MARKED);
    return churn;
  }

  resume(): void {
    const stop = new AbortController();
    this.#running = { stop, ended: this.#run(stop.signal) };
  }

  /** Resolves when the last write is complete or has failed. */
  async pause(): Promise<void> {
    this.#running?.stop.abort();
    await this.#running?.ended;
    this.#running = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const write = this.#random() < 0.3 ? this.#rewriteMark() : this.#rewriteEndpoints();
      // The API server may be away. `#desiredState` reads whether the write has happened.
      await write.catch(() => undefined);
      await pause(INTERVAL_MS);
    }
  }

  #rewriteMark(): Promise<unknown> {
    this.#mark += 1;
    return this.#harness.apply(MARKED, {
      listener: { port: PORT },
      matches: [{ path: { type: 'Exact', value: `/mark-${this.#mark}` } }],
      backendRefs: [{ name: MARKED, port: 80 }],
    });
  }

  /** Publishes a random subset of the backends, at least one. */
  #rewriteEndpoints(): Promise<unknown> {
    const always = Math.floor(this.#random() * this.#backends.length);
    return this.#harness.publish(STEADY, ...this.#backends.filter((_, i) => this.#random() < 0.5 || i === always));
  }

  /** A difference between the gateways or status and the API server, or undefined. Call it while changes are paused. */
  async difference(): Promise<string | undefined> {
    const { mark, endpoints, unprogrammed } = await this.#desiredState();
    for (const gateway of this.#harness.gateways) {
      const problem = await whyStale(gateway, mark, endpoints);
      if (problem !== undefined) return problem;
    }
    return unprogrammed.length > 0 ? `${unprogrammed.join()} not Programmed in the newest generation` : undefined;
  }

  async #desiredState(): Promise<DesiredState> {
    const { api, namespace } = this.#harness;
    const slice = await api.get<Slice>(slicePath(namespace, STEADY));
    const policies = await Promise.all([STEADY, MARKED].map((name) => api.get<Policy>(policyPath(namespace, name))));
    const path = policies[1]?.spec.matches?.[0]?.path?.value ?? '';
    return {
      mark: Number(path.slice('/mark-'.length)),
      endpoints: slice.endpoints
        .map(({ targetRef }) => targetRef.name)
        .sort()
        .join(),
      unprogrammed: policies.filter((policy) => !isProgrammed(policy)).map(({ metadata }) => metadata.name),
    };
  }
}

function isProgrammed({ metadata, status }: Policy): boolean {
  const found = status?.conditions?.find(({ type }) => type === 'Programmed');
  return found?.status === 'True' && found.observedGeneration === metadata.generation;
}

/** Why a gateway does not serve exactly this state; undefined when it does. */
async function whyStale(gateway: Component, mark: number, endpoints: string): Promise<string | undefined> {
  if ((await ask(gateway.url(PORT, `/mark-${mark}`))).body !== 'mark') return `${gateway.name} lacks mark ${mark}`;
  if ((await ask(gateway.url(PORT, `/mark-${mark - 1}`))).body === 'mark') return `${gateway.name} still has mark ${mark - 1}`;
  // RoundRobin over all of them; other clients use some of the picks.
  const seen = await whoAnswers(gateway.url(PORT), 5 * endpoints.split(',').length);
  const names = [...seen.keys()].sort().join();
  return names === endpoints ? undefined : `${gateway.name} serves ${names} instead of ${endpoints}`;
}
