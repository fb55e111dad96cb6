/** CPU of the operator for the reports of many proxies on many policies. In this process, without sockets. */
import { gunzipSync } from 'node:zlib';
import { snapshotDigest } from '../../proxy/snapshot/canonical.ts';
import type { Snapshot, Version } from '../../proxy/snapshot/types.ts';
import type { LoadBalancerPolicy, PolicyStatus } from '../../operator/api/policy.gen.ts';
import type { Call, KubeClient } from '../../operator/kube/client.ts';
import type { Fleet } from '../../operator/push/fleet-types.ts';
import { createFleet } from '../../operator/push/fleet.ts';
import type { ProxyClient } from '../../operator/push/proxy-client.ts';
import type { ProxyReport } from '../../operator/push/proxy-report.ts';
import { createReconciler } from '../../operator/reconcile.ts';
import type { Signer } from '../../operator/signing-keys/signer.ts';
import { createStatusWriter } from '../../operator/status/status-writer.ts';
import { gateway, inventory, policy, service, SETTINGS, slice } from '../../operator/translate/testing.ts';
import { translate } from '../../operator/translate/translate.ts';
import type { Inventory, Translation } from '../../operator/translate/types.ts';
import type { Bench, Row } from './bench.ts';
import type { Cleanup } from './cleanup.ts';
import { median } from './stats.ts';

const [PROXIES, POLICIES] = [300, 300];
const [ROUNDS, CALLS] = [7, 20];
/** Milliseconds between two looks at the reports: that of reconcile.ts. */
const TICK = 100;
/** The operator's share of a core while nothing changes. */
const BOUND_PERCENT = 3;
/** Answers to status queries per second: each proxy answers every 25 to 30 s. */
const ANSWERS_PER_SECOND = PROXIES / 30;
const NOW = Date.parse('2026-01-01T00:00:00Z');

function cluster(): Inventory {
  const ready = Array.from({ length: 3 }, (_, i) => ({ addresses: [`10.0.0.${i + 1}`], conditions: { ready: true } }));
  return inventory({
    policies: Array.from({ length: POLICIES }, (_, i) =>
      policy(`web-${i}`, { listener: { port: 8080, hostnames: [`web-${i}.example.com`] } }),
    ),
    services: [service('echo')],
    endpointSlices: [slice('echo-1', ready)],
    proxyPods: Array.from({ length: PROXIES }, (_, i) => {
      const pod = gateway(`gateway-${String(i).padStart(3, '0')}`);
      return { ...pod, status: { ...pod.status, podIP: `10.1.0.${i}`, conditions: [{ type: 'Ready', status: 'True' }] } };
    }),
  });
}

/** Milliseconds of CPU per call: the median of several rounds. What a call causes later (writes of statuses) is not in it. */
async function measure(call: () => void, prepare: (i: number) => void = () => undefined): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let microseconds = 0;
    for (let i = 0; i < CALLS; i++) {
      prepare(round * CALLS + i);
      const before = process.cpuUsage();
      call();
      const { user, system } = process.cpuUsage(before);
      microseconds += user + system;
      await new Promise((resolve) => setImmediate(resolve));
    }
    rounds.push(microseconds / 1000 / CALLS);
  }
  return median(rounds);
}

/** A reconciler with its status writer, at reports and a clock that the benchmark controls. */
class Looks {
  readonly reports = new Map<string, ProxyReport>();
  #inventory = cluster();
  readonly #translation: Translation;
  #now = 0;
  readonly #due = new Set<{ readonly at: number; readonly callback: () => void }>();
  readonly #reconciler: ReturnType<typeof createReconciler>;

  constructor() {
    this.#translation = translate(this.#inventory, SETTINGS);
    const clock = {
      now: () => this.#now,
      after: (ms: number, callback: () => void) => {
        const entry = { at: this.#now + ms, callback };
        this.#due.add(entry);
        return () => void this.#due.delete(entry);
      },
    };
    const fleet: Fleet = {
      setDesired: () => undefined,
      setEpoch: () => undefined,
      // As the fleet does: new objects around what stays the same.
      reports: () => new Map([...this.reports].map(([uid, report]) => [uid, { ...report }])),
      stop: async () => undefined,
    };
    const client = { call: ((call: Call) => this.#write(call)) as KubeClient['call'] };
    const nothing = (): void => undefined;
    const writing = { client, leading: () => true, instance: 'bench', failed: nothing, random: () => 1, now: () => NOW, clock };
    this.#reconciler = createReconciler({
      ...{ fleet, clock, status: createStatusWriter(writing), reconciled: nothing, proxyError: nothing, unixNow: () => NOW },
      translate: () => this.#translation,
      inventory: () => this.#inventory,
    });
    for (const { uid } of this.#translation.proxies) this.acknowledge(uid, 1);
  }

  get proxies(): readonly string[] {
    return this.#translation.proxies.map(({ uid }) => uid);
  }

  /** The proxy acknowledges the first policy in this generation, and all others. */
  acknowledge(proxy: string, generation: number): void {
    const [content] = this.#translation.contents.values();
    const [first] = this.#translation.verdicts.keys();
    if (content === undefined || first === undefined) throw new Error('nothing to acknowledge');
    const generations = new Map(content.generations).set(first, generation);
    const acked = { epoch: 1, sequence: generation, digest: String(generation), generations, uids: content.uids ?? new Map() };
    this.reports.set(proxy, { acked, current: true, rejected: [], unhealthy: [], degraded: [] });
  }

  /** Reconciles until every status is written and in the cache. */
  async settle(): Promise<void> {
    this.#reconciler.setEpoch(1);
    for (let i = 0; i < 3; i++) {
      this.#reconciler.inventoryChanged();
      for (let ms = 0; ms < 15_000; ms += TICK) this.#advance();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const programmed = [...this.#inventory.policies.values()].filter(({ status }) =>
      status?.conditions?.some(({ type, status }) => type === 'Programmed' && status === 'True'),
    );
    if (programmed.length < POLICIES) throw new Error(`only ${programmed.length} policies are programmed`);
  }

  look(): void {
    this.#reconciler.fleetChanged();
    this.#advance();
  }

  stop(): void {
    this.#reconciler.stop();
  }

  #advance(): void {
    this.#now += TICK;
    for (const entry of this.#due) {
      if (entry.at > this.#now) continue;
      this.#due.delete(entry);
      entry.callback();
    }
  }

  /** The API server: what is written comes back by the watch. */
  #write({ body }: Call): Promise<LoadBalancerPolicy | undefined> {
    const { metadata, status } = body as { metadata: { namespace?: string; name: string }; status?: PolicyStatus };
    const key = `${metadata.namespace}/${metadata.name}`;
    const before = this.#inventory.policies.get(key);
    if (before === undefined || status === undefined) return Promise.resolve(undefined);
    const resourceVersion = String(Number(before.metadata.resourceVersion) + 1);
    const written = { ...before, metadata: { ...before.metadata, resourceVersion }, status };
    this.#inventory = { ...this.#inventory, policies: new Map(this.#inventory.policies).set(key, written) };
    return Promise.resolve(written);
  }
}

/** Proxies that acknowledge whatever is pushed, and have nothing to report. */
function obedient(): ProxyClient & { answers: number } {
  const applied = new Map<string, Version & { readonly digest: string }>();
  const bodies = new Map<string, Version & { readonly digest: string }>();
  let trustedKeys: readonly string[] = [];
  return {
    answers: 0,
    push(address, token, { bytes, gzip, sha256 }) {
      let known = bodies.get(sha256);
      if (known === undefined) {
        const snapshot = JSON.parse((gzip ? gunzipSync(bytes) : bytes).toString()) as Snapshot;
        ({ trustedKeys } = snapshot);
        known = { ...snapshot.version, digest: snapshotDigest(snapshot) };
        bodies.set(sha256, known);
      }
      applied.set(address, known);
      return Promise.resolve({ kind: 'acked', answer: { pod: token, applied: known, rejected: [] } });
    },
    status(address, token) {
      this.answers++;
      const now = applied.get(address);
      const fence = { epoch: now?.epoch ?? 0, sequence: now?.sequence ?? 0 };
      const answer = { pod: token, ...(now && { applied: now }), fence, trustedKeys, rejected: [], unhealthy: [], degraded: [] };
      return Promise.resolve({ kind: 'status', answer });
    },
    close: () => Promise.resolve(),
  };
}

/** Milliseconds of CPU per answer to a status query that says nothing new: the fleet without signatures and sockets. */
async function quietAnswers(cleanup: Cleanup, seconds: number): Promise<number> {
  const nothing = (): void => undefined;
  const client = obedient();
  // The token is only the pod's UID.
  const signer = { publicKey: 'k', sign: ({ aud }: { aud: string }) => Promise.resolve(aud) } as unknown as Signer;
  const fleet = createFleet({
    ...{ client, keys: { signer, trustedKeys: ['k'] }, leading: () => true },
    events: { changed: nothing, fenced: nothing },
    metrics: { pushed: nothing, propagated: nothing, proxies: nothing, skew: nothing },
    ...{ now: () => performance.now(), unixNow: () => NOW, random: Math.random },
    timing: { retry: { base: 100, max: 100 }, statusInterval: 1000, firstStatus: 100, newsPause: 100 },
  });
  cleanup.defer(() => fleet.stop());
  const translation = translate(cluster(), SETTINGS);
  fleet.setEpoch(1);
  fleet.setDesired(translation, performance.now());
  while (client.answers < PROXIES) await new Promise((resolve) => setTimeout(resolve, 50));
  const [answers, before] = [client.answers, process.cpuUsage()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (client.answers - answers);
}

export const status: Bench = async ({ seconds = 5 }, cleanup) => {
  const looks = new Looks();
  cleanup.defer(() => looks.stop());
  await looks.settle();
  const { proxies } = looks;
  const proxy = (i: number): string => proxies[i % proxies.length] ?? '';
  const look = (): void => looks.look();
  const still = await measure(look);
  const one = await measure(look, (i) => looks.acknowledge(proxy(i >> 1), i % 2 ? 1 : 2));
  const lost: ProxyReport = { current: false, rejected: [], unhealthy: undefined, degraded: undefined, error: 'ECONNREFUSED' };
  const all = await measure(look, (i) => (i % 2 ? looks.acknowledge(proxy(i >> 1), 1) : looks.reports.set(proxy(i >> 1), lost)));
  const answer = await quietAnswers(cleanup, seconds);
  const quiet = ((still * 1000) / TICK + answer * ANSWERS_PER_SECOND) / 10;
  const size = `${PROXIES} proxies × ${POLICIES} policies`;
  const row = (what: string, ms: number): Row => ({ what, number: `${ms.toFixed(3)} ms of CPU` });
  return [
    row(`${size}: a look at all reports, of which none has changed`, still),
    row('the same, when one proxy has acknowledged one policy', one),
    row('the same, when one proxy is lost or found, with all its policies', all),
    row(`${size}: an answer to a status query that says nothing new`, answer),
    {
      what: `${size}: ten looks and ${ANSWERS_PER_SECOND} such answers a second`,
      number: `${quiet.toFixed(2)}% of a core`,
      bound: { text: `≤ ${BOUND_PERCENT}%`, met: quiet <= BOUND_PERCENT },
    },
  ];
};
