import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EndpointState } from '../../endpoints/endpoint-state.ts';
import { BackendHealth } from './backend-health.ts';

const STATES = {
  up: { usable: true },
  sick: { healthy: false, watch: { healthy: false, detail: 'HTTP 404' } },
  sickly: { healthy: false, watch: { healthy: false, detail: 'HTTP 500' } },
  out: { healthy: false, outlier: { ejected: true, evidence: '3 connect failures in a row' } },
  leaving: { state: 'draining' },
  weightless: { usable: true, fullWeight: 0 },
  fresh: { state: 'filling' },
  odd: {},
} as const;
type Name = keyof typeof STATES;

function reasonOf(...names: Name[]): string {
  const health = new BackendHealth();
  for (const name of names) {
    const usual = { healthy: true, usable: false, fullWeight: 1, state: 'active', outlier: { ejected: false, evidence: '' } };
    const e = { ...usual, ...STATES[name] } as unknown as EndpointState;
    health.count(e, ({ watch }) => `GET /healthz: ${watch?.detail ?? ''}, expected 200-399`);
  }
  return health.reason;
}

test('the reason is the evidence where one cause explains all', () => {
  assert.equal(reasonOf(), 'no Pod of the Service is ready, or the Service or its port does not exist');
  assert.equal(reasonOf('sick'), 'the only endpoint fails its check: GET /healthz: HTTP 404, expected 200-399');
  assert.equal(reasonOf('sick', 'sick', 'sick'), 'all 3 endpoints fail their check: GET /healthz: HTTP 404, expected 200-399');
  assert.equal(
    reasonOf('sick', 'sickly'),
    'all 2 endpoints fail their check, for example: GET /healthz: HTTP 404, expected 200-399',
  );
  assert.equal(reasonOf('out', 'out'), 'all 2 endpoints are ejected: 3 connect failures in a row');
  assert.equal(reasonOf('weightless', 'weightless'), 'all 2 endpoints have weight 0');
  assert.equal(reasonOf('leaving'), 'the only endpoint is leaving, or in maintenance');
  assert.equal(reasonOf('fresh', 'fresh'), 'all 2 endpoints await their first check');
});

test('the query of a check is not shown', () => {
  const health = new BackendHealth();
  const e = { ...STATES.sick, usable: false, fullWeight: 1, outlier: { ejected: false } } as unknown as EndpointState;
  health.count(e, () => 'GET /health?key=hush:hush&a: HTTP 404, expected 200');
  assert.equal(health.reason, 'the only endpoint fails its check: GET /health?…: HTTP 404, expected 200');
});

test('several causes are counted', () => {
  assert.equal(
    reasonOf('sick', 'out', 'sick', 'weightless'),
    'none of 4 can be used: 2 fail their check: GET /healthz: HTTP 404, expected 200-399; 1 is ejected: 3 connect failures in a row; 1 has weight 0',
  );
});

test('there is a reason exactly when no endpoint takes requests, in whatever order they are counted', () => {
  const names = fc.array(fc.constantFrom(...(Object.keys(STATES) as Name[])), { maxLength: 12 });
  fc.assert(
    fc.property(names, (some) => {
      const reason = reasonOf(...some);
      assert.equal(reason === '', some.includes('up'), reason);
      assert.ok(reason.length <= 301);
    }),
  );
});
