/** Which of several operators leads, and how long it takes until a change is pushed, whichever does it. */
import { until } from '../local-cluster/cluster.ts';
import { ask } from './client.ts';
import type { Harness } from './harness.ts';
import { leasePath, podPath, policyPath } from './objects.ts';
import { startOperator, type Component } from './outrigger.ts';

export interface Lease {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>> & { readonly holderIdentity?: string | null };
}

/** From the end of a leader until its successor has pushed a change to every proxy, ms, at most. */
export const WITHIN = { SIGKILL: 17_000, SIGTERM: 3_000 } as const;

const LEADING_MS = 20_000;

export const epochOf = ({ metadata }: Lease) => Number(metadata.annotations?.['outrigger.dev/epoch']);

/** The operators of a harness, which may be replaced, and a policy that is changed repeatedly. */
export class Leading {
  operators: readonly Component[];
  readonly #harness: Harness;
  readonly #port: number;
  #change = 0;

  constructor(harness: Harness, port: number) {
    this.#harness = harness;
    this.operators = harness.operators;
    this.#port = port;
  }

  lease(): Promise<Lease> {
    return this.#harness.api.get<Lease>(leasePath(this.#harness.systemNamespace));
  }

  /** The leader and a standby, when there is exactly one of each. */
  roles(): Promise<readonly [leader: Component, standby: Component]> {
    return until('one operator leads and one stands by', LEADING_MS, async () => {
      const leading = await Promise.all(this.operators.map(leads));
      if (leading.filter(Boolean).length !== 1) return false;
      const [leader, standby] = leading[0] === true ? this.operators : this.operators.toReversed();
      if (leader === undefined || standby === undefined) return false;
      const { spec } = await this.lease();
      return spec.holderIdentity?.startsWith(`${leader.name}_`) === true && [leader, standby];
    });
  }

  /** Changes the policy of Service `web` so that a header of every response shows it. */
  async change(): Promise<void> {
    this.#change += 1;
    const responseHeaderModifier = { set: [{ name: 'x-change', value: String(this.#change) }] };
    if (this.#change === 1) {
      await this.#harness.apply('web', {
        ...{ listener: { port: this.#port }, backendRefs: [{ name: 'web', port: 80 }] },
        responseHeaderModifier,
      });
      return;
    }
    // Operators write to the same object at the same time, so the write must not depend on its version.
    await this.#harness.api.patch(policyPath(this.#harness.namespace, 'web'), { spec: { responseHeaderModifier } });
  }

  /** Waits until the newest change is in force. */
  async untilInForce(gateways: readonly Component[] = this.#harness.gateways, ms = 30_000): Promise<void> {
    for (const gateway of gateways) {
      await until(`the newest change is in force at ${gateway.name}`, ms, async () => {
        const answer = await ask(gateway.url(this.#port)).catch(() => undefined);
        return answer?.headers['x-change'] === String(this.#change);
      });
    }
  }

  /** Milliseconds until a change that is made now is in force on every gateway. @throws after `limit` and 5 s */
  async timeToPush(limit: number): Promise<number> {
    const began = performance.now();
    await this.change();
    await this.untilInForce(undefined, limit + 5_000);
    return performance.now() - began;
  }

  /** Deletes an operator's pod, which ends the process with SIGTERM and, unlike a signal alone, does not restart it. */
  async terminate(operator: Component): Promise<void> {
    await this.#harness.api.delete(podPath(this.#harness.systemNamespace, operator.name));
  }

  /** Kills an operator and deletes its pod. */
  async destroy(operator: Component): Promise<void> {
    operator.kill('SIGKILL');
    await this.#harness.api.delete(podPath(this.#harness.systemNamespace, operator.name), { gracePeriodSeconds: 0 });
  }

  /** Waits until the pod runner has started the process again, and it answers. */
  async untilBack(operator: Component, before: number | undefined): Promise<void> {
    await until(`${operator.name} is back`, LEADING_MS, async () => {
      const { pid } = operator;
      return (
        pid !== undefined && pid !== before && (await fetch(`${operator.observe}/readyz`).catch(() => undefined))?.status === 200
      );
    });
  }

  /** A new pod in the place of one that was destroyed, under its name; resolves when it is Ready. */
  async replace(operator: Component): Promise<void> {
    const { api, platform, systemNamespace } = this.#harness;
    const path = podPath(systemNamespace, operator.name);
    await until(`the old pod ${operator.name} is gone`, LEADING_MS, async () => (await api.find(path)) === undefined);
    const replacement = await startOperator(platform, systemNamespace, operator.name);
    this.operators = this.operators.map((each) => (each === operator ? replacement : each));
  }
}

/** Whether an operator reports that it leads; false without an answer. */
export async function leads(operator: Component): Promise<boolean> {
  return /^outrigger_operator_leader 1$/m.test(await operator.metrics().catch(() => ''));
}
