import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEventRecorder } from './event-recorder.ts';
import { json, startTestServer, statusOf } from './test-server.ts';

const POD = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'u1' };
const EVENT = { type: 'Warning', reason: 'Odd', note: 'n'.repeat(2000) } as const;
const { signal } = new AbortController();

test('an Event has the bounds of Kubernetes, and is in the namespace of its object', async (context) => {
  const { client, requests } = await startTestServer(context, (_request, response) => json(response, 201, {}));
  const recorder = createEventRecorder({ client, instance: 'i'.repeat(200), terminating: () => false, now: () => 0 });
  await recorder.record({ ...POD, name: 'p'.repeat(253) }, EVENT, signal, 'once');
  const [request] = requests;
  const body = JSON.parse(request?.body ?? '') as Record<string, string> & { metadata: { name: string } };
  assert.equal(request?.path, '/apis/events.k8s.io/v1/namespaces/shop/events');
  assert.deepEqual([body.metadata.name.length, body['note']?.length, body['reportingInstance']?.length], [205, 1024, 128]);
  assert.equal(body['eventTime'], '1970-01-01T00:00:00.000000Z');
});

test('in a namespace that is being deleted no Event is written', async (context) => {
  const { client, requests } = await startTestServer(context, (_request, response) => json(response, 201, {}));
  const recorder = createEventRecorder({ client, instance: 'o', terminating: (name) => name === 'shop', now: () => 0 });
  await recorder.record(POD, EVENT, signal);
  await recorder.record({ ...POD, namespace: 'other' }, EVENT, signal);
  assert.deepEqual(
    requests.map(({ path }) => path),
    ['/apis/events.k8s.io/v1/namespaces/other/events'],
  );
});

test('an Event that is refused since the deletion has just begun is no error; one that is refused for another reason is', async (context) => {
  const message =
    'events.events.k8s.io "web-1.x" is forbidden: unable to create new content in namespace shop because it is being terminated';
  const cause = { reason: 'NamespaceTerminating', message: 'namespace shop is being terminated', field: 'metadata.namespace' };
  const details: Record<string, unknown>[] = [
    { causes: [cause] },
    { causes: [{ ...cause, reason: 'Other' }] },
    { causes: [null, 3] },
    { causes: 'x' },
    {},
  ];
  const { client } = await startTestServer(context, (_request, response) =>
    json(response, 403, { ...statusOf(403, 'Forbidden', message), details: details.shift() }),
  );
  const recorder = createEventRecorder({ client, instance: 'o', terminating: () => false, now: () => 0 });
  await recorder.record(POD, EVENT, signal);
  while (details.length > 0) await assert.rejects(recorder.record(POD, EVENT, signal), /403 Forbidden/);
});
