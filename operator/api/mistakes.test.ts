/**
 * The commonest mistakes in a policy, a wrong duration and a port given as text, through an API server: exactly one sentence for each
 * wrong field, whichever mistake it is, and none from the rules of its parents.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../test/local-cluster/apiserver/json.ts';
import { TestServer } from '../../test/local-cluster/apiserver/testing.ts';
import { parseDuration } from './duration.ts';
import * as typed from './test-typed-fields.ts';

const COLLECTION = '/apis/outrigger.dev/v1alpha1/namespaces/default/loadbalancerpolicies?dryRun=All';
interface Cause {
  readonly field: string;
  readonly message: string;
}

let server: TestServer;
before(async () => {
  server = await TestServer.start();
  await server.createKind(typed.crd);
});
after(() => server.close());

/** What the server says of a policy with `spec` laid over the smallest one; empty when it accepts it. */
async function causes(spec: JsonObject): Promise<Cause[]> {
  const smallest = { listener: { port: 8080 }, backendRefs: [{ name: 'echo', port: 80 }] };
  const kind = { apiVersion: 'outrigger.dev/v1alpha1', kind: 'LoadBalancerPolicy', metadata: { name: 'a' } };
  const { status, body } = await server.request('POST', COLLECTION, { ...kind, spec: { ...smallest, ...spec } });
  if (status === 201) return [];
  assert.equal(status, 422, JSON.stringify(body));
  return (body as unknown as { details: { causes: Cause[] } }).details.causes;
}

type Spec = (value: Json) => JsonObject;
const hash = (more: JsonObject): JsonObject => ({ loadBalancer: { type: 'ConsistentHash', consistentHash: more } });
const active = (more: JsonObject): JsonObject => ({ healthCheck: { active: { type: 'TCP', ...more } } });
const passive = (more: JsonObject): JsonObject => ({ healthCheck: { passive: more } });

/** A policy whose one mistake is the value of that field. */
const durations: Readonly<Record<string, Spec>> = {
  'spec.loadBalancer.consistentHash.hashOn.cookie.ttl': (ttl) => hash({ hashOn: { type: 'Cookie', cookie: { name: 'a', ttl } } }),
  'spec.loadBalancer.consistentHash.affinity.idleTimeout': (idleTimeout) => hash({ affinity: { idleTimeout } }),
  'spec.loadBalancer.slowStart.window': (window) => ({ loadBalancer: { slowStart: { window } } }),
  'spec.healthCheck.active.interval': (interval) => active({ interval }),
  'spec.healthCheck.active.timeout': (timeout) => active({ timeout }),
  'spec.healthCheck.passive.failurePercent.window': (window) => passive({ failurePercent: { threshold: 50, window } }),
  'spec.healthCheck.passive.baseEjectionTime': (baseEjectionTime) => passive({ baseEjectionTime }),
  'spec.retry.perTryTimeout': (perTryTimeout) => ({ retry: { perTryTimeout }, timeouts: { request: '3s' } }),
  'spec.retry.backOff.base': (base) => ({ retry: { backOff: { base } } }),
  'spec.retry.backOff.max': (max) => ({ retry: { backOff: { max } } }),
  'spec.timeouts.connect': (connect) => ({ timeouts: { connect } }),
  'spec.timeouts.request': (request) => ({ retry: { perTryTimeout: '1s' }, timeouts: { request } }),
  'spec.timeouts.idle': (idle) => ({ timeouts: { idle } }),
  'spec.timeouts.tunnel': (tunnel) => ({ timeouts: { tunnel } }),
  'spec.timeouts.drain': (drain) => ({ timeouts: { drain } }),
  'spec.sessionPersistence.cookie.ttl': (ttl) => ({ sessionPersistence: { cookie: { name: 'a', ttl } } }),
};

const backendRefs = [{ name: 'echo', port: 80 }];
const ports: Readonly<Record<string, Spec>> = {
  'spec.listener.port': (port) => ({ listener: { port } }),
  'spec.backendRefs[0].port': (port) => ({ backendRefs: [{ name: 'echo', port }] }),
  'spec.healthCheck.active.port': (port) => active({ port }),
  'spec.requestRedirect.port': (port) => ({ backendRefs: undefined as never, requestRedirect: { port } }),
  'spec.fallback.backendRef.port': (port) => ({
    ...{ backendRefs, fallback: { type: 'BackendRef', backendRef: { name: 'other', port } } },
  }),
};

const long = '1h1m1s1ms1s';
/** Each is a mistake in every field; the longest that a field takes is 256 characters. */
const notDurations: readonly string[] = ['', '5', '5 s', ' 5s', '5s\n', '1d', '1.5s', '-1s', '+1s', '1us', '1S', '5sec', long];
const tooLong: readonly string[] = ['123456s', '1h'.repeat(100), 'x'.repeat(256)];
const DURATION = /^Invalid value: .*: must be a duration such as 500ms, 3s or 1m30s(,|$)/;
const PORT = /^Invalid value: ".*": must be a number, such as 80: without quotes, and not the name of a port$/;

test('the tables have every duration and every port of the schema', () => {
  const paths = (fields: typeof typed.ports): string[] => fields.map(([path]) => path).sort();
  assert.deepEqual(Object.keys(durations).sort(), paths(typed.durations));
  assert.deepEqual(Object.keys(ports).sort(), paths(typed.ports));
});

describe('a wrong duration gets one sentence', () => {
  for (const [field, spec] of Object.entries(durations)) {
    test(field, async () => {
      for (const value of [...notDurations, ...tooLong]) {
        const found = await causes(spec(value));
        assert.deepEqual([found.length, found[0]?.field], [1, field], JSON.stringify([value, found]));
        assert.match(found[0]?.message ?? '', DURATION);
      }
      assert.deepEqual(await causes(spec(field.endsWith('backOff.base') ? '20ms' : '1s')), []);
    });
  }
});

describe('a duration given as a number gets one sentence, that of the type, and the note that rules were not checked', () => {
  for (const [field, spec] of Object.entries(durations)) {
    test(field, async () => {
      for (const value of [5, 0, -3]) {
        const [wrong, note, ...others] = await causes(spec(value));
        assert.deepEqual(
          [wrong?.field, wrong?.message],
          [field, `Invalid value: "integer": ${field} in body must be of type string: "integer"`],
        );
        assert.match(note?.message ?? '', /: some validation rules were not checked because the object was invalid; /);
        assert.deepEqual(others, []);
      }
    });
  }
});

test('a duration out of bounds gets one sentence, which has the bounds', async () => {
  const found = await causes({ timeouts: { connect: '25h' } });
  assert.deepEqual(found, [
    {
      reason: 'FieldValueInvalid',
      message: 'Invalid value: "25h": must be a duration such as 500ms, 3s or 1m30s, above 0s and at most 24h',
      field: 'spec.timeouts.connect',
    },
  ]);
});

test('two wrong durations that are compared get a sentence each', async () => {
  for (const [a, b] of [
    ['5', '7'],
    ['7 s', '1d'],
  ]) {
    const found = await causes({
      ...active({ interval: a ?? '', timeout: b ?? '' }),
      retry: { backOff: { base: a ?? '', max: b ?? '' } },
    });
    assert.deepEqual(found.map(({ field }) => field).sort(), [
      'spec.healthCheck.active.interval',
      'spec.healthCheck.active.timeout',
      'spec.retry.backOff.base',
      'spec.retry.backOff.max',
    ]);
    for (const { message } of found) assert.match(message, DURATION);
  }
});

test('the rules accept exactly what the operator can read', async () => {
  const term = fc.tuple(fc.integer({ min: 0, max: 120_000 }), fc.constantFrom('h', 'm', 's', 'ms', 'us', 'd', ''));
  const text = fc.oneof(
    fc.array(term, { maxLength: 5 }).map((terms) => terms.map(([count, unit]) => `${count}${unit}`).join('')),
    fc.string({ maxLength: 12 }),
  );
  const readable = (value: string): boolean => {
    try {
      return parseDuration(value) <= 24 * 3_600_000;
    } catch {
      return false;
    }
  };
  await fc.assert(
    fc.asyncProperty(text, async (value) => {
      const found = await causes({ timeouts: { idle: value } });
      assert.equal(found.length, readable(value) ? 0 : 1, JSON.stringify(found));
    }),
    { numRuns: 300 },
  );
});

describe('a port given as text gets one sentence', () => {
  for (const [field, spec] of Object.entries(ports)) {
    test(field, async () => {
      for (const value of ['80', 'http', '', '0', '99999', 'x'.repeat(256)]) {
        const found = await causes(spec(value));
        assert.deepEqual([found.length, found[0]?.field], [1, field], JSON.stringify([value, found]));
        assert.match(found[0]?.message ?? '', PORT);
      }
      assert.deepEqual(await causes(spec(8081)), []);
    });
  }

  test('in a sidecar too', async () => {
    const found = await causes({ proxies: { type: 'Sidecar' }, listener: { port: '80' } });
    assert.deepEqual(
      found.map(({ field }) => field),
      ['spec.listener.port'],
    );
  });

  test('twice in backendRefs: one for each, and no word of a pair', async () => {
    const found = await causes({
      backendRefs: [
        { name: 'echo', port: '80' },
        { name: 'echo', port: '80' },
      ],
    });
    assert.deepEqual(
      found.map(({ field }) => field),
      ['spec.backendRefs[0].port', 'spec.backendRefs[1].port'],
    );
  });
});

test('a number out of range gets one sentence, that of the bound', async () => {
  for (const [field, spec] of Object.entries(ports)) {
    for (const [value, bound] of [
      [0, 'greater than or equal to 1'],
      [65_536, 'less than or equal to 65535'],
    ] as const) {
      const found = await causes(spec(value));
      assert.deepEqual([found.length, found[0]?.field], [1, field], JSON.stringify(found));
      assert.match(found[0]?.message ?? '', new RegExp(`should be ${bound}$`));
    }
  }
});

test('a port that is neither number nor text gets the words of the API server', async () => {
  const found = await causes({ listener: { port: true } });
  assert.match(found[0]?.message ?? '', /must be of type integer,string: "boolean"$/);
});

test('a text above 256 characters gets the words of the API server', async () => {
  for (const spec of [{ timeouts: { idle: 'x'.repeat(257) } }, { listener: { port: 'x'.repeat(257) } }]) {
    const found = await causes(spec);
    assert.equal(found[0]?.message, 'Too long: may not be more than 256 bytes');
  }
});
