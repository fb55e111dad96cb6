import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, PolicyStatus } from '../api/policy.gen.ts';
import type { ProxyReport } from '../push/proxy-report.ts';
import type { ProxyTarget, Verdict } from '../translate/types.ts';
import { acked, fleetOf, NOW, proxy, statusOf, verdict } from './testing.ts';

const OLD = '2026-01-01T00:00:00Z';
const condition = (type: string, status: 'True' | 'False', extra: Partial<Condition> = {}): Condition => ({
  type,
  status,
  reason: type,
  message: 'as before',
  observedGeneration: 3,
  lastTransitionTime: OLD,
  ...extra,
});
const programmed = ({ conditions }: PolicyStatus): Condition =>
  conditions?.find(({ type }) => type === 'Programmed') as Condition;
const ACKED = { epoch: 1, sequence: 1, digest: 'd', generations: new Map([['shop/checkout', 3]]) };
const noContact: ProxyReport = { current: false, rejected: [], unhealthy: undefined, degraded: undefined };
const rejected = [{ policy: 'shop/checkout', listener: 80, reason: 'Port 80 is taken.' }];

interface Case {
  readonly what: string;
  readonly targets?: ProxyTarget[];
  readonly reports: Record<string, ProxyReport>;
  readonly verdict?: Partial<Verdict>;
  readonly previous?: Condition;
  readonly termJustBegan?: boolean;
  readonly want: [status: string, reason: string, message: RegExp];
}

const two = [proxy('p1'), proxy('p2')];
const many = Array.from({ length: 8 }, (_, i) => proxy(`p${i}`));
const CASES: readonly Case[] = [
  {
    what: 'all acknowledged',
    reports: { p1: acked(3), p2: acked(3) },
    want: ['True', 'Programmed', /^2 of 2 Ready proxies run it\.$/],
  },
  {
    what: 'acknowledged, on a port that gateways bind as another one',
    verdict: { port: 80 },
    reports: { p1: acked(3), p2: acked(3) },
    want: ['True', 'Programmed', /^2 of 2 Ready proxies run it\. Gateways bind port 80 as 10080\.$/],
  },
  {
    what: 'acknowledged, though endpoints have changed since',
    reports: { p1: acked(3, { current: false }), p2: acked(3, { current: false, error: 'connection refused' }) },
    want: ['True', 'Programmed', /2 of 2/],
  },
  {
    what: 'an older generation acknowledged',
    reports: { p1: acked(3), p2: acked(2) },
    previous: condition('Programmed', 'True', { observedGeneration: 2 }),
    want: ['False', 'Pending', /^1 of 2 Ready proxies run it; waiting for outrigger-system\/p2\.$/],
  },
  {
    what: 'an older generation acknowledged, though this one was programmed',
    reports: { p1: acked(3), p2: acked(2) },
    previous: condition('Programmed', 'True'),
    want: ['False', 'Pending', /waiting for/],
  },
  {
    what: 'a newer generation acknowledged than the one judged',
    reports: { p1: acked(3), p2: acked(4) },
    want: ['False', 'Pending', /waiting for/],
  },
  {
    what: 'a proxy that cannot be reached',
    reports: { p1: acked(3), p2: { ...noContact, error: 'connection refused' } },
    previous: condition('Programmed', 'True'),
    want: ['False', 'Pending', /waiting for outrigger-system\/p2 \(connection refused\)/],
  },
  {
    what: 'a proxy without contact, this generation was programmed before, and the term has just begun',
    reports: { p1: acked(3), p2: noContact },
    previous: condition('Programmed', 'True'),
    termJustBegan: true,
    want: ['True', 'Programmed', /^as before$/],
  },
  {
    what: 'a proxy without contact, this generation was programmed before, later in the term',
    reports: { p1: acked(3), p2: noContact },
    previous: condition('Programmed', 'True'),
    want: ['False', 'Pending', /^1 of 2 Ready proxies run it; waiting for outrigger-system\/p2\.$/],
  },
  {
    what: 'the generation of a policy that had the name before',
    reports: { p1: acked(3), p2: acked(3, { acked: { ...ACKED, uids: new Map([['shop/checkout', 'another']]) } }) },
    want: ['False', 'Pending', /waiting for outrigger-system\/p2/],
  },
  {
    what: 'the generation of this very policy',
    reports: { p1: acked(3), p2: acked(3, { acked: { ...ACKED, uids: new Map([['shop/checkout', 'uid-checkout']]) } }) },
    want: ['True', 'Programmed', /2 of 2/],
  },
  {
    what: 'no contact, and another generation was programmed before',
    reports: {},
    termJustBegan: true,
    previous: condition('Programmed', 'True', { observedGeneration: 2 }),
    want: ['False', 'Pending', /^0 of 2/],
  },
  { what: 'no contact, nothing before', reports: {}, want: ['False', 'Pending', /^0 of 2/] },
  {
    what: 'rejected by one',
    reports: { p1: acked(3), p2: acked(3, { rejected }) },
    want: ['False', 'Rejected', /^outrigger-system\/p2: Port 80 is taken\.$/],
  },
  {
    what: 'rejected by both',
    reports: { p1: acked(3, { rejected }), p2: acked(3, { rejected }) },
    want: ['False', 'Rejected', /p1: Port 80 is taken \(and 1 more proxies\)\.$/],
  },
  {
    what: 'another policy rejected',
    reports: { p1: acked(3), p2: acked(3, { rejected: [{ policy: 'shop/other', listener: 80, reason: 'x' }] }) },
    want: ['True', 'Programmed', /2 of 2/],
  },
  {
    what: 'an older generation rejected',
    reports: { p1: acked(3), p2: acked(2, { rejected }) },
    want: ['False', 'Pending', /waiting for/],
  },
  { what: 'no proxies selected', verdict: { proxies: [] }, reports: {}, want: ['False', 'NoProxies', /selects no proxy/] },
  {
    what: 'none Ready',
    targets: [proxy('p1', { ready: false }), proxy('p2', { terminating: true })],
    reports: { p1: acked(3), p2: acked(3) },
    want: ['False', 'Pending', /None of the selected proxies is Ready: outrigger-system\/p1, outrigger-system\/p2\./],
  },
  {
    what: 'one crashes over and over, one hangs: named with the reason, not counted',
    targets: [
      proxy('p1'),
      proxy('p2', { ready: false, trouble: 'CrashLoopBackOff, last exit code 1' }),
      proxy('p3', { ready: false }),
    ],
    verdict: { proxies: ['p1', 'p2', 'p3'] },
    reports: {
      p1: acked(3),
      p2: { ...noContact, error: 'connection refused' },
      p3: { ...noContact, error: 'no answer within 10 s' },
    },
    want: [
      'True',
      'Programmed',
      /Not counted: \S+p2 \(not Ready: CrashLoopBackOff, last exit code 1\), \S+p3 \(not Ready: no answer within 10 s\)\.$/,
    ],
  },
  {
    what: 'all crash over and over: named with the reason',
    targets: [proxy('p1', { ready: false, trouble: 'CrashLoopBackOff, last exit code 1' }), proxy('p2', { ready: false })],
    reports: {},
    want: ['False', 'Pending', /is Ready: \S+p1 \(CrashLoopBackOff, last exit code 1\), \S+p2\.$/],
  },
  {
    what: 'one not Ready, one terminating: named, not counted',
    targets: [proxy('p1'), proxy('p2', { ready: false }), proxy('p3', { terminating: true })],
    verdict: { proxies: ['p1', 'p2', 'p3'] },
    reports: { p1: acked(3) },
    want: [
      'True',
      'Programmed',
      /^1 of 1 .* Not counted: outrigger-system\/p2 \(not Ready\), outrigger-system\/p3 \(terminating\)\.$/,
    ],
  },
  {
    what: 'many: the first five are named',
    targets: many,
    verdict: { proxies: many.map(({ uid }) => uid) },
    reports: { p0: acked(3) },
    want: ['False', 'Pending', /^1 of 8 Ready proxies run it; waiting for .*p1, .*p2, .*p3, .*p4, .*p5 and 2 more\.$/],
  },
  {
    what: 'not accepted',
    verdict: { accepted: { status: 'False', reason: 'Conflicted', message: 'x' } },
    reports: { p1: acked(3), p2: acked(3) },
    want: ['False', 'Invalid', /see the condition Accepted/],
  },
];

for (const { what, targets = two, reports, verdict: extra, previous, termJustBegan, want } of CASES) {
  test(`Programmed: ${what} → ${want[0]}, ${want[1]}`, () => {
    const before = previous && { conditions: [previous] };
    const { status, reason, message, observedGeneration } = programmed(
      statusOf(verdict(extra), fleetOf(targets, reports, termJustBegan), before, NOW),
    );
    assert.deepEqual([status, reason, observedGeneration], [want[0], want[1], 3]);
    assert.match(message, want[2]);
  });
}

test('an explanation from a proxy is cut to a bounded length', () => {
  const long = { policy: 'shop/checkout', listener: 80, reason: 'x'.repeat(1e6) };
  for (const report of [acked(3, { rejected: [long] }), { ...noContact, error: 'x'.repeat(1e6) }]) {
    assert.ok(programmed(statusOf(verdict(), fleetOf(two, { p1: report, p2: acked(3) }), undefined, NOW)).message.length < 1000);
  }
});

test('the time of a transition changes only with the status; the observed generation always follows', () => {
  const before = [condition('Accepted', 'True', { reason: 'Old', observedGeneration: 2 }), condition('Programmed', 'False')];
  const fleet = fleetOf(two, { p1: acked(3), p2: acked(3) });
  const { conditions } = statusOf(verdict(), fleet, { conditions: before }, NOW);
  assert.deepEqual(
    conditions.map(({ type, lastTransitionTime, observedGeneration }) => [type, lastTransitionTime, observedGeneration]),
    [
      ['Ready', '2026-11-22T10:00:00Z', 3],
      ['Accepted', OLD, 3],
      ['ResolvedRefs', '2026-11-22T10:00:00Z', 3],
      ['Programmed', '2026-11-22T10:00:00Z', 3],
    ],
  );
});

const sick = (...ids: string[]) =>
  ids.map((endpoint) => ({ pool: 'shop/checkout/shop/web:80', endpoint, reason: 'probe' as const, detail: 'x' }));

test('an endpoint is healthy when it is for a majority of the reporting proxies', () => {
  const targets = [proxy('p1'), proxy('p2'), proxy('p3')];
  const judged = verdict({ proxies: ['p1', 'p2', 'p3'] });
  const healthy = (reports: Record<string, ProxyReport>) =>
    statusOf(judged, fleetOf(targets, reports), undefined, NOW).endpoints.healthy;
  const of = (...ids: string[]) => acked(3, { unhealthy: sick(...ids) });
  assert.equal(healthy({ p1: of(), p2: of(), p3: of() }), 2);
  assert.equal(healthy({ p1: of('e1'), p2: of(), p3: of() }), 2);
  assert.equal(healthy({ p1: of('e1'), p2: of('e1'), p3: of() }), 1);
  assert.equal(healthy({ p1: of('e1'), p2: of() }), 1, 'a draw is no majority');
  assert.equal(healthy({ p1: of('e1', 'e1'), p2: of(), p3: of() }), 2, 'a proxy counts once');
  assert.equal(
    healthy({ p1: of('e1'), p2: { ...of(), unhealthy: undefined, degraded: undefined } }),
    1,
    'a proxy without a report does not count',
  );
  assert.equal(healthy({}), 2, 'no report: all Ready endpoints count');
  const elsewhere = acked(3, { unhealthy: [{ pool: 'shop/other/shop/web:80', endpoint: 'e1', reason: 'probe', detail: '' }] });
  assert.equal(healthy({ p1: elsewhere }), 2, 'what another policy finds is not ours');
});

test('counts and their text', () => {
  const targets = [proxy('p1'), proxy('p2', { ready: false })];
  const status = statusOf(verdict(), fleetOf(targets, { p1: acked(3, { unhealthy: sick('e2') }), p2: acked(2) }), undefined, NOW);
  assert.deepEqual(status.endpoints, { total: 3, ready: 2, healthy: 1 });
  assert.deepEqual(status.proxies, { total: 2, programmed: 1 });
  assert.deepEqual(status.summary, { endpoints: '1/3', proxies: '1/2' });
});
