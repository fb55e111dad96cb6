/** What is counted against asking about every proxy each time, over random histories of a fleet and its policies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { PolicyStatus } from '../api/policy.gen.ts';
import type { ProxyReport } from '../push/proxy-report.ts';
import type { ProxyTarget, Verdict } from '../translate/types.ts';
import { UnhealthyCounter } from './endpoint-health.ts';
import { FleetTallies } from './fleet-tallies.ts';
import { statusOf } from './policy-status.ts';
import { keyOf } from './proxy-standing.ts';
import { wholeView } from './test-whole-status.ts';
import { NOW, proxy, verdict } from './testing.ts';

const POLICIES = ['a', 'b', 'c'] as const;
const PROXIES = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'] as const;
const STATES = ['checking', 'panic', 'fallback', 'unavailable'] as const;
const ENDPOINTS = ['e1', 'e2', 'e3'] as const;
const NO_CONTACT: ProxyReport = { current: false, rejected: [], unhealthy: undefined, degraded: undefined };

type Acked = NonNullable<ProxyReport['acked']>;

interface Happening {
  readonly event: keyof typeof EVENTS;
  readonly policy: (typeof POLICIES)[number];
  readonly proxy: (typeof PROXIES)[number];
  /** Bits choose among proxies or endpoints. */
  readonly bits: number;
  readonly flag: boolean;
}

class Simulation {
  readonly #policies = new Map<string, Omit<Verdict, 'proxies'> & { readonly selects: number }>();
  /** By name; a pod that is recreated has another UID. */
  readonly #pods = new Map<string, ProxyTarget>();
  readonly #reports = new Map<string, ProxyReport>();
  readonly #tallies = new FleetTallies();
  readonly #unhealthy = new UnhealthyCounter();
  readonly #previous = new Map<string, PolicyStatus>();
  #verdicts: ReadonlyMap<string, Verdict> = new Map();
  #incarnation = 0;
  termJustBegan = false;
  /** A pod that policies select, though no target is known for it. */
  hidden: string | undefined;
  readonly seen: Set<string>;

  constructor(seen: Set<string>) {
    this.seen = seen;
  }

  createPolicy(name: string, selects: number): void {
    const { proxies: _, ...rest } = verdict({
      name,
      uid: `${name}-${this.#incarnation++}`,
      generation: 1,
      endpointIds: ENDPOINTS,
    });
    this.#policies.set(name, { ...rest, selects });
    this.translate();
  }

  changePolicy(name: string, change: (policy: { readonly generation: number }) => object): void {
    const policy = this.#policies.get(name);
    if (policy) this.#policies.set(name, { ...policy, ...change(policy) });
    this.translate();
  }

  deletePolicy(name: string): void {
    this.#policies.delete(name);
    this.translate();
  }

  createPod(name: string): void {
    this.deletePod(name);
    const target = proxy(`${name}-${this.#incarnation++}`, { name, ready: false });
    this.#pods.set(name, target);
    this.#reports.set(target.uid, NO_CONTACT);
    this.translate();
  }

  changePod(name: string, change: Partial<ProxyTarget>): void {
    const target = this.#pods.get(name);
    if (target) this.#pods.set(name, { ...target, ...change });
    this.translate();
  }

  deletePod(name: string): void {
    const target = this.#pods.get(name);
    this.#pods.delete(name);
    if (target) this.#reports.delete(target.uid);
    this.translate();
  }

  /** Every verdict and target is a new object, though most are equal to the former. */
  translate(): void {
    for (const [name, target] of this.#pods) this.#pods.set(name, { ...target });
    const proxies = (selects: number): string[] =>
      PROXIES.filter((_, i) => selects & (1 << i)).flatMap((name) => this.#pods.get(name)?.uid ?? []);
    const verdicts = [...this.#policies.values()].map(({ selects, ...policy }) => ({ ...policy, proxies: proxies(selects) }));
    this.#verdicts = new Map(verdicts.map((one) => [keyOf(one), one]));
  }

  report(name: string, change: (before: ProxyReport) => Partial<ProxyReport>): void {
    const uid = this.#pods.get(name)?.uid ?? '';
    const before = this.#reports.get(uid);
    if (before) this.#reports.set(uid, { ...before, ...change(before) });
  }

  /** The content of all policies, or of those that `bits` chooses. */
  acknowledged(bits: number, withUids: boolean): Acked {
    const some = [...this.#verdicts.values()].filter((_, i) => bits & (1 << i));
    const generations = new Map(some.map((one) => [keyOf(one), one.generation]));
    const uids = new Map(some.map((one) => [keyOf(one), one.uid]));
    return { epoch: 1, sequence: 1, digest: 'd', generations, ...(withUids && { uids }) };
  }

  /** Another process led meanwhile, or this one has lost the Lease. */
  forget(): void {
    for (const uid of this.#reports.keys()) this.#reports.set(uid, NO_CONTACT);
  }

  /** The fleet has not yet heard of the pod. */
  unknown(name: string): void {
    this.#reports.delete(this.#pods.get(name)?.uid ?? '');
  }

  look(): void {
    const pods = [...this.#pods.values()].filter(({ name }) => name !== this.hidden);
    const targets = new Map(pods.map((target) => [target.uid, target]));
    const fleet = { targets, reports: new Map([...this.#reports].map(([uid, report]) => [uid, { ...report }])) };
    this.#tallies.update(this.#verdicts, fleet);
    const selected = [...this.#verdicts.values()].flatMap(({ proxies }) => proxies);
    const proxies = new Set([...targets.keys(), ...selected]).size;
    assert.deepEqual(this.#tallies.size, { proxies, pairs: selected.length }, 'what is gone is forgotten');
    const counts = this.#unhealthy.update(fleet.reports);
    for (const [key, judged] of this.#verdicts) {
      const previous = this.#previous.get(key);
      const view = { tally: this.#tallies.get(key), unhealthy: counts.get(key), termJustBegan: this.termJustBegan };
      const whole = wholeView(judged, fleet, this.termJustBegan);
      // Counters, and what the message may name; a class is compared with a plain object.
      assert.deepEqual({ ...view.tally }, whole.tally);
      const status = statusOf(judged, view, previous, NOW);
      assert.deepEqual(status, statusOf(judged, whole, previous, NOW));
      this.#previous.set(key, status);
      this.#note(status);
    }
  }

  /** What the histories have shown. */
  #note({ conditions, endpoints }: Required<PolicyStatus>): void {
    for (const { type, status, reason, message } of conditions) {
      this.seen.add(`${type} ${status} ${reason}`);
      for (const text of ['more', 'Not counted', 'waiting for']) if (message.includes(text)) this.seen.add(text);
    }
    if ((endpoints.healthy ?? 0) < (endpoints.ready ?? 0)) this.seen.add('unhealthy');
  }
}

const rejection = (policy: string, bits: number) => ({ policy: `shop/${policy}`, listener: 80, reason: `Reason ${bits % 3}.` });

const EVENTS = {
  create: (s, { policy, bits }) => s.createPolicy(policy, bits),
  delete: (s, { policy }) => s.deletePolicy(policy),
  edit: (s, { policy }) => s.changePolicy(policy, ({ generation }) => ({ generation: generation + 1 })),
  select: (s, { policy, bits }) => s.changePolicy(policy, () => ({ selects: bits })),
  invalid: (s, { policy, flag }) =>
    s.changePolicy(policy, () => ({ accepted: { status: flag ? 'True' : 'False', reason: 'Some', message: '' } })),
  endpoints: (s, { policy, bits, flag }) =>
    s.changePolicy(policy, () => {
      const endpointIds = flag ? ENDPOINTS.filter((_, i) => bits & (1 << i)) : [];
      const shortage = { reason: bits & 8 ? 'NoEndpoints' : 'ZeroWeight', message: 'Nothing is there' };
      return {
        endpointIds,
        endpoints: { total: ENDPOINTS.length, ready: endpointIds.length },
        shortage: endpointIds.length > 0 ? undefined : shortage,
      };
    }),
  kind: (s, { policy, bits, flag }) =>
    s.changePolicy(policy, () => ({ needsEndpoints: bits % 8 > 0, hasFallback: flag, idle: bits % 2 === 1 })),
  dead: (s, { policy, flag }) => s.changePolicy(policy, () => ({ deadMatches: flag ? { indexes: [0], all: true } : undefined })),
  unresolved: (s, { policy, flag }) =>
    s.changePolicy(policy, () => ({ resolvedRefs: { status: flag ? 'True' : 'False', reason: 'BackendNotFound', message: '' } })),
  join: (s, { proxy }) => s.createPod(proxy),
  leave: (s, { proxy }) => s.deletePod(proxy),
  ready: (s, { proxy, flag }) => s.changePod(proxy, { ready: flag }),
  terminate: (s, { proxy, flag }) => s.changePod(proxy, { terminating: flag }),
  crash: (s, { proxy }) => s.changePod(proxy, { ready: false, trouble: 'CrashLoopBackOff, last exit code 1' }),
  restart: (s, { proxy }) =>
    s.report(proxy, ({ acked: _, ...rest }) => ({
      ...rest,
      acked: undefined as never,
      unhealthy: undefined,
      degraded: undefined,
    })),
  acknowledge: (s, { proxy, bits, flag }) => {
    const acked = s.acknowledged(bits, flag);
    s.report(proxy, () => ({ acked, rejected: [] }));
  },
  acknowledgeAll: (s, { bits, flag }) => {
    const acked = s.acknowledged(~0, flag);
    PROXIES.forEach((name, i) => bits & (1 << i) && s.report(name, () => ({ acked, rejected: [] })));
  },
  reject: (s, { proxy, policy, bits, flag }) =>
    s.report(proxy, ({ rejected }) => ({ rejected: flag ? [rejection(policy, bits), ...rejected].slice(0, 3) : [] })),
  fail: (s, { proxy, bits }) => s.report(proxy, () => ({ error: `ECONNREFUSED ${bits % 3}` })),
  recover: (s, { proxy }) => s.report(proxy, ({ error: _, ...rest }) => ({ ...rest, error: undefined as never })),
  health: (s, { proxy, policy, bits }) =>
    s.report(proxy, ({ unhealthy = [] }) => {
      const others = unhealthy.filter(({ pool }) => !pool.startsWith(`shop/${policy}/`));
      const pools = [`shop/${policy}/shop/web:80`, `shop/${policy}/shop/web:81`];
      const sick = ENDPOINTS.flatMap((endpoint, i) => (bits & (1 << i) ? [endpoint] : []));
      const mine = pools.flatMap((pool) =>
        sick.map((endpoint) => ({ pool, endpoint, reason: 'probe' as const, detail: `HTTP ${bits}` })),
      );
      return { unhealthy: [...others, ...mine] };
    }),
  degrade: (s, { proxy, policy, bits, flag }) =>
    s.report(proxy, ({ degraded = [] }) => {
      const others = degraded.filter((one) => one.policy !== `shop/${policy}`);
      const state = STATES[bits % STATES.length] as (typeof STATES)[number];
      return { degraded: flag ? others : [...others, { policy: `shop/${policy}`, state }] };
    }),
  degradeAll: (s, { policy, bits }) => {
    const state = STATES[bits % STATES.length] as (typeof STATES)[number];
    for (const name of PROXIES) s.report(name, () => ({ degraded: [{ policy: `shop/${policy}`, state }] }));
  },
  /** An older proxy. */
  older: (s, { proxy }) => s.report(proxy, () => ({ degraded: undefined, unhealthy: [] })),
  unknown: (s, { proxy }) => s.unknown(proxy),
  // A policy was recreated, and the content that the proxy has is equal to what it must have.
  uids: (s, { proxy }) => {
    const { uids = new Map<string, string>() } = s.acknowledged(~0, true);
    s.report(proxy, ({ acked }) => (acked ? { acked: { ...acked, uids } } : {}));
  },
  hide: (s, { proxy, flag }) => void (s.hidden = flag ? proxy : undefined),
  term: (s, { flag }) => {
    s.termJustBegan = flag;
    s.forget();
  },
  termIsOld: (s) => void (s.termJustBegan = false),
  translate: (s) => s.translate(),
  look: (s) => s.look(),
} satisfies Record<string, (simulation: Simulation, happening: Omit<Happening, 'event'>) => void>;

const happening: fc.Arbitrary<Happening> = fc.record({
  event: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...(Object.keys(EVENTS) as (keyof typeof EVENTS)[])) },
    {
      weight: 2,
      arbitrary: fc.constantFrom('look' as const, 'acknowledge' as const, 'acknowledgeAll' as const, 'ready' as const),
    },
  ),
  policy: fc.constantFrom(...POLICIES),
  proxy: fc.constantFrom(...PROXIES),
  bits: fc.oneof(fc.nat(127), fc.constant(127)),
  flag: fc.boolean(),
});

test('what is counted is what asking about every proxy would give, whatever happens', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 100, size: 'max' }), (happenings) => {
      const simulation = new Simulation(seen);
      for (const name of POLICIES) simulation.createPolicy(name, 127);
      for (const name of PROXIES) simulation.createPod(name);
      for (const each of happenings) EVENTS[each.event](simulation, each);
      simulation.look();
    }),
    { numRuns: 1500 },
  );
  const all = [
    ...['True Programmed', 'False Pending', 'False Rejected', 'False NoProxies', 'False Invalid'].map(
      (one) => `Programmed ${one}`,
    ),
    ...['Ready', 'SomeUnhealthy', 'Panic', 'Fallback', 'Idle'].map((one) => `Ready True ${one}`),
    ...['NoEndpoints', 'ZeroWeight', 'AllUnhealthy', 'NoReadyProxies', 'CannotMatch'].map((one) => `Ready False ${one}`),
    ...['Ready Unknown Pending', 'Reconciling True Pending', 'Stalled True Some'],
    ...['more', 'Not counted', 'waiting for', 'unhealthy'],
  ];
  assert.deepEqual(
    all.filter((one) => !seen.has(one)),
    [],
    'the property has something to say',
  );
});
