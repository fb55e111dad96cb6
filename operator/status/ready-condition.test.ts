import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, PolicyStatus } from '../api/policy.gen.ts';
import type { ProxyReport } from '../push/proxy-report.ts';
import type { ProxyTarget, Verdict } from '../translate/types.ts';
import type { DegradedPolicy } from '../../proxy/snapshot/types.ts';
import { acked, fleetOf, NOW, proxy, statusOf, verdict } from './testing.ts';

const NOT_FOUND = { check: 'GET /healthz', reason: 'probe', detail: 'HTTP 404, expected 200-399' } as const;
const SHORT = { reason: 'NoEndpoints', message: 'Service shop/web selects no Pod that is ready' } as const;
const NONE = { shortage: SHORT, endpoints: { total: 0, ready: 0 }, endpointIds: [] };

/** A report that this proxy finds endpoints unhealthy, and what answers the policy's requests there. */
function finds(ids: readonly string[], state?: DegradedPolicy['state'], what: object = NOT_FOUND): ProxyReport {
  const unhealthy = ids.map((endpoint) => ({ pool: 'shop/checkout/shop/web:80', endpoint, ...NOT_FOUND, ...what }));
  return acked(3, { unhealthy, degraded: state ? [{ policy: 'shop/checkout', state }] : [] });
}
const ready = (status: Condition['status'], reason: string, extra: Partial<Condition> = {}): Condition => ({
  ...{ type: 'Ready', status, reason, message: 'as before', observedGeneration: 3 },
  ...{ lastTransitionTime: '2026-01-01T00:00:00Z', ...extra },
});

interface Case {
  readonly what: string;
  readonly verdict?: Partial<Verdict>;
  readonly targets?: readonly ProxyTarget[];
  readonly reports?: Record<string, ProxyReport>;
  readonly previous?: Condition;
  readonly want: readonly [status: string, reason: string, message: string];
}

const two = [proxy('p1'), proxy('p2')];
const fine = { p1: acked(3), p2: acked(3) };
const CASES: readonly Case[] = [
  { what: 'all endpoints are healthy', want: ['True', 'Ready', '2 of 2 endpoints are healthy.'] },
  {
    what: 'the policy is not accepted',
    verdict: { accepted: { status: 'False', reason: 'Conflicted', message: 'Policy a/b is older.' } },
    want: ['False', 'Conflicted', 'Policy a/b is older.'],
  },
  {
    what: 'a Service does not exist, whatever the other one does',
    verdict: { resolvedRefs: { status: 'False', reason: 'BackendNotFound', message: 'Service shop/api does not exist.' } },
    want: ['False', 'BackendNotFound', 'Service shop/api does not exist.'],
  },
  {
    what: 'some matches are dead',
    verdict: { accepted: { status: 'True', reason: 'CannotMatch', message: 'x' }, deadMatches: { indexes: [0], all: false } },
    want: ['True', 'Ready', '2 of 2 endpoints are healthy.'],
  },
  {
    what: 'all matches are dead',
    verdict: {
      accepted: { status: 'True', reason: 'CannotMatch', message: 'No request.' },
      deadMatches: { indexes: [0], all: true },
    },
    want: ['False', 'CannotMatch', 'No request.'],
  },
  {
    what: 'no proxy is selected',
    targets: [],
    want: ['False', 'NoProxies', 'spec.proxies selects no proxy Pod: correct its selector or type, or start proxies.'],
  },
  {
    what: 'a proxy rejects it',
    reports: {
      p1: acked(3),
      p2: acked(3, { rejected: [{ policy: 'shop/checkout', listener: 80, reason: 'Port 80 is taken.' }] }),
    },
    want: ['False', 'Rejected', 'outrigger-system/p2: Port 80 is taken.'],
  },
  {
    what: 'a proxy does not have this generation yet',
    reports: { p1: acked(3), p2: acked(2) },
    previous: ready('True', 'Ready'),
    want: ['Unknown', 'Pending', '1 of 2 Ready proxies run it; waiting for outrigger-system/p2.'],
  },
  {
    what: 'no proxy is Ready yet',
    targets: [proxy('p1', { ready: false })],
    previous: ready('Unknown', 'Pending'),
    want: ['Unknown', 'Pending', 'None of the selected proxies is Ready: outrigger-system/p1.'],
  },
  {
    what: 'no proxy is Ready any more',
    targets: [proxy('p1', { ready: false })],
    previous: ready('True', 'Ready'),
    want: ['False', 'NoReadyProxies', 'None of the selected proxies is Ready: outrigger-system/p1.'],
  },
  {
    what: 'it redirects every request',
    verdict: { ...NONE, shortage: undefined as never, needsEndpoints: false },
    want: ['True', 'Ready', 'It redirects its requests.'],
  },
  {
    what: 'it only monitors, and nothing is healthy',
    verdict: { needsEndpoints: false, port: undefined },
    reports: { p1: finds(['e1', 'e2']), p2: finds(['e1', 'e2']) },
    want: [
      'True',
      'SomeUnhealthy',
      'It only monitors its backends. GET /healthz on 2 of 2 endpoints: HTTP 404, expected 200-399.',
    ],
  },
  {
    what: 'one endpoint of two fails its check',
    reports: { p1: finds(['e1']), p2: finds(['e1']) },
    want: [
      'True',
      'SomeUnhealthy',
      '1 of 2 endpoints are healthy. GET /healthz on 1 of 2 endpoints: HTTP 404, expected 200-399.',
    ],
  },
  {
    what: 'every endpoint fails its check',
    reports: { p1: finds(['e1', 'e2'], 'unavailable'), p2: finds(['e1', 'e2'], 'unavailable') },
    want: ['False', 'AllUnhealthy', 'GET /healthz on 2 of 2 endpoints: HTTP 404, expected 200-399.'],
  },
  {
    what: 'endpoints fail in different ways: the commonest first',
    verdict: { endpointIds: ['e1', 'e2', 'e3'], endpoints: { total: 3, ready: 3 } },
    targets: [proxy('p1')],
    reports: {
      p1: acked(3, {
        degraded: [{ policy: 'shop/checkout', state: 'unavailable' }],
        unhealthy: [
          ...(finds(['e1', 'e3']).unhealthy ?? []),
          ...(finds(['e2'], undefined, { reason: 'ejected', detail: '5 responses 5xx in a row.' }).unhealthy ?? []),
        ],
      }),
    },
    want: [
      'False',
      'AllUnhealthy',
      'GET /healthz on 2 of 3 endpoints: HTTP 404, expected 200-399; Ejected 1 of 3 endpoints: 5 responses 5xx in a row.',
    ],
  },
  {
    what: 'a proxy that is older does not say what it checks',
    targets: [proxy('p1')],
    reports: {
      p1: acked(3, {
        degraded: undefined,
        unhealthy: ['e1', 'e2'].map((endpoint) => ({
          ...{ pool: 'shop/checkout/shop/web:80', endpoint },
          ...{ reason: 'probe' as const, detail: 'HTTP 500' },
        })),
      }),
    },
    want: ['False', 'AllUnhealthy', 'active check on 2 of 2 endpoints: HTTP 500.'],
  },
  {
    what: 'older proxies find endpoints healthy',
    reports: { p1: acked(3, { degraded: undefined }), p2: acked(3, { degraded: undefined }) },
    want: ['True', 'Ready', '2 of 2 endpoints are healthy.'],
  },
  {
    what: 'endpoints have come, and the proxies are older ones',
    reports: { p1: acked(3, { degraded: undefined }), p2: acked(3, { degraded: undefined }) },
    previous: ready('False', 'NoEndpoints'),
    want: ['True', 'Ready', '2 of 2 endpoints are healthy.'],
  },
  {
    what: 'the proxies are older ones, and the policy has a fallback',
    verdict: { hasFallback: true },
    reports: { p1: { ...finds(['e1', 'e2']), degraded: undefined }, p2: { ...finds(['e1', 'e2']), degraded: undefined } },
    want: ['True', 'Fallback', 'GET /healthz on 2 of 2 endpoints: HTTP 404, expected 200-399.'],
  },
  {
    what: 'the proxies are older ones, and only endpoints that drain are left',
    verdict: { endpoints: { total: 2, ready: 0 }, endpointIds: [] },
    reports: { p1: acked(3, { degraded: undefined }), p2: acked(3, { degraded: undefined }) },
    want: ['True', 'Ready', 'Only endpoints that drain are left.'],
  },
  {
    what: 'older proxies do not count beside newer ones',
    reports: { p1: acked(3, { degraded: undefined }), p2: finds(['e1', 'e2'], 'unavailable') },
    want: ['False', 'AllUnhealthy', 'GET /healthz on 2 of 2 endpoints: HTTP 404, expected 200-399.'],
  },
  {
    what: 'most proxies cannot answer, each for another endpoint that it alone finds unhealthy',
    targets: [...two, proxy('p3')],
    reports: { ...fine, p2: finds(['e1'], 'unavailable'), p3: finds(['e2'], 'unavailable') },
    want: ['False', 'AllUnhealthy', '2 of 3 proxies have no endpoint that they can use.'],
  },
  {
    what: 'every endpoint that has a weight fails its check, and one of weight 0 passes it',
    reports: { p1: finds(['e1'], 'unavailable'), p2: finds(['e1'], 'unavailable') },
    want: [
      'False',
      'AllUnhealthy',
      '2 of 2 proxies have no endpoint that they can use. GET /healthz on 1 of 2 endpoints: HTTP 404, expected 200-399.',
    ],
  },
  {
    what: 'one proxy of three cannot answer',
    targets: [...two, proxy('p3')],
    verdict: { proxies: ['p1', 'p2', 'p3'] },
    reports: { ...fine, p3: finds(['e1', 'e2'], 'unavailable') },
    want: ['True', 'SomeUnhealthy', '2 of 2 endpoints are healthy. 1 of 3 proxies cannot answer.'],
  },
  {
    what: 'one proxy of two cannot answer: no majority can',
    reports: { p1: acked(3), p2: finds(['e1', 'e2'], 'unavailable') },
    want: ['False', 'AllUnhealthy', 'GET /healthz on 2 of 2 endpoints: HTTP 404, expected 200-399.'],
  },
  {
    what: 'a proxy that is not Ready, or lacks this generation, does not vote',
    targets: [proxy('p1'), proxy('p2', { ready: false })],
    reports: { p1: acked(3), p2: finds(['e1', 'e2'], 'unavailable') },
    want: [
      'True',
      'SomeUnhealthy',
      '0 of 2 endpoints are healthy. GET /healthz on 2 of 2 endpoints: HTTP 404, expected 200-399.',
    ],
  },
  {
    what: 'panic answers',
    reports: { p1: finds(['e1', 'e2'], 'panic'), p2: finds(['e1', 'e2'], 'panic') },
    want: [
      'True',
      'Panic',
      'Too few endpoints are healthy, so all of them are used. GET /healthz on 2 of 2 endpoints: HTTP 404, expected 200-399.',
    ],
  },
  {
    what: 'a fallback answers, since every endpoint fails',
    verdict: { hasFallback: true },
    reports: { p1: finds(['e1', 'e2'], 'fallback'), p2: finds(['e1', 'e2'], 'fallback') },
    want: ['True', 'Fallback', 'The fallback answers. GET /healthz on 2 of 2 endpoints: HTTP 404, expected 200-399.'],
  },
  {
    what: 'a fallback answers, since there is no endpoint',
    verdict: { ...NONE, hasFallback: true },
    reports: { p1: finds([], 'fallback'), p2: finds([], 'fallback') },
    want: ['True', 'Fallback', 'The fallback answers. Service shop/web selects no Pod that is ready.'],
  },
  {
    what: 'there is no endpoint, and the Service of the fallback has none, either',
    verdict: { ...NONE, hasFallback: true },
    reports: { p1: finds([], 'unavailable'), p2: finds([], 'unavailable') },
    want: ['False', 'NoEndpoints', 'Service shop/web selects no Pod that is ready.'],
  },
  {
    what: 'there is no endpoint, before any proxy has said so',
    verdict: NONE,
    reports: { p1: acked(3, { degraded: undefined }), p2: acked(3, { degraded: undefined }) },
    previous: ready('True', 'Ready'),
    want: ['False', 'NoEndpoints', 'Service shop/web selects no Pod that is ready.'],
  },
  {
    what: 'it has no endpoint on purpose',
    verdict: { ...NONE, idle: true },
    reports: { p1: finds([], 'unavailable'), p2: finds([], 'unavailable') },
    want: [
      'True',
      'Idle',
      'Service shop/web selects no Pod that is ready. The annotation outrigger.dev/idle says that this is on purpose.',
    ],
  },
  {
    what: 'an idle policy has Pods, and none of them is ready',
    verdict: { ...NONE, idle: true, endpoints: { total: 2, ready: 0 } },
    reports: { p1: finds([], 'unavailable'), p2: finds([], 'unavailable') },
    want: ['False', 'NoEndpoints', 'Service shop/web selects no Pod that is ready.'],
  },
  {
    what: 'an idle policy has just got endpoints, of which the proxies have not reported',
    verdict: { idle: true },
    reports: { p1: finds([], 'unavailable'), p2: finds([], 'unavailable') },
    previous: ready('True', 'Idle'),
    want: ['True', 'Idle', 'as before'],
  },
  {
    what: 'it only monitors, and there is nothing to monitor',
    verdict: { ...NONE, needsEndpoints: false, port: undefined },
    want: ['True', 'SomeUnhealthy', 'It only monitors its backends. Service shop/web selects no Pod that is ready.'],
  },
  {
    what: 'an idle policy has endpoints, and all of them fail',
    verdict: { idle: true },
    reports: { p1: finds(['e1', 'e2'], 'unavailable'), p2: finds(['e1', 'e2'], 'unavailable') },
    want: ['False', 'AllUnhealthy', 'GET /healthz on 2 of 2 endpoints: HTTP 404, expected 200-399.'],
  },
  {
    what: 'all weights are 0',
    verdict: { shortage: { reason: 'ZeroWeight', message: 'Every entry of backendRefs has weight 0' } },
    reports: { p1: finds([], 'unavailable'), p2: finds([], 'unavailable') },
    want: ['False', 'ZeroWeight', 'Every entry of backendRefs has weight 0.'],
  },
  {
    what: 'only endpoints that drain are left',
    verdict: { endpoints: { total: 2, ready: 0 }, endpointIds: [] },
    want: ['True', 'Ready', 'Only endpoints that drain are left.'],
  },
  {
    what: 'only endpoints that drain are left, and they fail their check',
    verdict: { endpoints: { total: 1, ready: 0 }, endpointIds: [] },
    reports: { p1: finds(['e1'], 'unavailable'), p2: finds(['e1'], 'unavailable') },
    want: ['False', 'AllUnhealthy', '2 of 2 proxies have no endpoint that they can use.'],
  },
  {
    what: 'endpoints that drain fail their check, and the only active one has weight 0',
    verdict: { endpoints: { total: 2, ready: 1 }, endpointIds: ['e2'] },
    reports: { p1: finds(['e1'], 'unavailable'), p2: finds(['e1'], 'unavailable') },
    want: ['False', 'AllUnhealthy', '2 of 2 proxies have no endpoint that they can use.'],
  },
  {
    what: 'no check has a result yet',
    reports: { p1: finds([], 'checking'), p2: finds([], 'checking') },
    previous: ready('True', 'Ready', { observedGeneration: 2 }),
    want: ['Unknown', 'Pending', 'The active check has no result yet.'],
  },
  {
    what: 'all proxies restarted their checks: as before',
    reports: { p1: finds([], 'checking'), p2: finds([], 'checking') },
    previous: ready('True', 'SomeUnhealthy'),
    want: ['True', 'SomeUnhealthy', 'as before'],
  },
  {
    what: 'one proxy restarted its checks: the other one decides',
    reports: { p1: finds([], 'checking'), p2: finds(['e1', 'e2'], 'unavailable') },
    previous: ready('True', 'Ready'),
    want: ['False', 'AllUnhealthy', 'GET /healthz on 2 of 2 endpoints: HTTP 404, expected 200-399.'],
  },
  {
    what: 'no proxy has reported since the operator started: as before',
    reports: {
      p1: acked(3, { unhealthy: undefined, degraded: undefined }),
      p2: acked(3, { unhealthy: undefined, degraded: undefined }),
    },
    previous: ready('False', 'AllUnhealthy'),
    want: ['False', 'AllUnhealthy', 'as before'],
  },
  {
    what: 'no proxy has reported on a new policy',
    reports: {
      p1: acked(3, { unhealthy: undefined, degraded: undefined }),
      p2: acked(3, { unhealthy: undefined, degraded: undefined }),
    },
    previous: ready('Unknown', 'Pending'),
    want: ['Unknown', 'Pending', 'No proxy has reported yet whether it can answer.'],
  },
  {
    what: 'a proxy has acknowledged a new generation that it cannot answer, and not yet said why',
    reports: { p1: finds([], 'unavailable'), p2: finds([], 'unavailable') },
    previous: ready('False', 'AllUnhealthy', { observedGeneration: 2 }),
    want: ['Unknown', 'Pending', 'No proxy has reported yet why it cannot answer.'],
  },
  {
    what: 'the same of a generation that was ready',
    reports: { p1: finds([], 'unavailable'), p2: finds([], 'unavailable') },
    previous: ready('True', 'Ready'),
    want: ['False', 'AllUnhealthy', '2 of 2 proxies have no endpoint that they can use.'],
  },
  {
    what: 'endpoints have just come, and proxies have not reported since: no third reason in between',
    reports: { p1: finds([], 'unavailable'), p2: finds([], 'unavailable') },
    previous: ready('False', 'NoEndpoints'),
    want: ['False', 'NoEndpoints', 'as before'],
  },
];

function statusIn({ verdict: extra = {}, targets = two, reports = fine, previous }: Case): Required<PolicyStatus> {
  const before = previous && { conditions: [previous] };
  const proxies = extra.proxies ?? targets.map(({ uid }) => uid);
  return statusOf(verdict({ ...extra, proxies }), fleetOf(targets, reports), before, NOW);
}

for (const each of CASES) {
  test(`Ready when ${each.what}`, () => {
    const found = statusIn(each).conditions.find(({ type }) => type === 'Ready');
    assert.deepEqual([found?.status, found?.reason, found?.message], each.want);
  });
}

/** The rules of kstatus (sigs.k8s.io/cli-utils/pkg/kstatus) for a custom resource, as far as they concern these conditions. */
function kstatus({ conditions, observedGeneration }: PolicyStatus, generation: number): string {
  const is = (type: string, status: string) => conditions?.some((one) => one.type === type && one.status === status);
  if (observedGeneration !== generation || is('Reconciling', 'True')) return 'InProgress';
  if (is('Stalled', 'True')) return 'Failed';
  return is('Ready', 'True') || !conditions?.some(({ type }) => type === 'Ready') ? 'Current' : 'InProgress';
}

for (const each of CASES) {
  test(`kstatus when ${each.what}`, () => {
    const status = statusIn(each);
    const [ready] = each.want;
    const refused = each.verdict?.accepted?.status === 'False';
    assert.equal(kstatus(status, 3), refused ? 'Failed' : ready === 'True' ? 'Current' : 'InProgress');
    const types = status.conditions.map(({ type }) => type);
    const waits = status.conditions.some(({ type, reason }) => type !== 'Reconciling' && reason === 'Pending');
    assert.equal(types.includes('Reconciling'), waits && !refused);
    assert.equal(types.includes('Stalled'), refused);
  });
}
