import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SCHEMA_VERSION } from './api/schema.gen.ts';
import { json, startTestServer, statusOf, until } from './kube/test-server.ts';
import { crdVersionOptions, watchCrdVersion } from './crd-version.ts';

test('reports the installed version, a missing one, and failures, which are tried again', async (context) => {
  const annotated = (version?: string) => ({
    metadata: { annotations: version ? { 'outrigger.dev/schema-version': version } : {} },
  });
  const answers = [
    annotated(String(SCHEMA_VERSION)),
    undefined,
    annotated(),
    annotated('nonsense'),
    { metadata: {} },
    annotated('7'),
  ];
  const server = await startTestServer(context, (_request, response) => {
    const answer = answers[server.requests.length - 1];
    if (server.requests.length > answers.length) return;
    json(response, answer ? 200 : 403, answer ?? statusOf(403, 'Forbidden'));
  });
  const seen: string[] = [];
  const stop = new AbortController();
  const watching = watchCrdVersion(
    {
      client: server.client,
      found: (version) => seen.push(String(version)),
      failed: (error) => seen.push(error.message),
      timing: { every: 1, retry: 2 },
    },
    stop.signal,
  );
  await until(() => server.requests.length > answers.length, 'all answers');
  stop.abort();
  await watching;
  assert.deepEqual(seen, [String(SCHEMA_VERSION), '403 Forbidden: Forbidden', '0', '0', '0', '7']);
  assert.equal(
    server.requests[0]?.path,
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/loadbalancerpolicies.outrigger.dev',
  );
  assert.match(server.requests[0]?.headers.accept ?? '', /PartialObjectMetadata/);
});

test('an older schema is in the metric, and once in the log with the commands to run; a newer one is not', () => {
  const reported: string[] = [];
  const log = { warn: (_facts: object, message: string) => void reported.push(message) };
  const { found } = crdVersionOptions({ call: async () => assert.fail() }, log as Parameters<typeof crdVersionOptions>[1], {
    outdated: (outdated) => void reported.push(String(outdated)),
  });
  for (const version of [SCHEMA_VERSION - 1, SCHEMA_VERSION - 1, SCHEMA_VERSION, SCHEMA_VERSION + 1]) found(version);
  const [first, remedy, ...rest] = reported;
  assert.deepEqual([first, ...rest], ['true', 'true', 'false', 'false']);
  assert.match(remedy ?? '', /helm upgrade.*kubectl apply --server-side -f crds/);
});
