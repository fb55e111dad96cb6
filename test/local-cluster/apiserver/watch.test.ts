import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { asString, at } from './json.ts';
import type { JsonObject } from './json.ts';
import { POLICIES, TestServer } from './testing.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

let server: TestServer;
before(async () => (server = await TestServer.start({ history: 40, bookmarkInterval: 30 })));
after(() => server.close());

const create = (name: string, labels: Record<string, string> = {}): Promise<JsonObject> =>
  server.must('POST', MAPS, { metadata: { name, labels } });
const version = (object: JsonObject): string => asString(at(object, 'metadata', 'resourceVersion'));
const summary = (events: readonly JsonObject[]): string[] =>
  events.map(({ type, object }) => `${type as string} ${at(object, 'metadata', 'name') as string}`);

describe('watch', () => {
  it('sends DELETED when an object stops matching its selector, and ADDED when it matches again', async () => {
    const { metadata } = await server.must('GET', MAPS);
    const from = at({ metadata: metadata ?? null }, 'metadata', 'resourceVersion') as string;
    await create('s', { app: 'a' });
    for (const app of ['b', 'c', 'a']) await server.patch(`${MAPS}/s`, { metadata: { labels: { app } } });
    await server.patch(`${MAPS}/s`, { data: { x: '1' } });
    await server.must('DELETE', `${MAPS}/s`);
    const events = await server.watch(`${MAPS}?watch=1&labelSelector=app=a&resourceVersion=${from}`, 5);
    assert.deepEqual(summary(events), ['ADDED s', 'DELETED s', 'ADDED s', 'MODIFIED s', 'DELETED s']);
    assert.equal(at(events[1]?.['object'], 'metadata', 'labels', 'app'), 'a');
  });

  it('begins with the present objects when no version is given, and continues', async () => {
    await create('first');
    const reading = server.watch(`${MAPS}?watch=true&fieldSelector=metadata.name!=noise`, 2);
    await create('noise');
    await create('second');
    assert.deepEqual(summary(await reading), ['ADDED first', 'ADDED second']);
  });

  it('sends bookmarks only on request', async () => {
    const events = await server.watch(`${MAPS}?watch=true&allowWatchBookmarks=true&resourceVersion=${await newest()}`, 2);
    assert.deepEqual(events[0], {
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: await newest() } },
    });
  });

  it('ends after its time-out, without output when nothing changes and no bookmarks are requested', async () => {
    const began = performance.now();
    assert.deepEqual(await server.watch(`${MAPS}?watch=true&timeoutSeconds=1&resourceVersion=${await newest()}`, 99), []);
    assert.ok(performance.now() - began >= 950);
  });

  it('answers 410 inside the stream once the history is gone', async () => {
    const old = version(await create('early'));
    for (let n = 0; n < 50; n++) await server.patch(`${MAPS}/early`, { data: { n: String(n) } });
    const [event] = await server.watch(`${MAPS}?watch=true&resourceVersion=${old}`, 1);
    assert.equal(event?.['type'], 'ERROR');
    assert.equal(at(event['object'], 'code'), 410);
    assert.equal(at(event['object'], 'reason'), 'Expired');
    assert.match(asString(at(event['object'], 'message')), new RegExp(`^too old resource version: ${old} \\(\\d+\\)$`));
  });

  it('sends metadata only, or tables of which the first has the columns', async () => {
    const meta = { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' };
    const [partial] = await server.watch(`${MAPS}?watch=true&fieldSelector=metadata.name=first`, 1, meta);
    assert.equal(at(partial?.['object'], 'kind'), 'PartialObjectMetadata');
    assert.equal(at(partial?.['object'], 'data'), undefined);
    const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const tables = await server.watch(`${MAPS}?watch=true`, 2, table);
    assert.deepEqual(
      tables.map(({ object }) => Array.isArray(at(object, 'columnDefinitions'))),
      [true, false],
    );
  });

  it('refuses invalid combinations of options', async () => {
    const answer = await server.request('GET', `${MAPS}?watch=true&sendInitialEvents=true`);
    assert.equal(answer.status, 422);
    assert.match(JSON.stringify(answer.body), /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/);
    assert.equal((await server.request('GET', `${MAPS}?watch=true&resourceVersion=x`)).status, 400);
  });

  it('continues after a restart from an earlier version', async () => {
    const seen = version(await create('before'));
    await create('between');
    await server.restart({ history: 40, bookmarkInterval: 30 });
    await create('behind');
    assert.deepEqual(summary(await server.watch(`${MAPS}?watch=true&resourceVersion=${seen}`, 2)), [
      'ADDED between',
      'ADDED behind',
    ]);
  });

  it('disconnects a client that does not read, and only that one', async () => {
    const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(
      `GET ${MAPS}?watch=1&resourceVersion=${await newest()} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.token}\r\n\r\n`,
    );
    await once(socket, 'readable');
    await create('large');
    const text = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 30; n++) await server.patch(`${MAPS}/large`, { data: { text, n: String(n) } });
    let received = 0;
    socket.on('data', (chunk: Buffer) => (received += chunk.length)).on('error', () => undefined);
    await once(socket, 'close');
    assert.ok(received < 29 * text.length);
    assert.equal((await server.request('DELETE', `${MAPS}/large`)).status, 200);
  });

  it('ends when the kind is deleted', async () => {
    await server.createPolicyKind();
    const reading = server.watch(`${POLICIES}?watch=true&resourceVersion=${await newest()}`, 99);
    await server.must('POST', POLICIES, policy('doomed'));
    await server.must('DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/loadbalancerpolicies.outrigger.dev');
    assert.deepEqual(summary(await reading), ['ADDED doomed', 'DELETED doomed']);
    const gone = await server.request('GET', POLICIES);
    assert.deepEqual([gone.status, gone.body], [404, '404 page not found\n']);
  });
});

function policy(name: string): JsonObject {
  return {
    apiVersion: 'outrigger.dev/v1alpha1',
    kind: 'LoadBalancerPolicy',
    metadata: { name },
    spec: { backendRefs: [{ name: 'x', port: 1 }] },
  };
}

async function newest(): Promise<string> {
  return version(await server.must('GET', MAPS));
}
