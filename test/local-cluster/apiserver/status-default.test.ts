/** The default of a custom resource's `status`, as tried on a real API server 1.36.2. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import type { Json } from './json.ts';
import { POLICIES, TestServer } from './testing.ts';

const CRD = new URL('../../../crds/loadbalancerpolicies.yaml', import.meta.url);
const BODY = { apiVersion: 'outrigger.dev/v1alpha1', kind: 'LoadBalancerPolicy', metadata: { name: 'web' } };
const SPEC = { backendRefs: [{ name: 'web', port: 80 }] };
const DEFAULT = {
  conditions: [
    {
      ...{ type: 'Ready', status: 'Unknown', reason: 'Pending', message: 'The operator has not looked at the policy yet.' },
      lastTransitionTime: '1970-01-01T00:00:00Z',
    },
  ],
};

describe('the default of a status', () => {
  let server: TestServer;
  before(async () => {
    server = await TestServer.start();
    await server.createNamespace('shop');
    await server.createKind(parse(await readFile(CRD, 'utf8')) as Json);
  });
  after(() => server.close());
  const statusOf = (answer: Json): unknown => (answer as { status?: unknown }).status;

  it('shows in the answer to the create, whatever status was sent, and in every read', async () => {
    const created = await server.must('POST', POLICIES, { ...BODY, spec: SPEC, status: { observedGeneration: 7 } });
    assert.deepEqual(statusOf(created), DEFAULT);
    assert.deepEqual(statusOf(await server.must('GET', `${POLICIES}/web`)), DEFAULT);
  });

  it('is replaced by an apply of the status, condition by condition', async () => {
    const condition = { ...DEFAULT.conditions[0], status: 'True', reason: 'Ready', lastTransitionTime: '2026-01-01T00:00:00Z' };
    const other = { ...condition, type: 'Accepted', reason: 'Accepted' };
    const apply = (conditions: Json) =>
      server.request(
        'PATCH',
        `${POLICIES}/web/status?fieldManager=outrigger-operator&force=true`,
        { ...BODY, status: { observedGeneration: 1, conditions } },
        { 'content-type': 'application/apply-patch+yaml' },
      );
    assert.equal((await apply([other, condition])).status, 200);
    const status = statusOf(await server.must('GET', `${POLICIES}/web`)) as { conditions: object[] };
    assert.deepEqual(
      new Set(status.conditions.map((one) => JSON.stringify(Object.entries(one).sort()))),
      new Set([condition, other].map((one) => JSON.stringify(Object.entries(one).sort()))),
    );
    assert.equal((await apply([condition])).status, 200);
    const fewer = statusOf(await server.must('GET', `${POLICIES}/web`));
    assert.deepEqual(fewer, { observedGeneration: 1, conditions: [condition] });
  });
});
