import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { KubernetesObject } from '../api/kubernetes.ts';
import { json, startTestServer, statusOf, until, type Received, type TestServer } from '../kube/test-server.ts';
import { reflect, REFLECTOR_TIMING, type ReflectorTiming } from './reflector.ts';
import { createObjectCache } from './object-cache.ts';

const QUICK: ReflectorTiming = { ...REFLECTOR_TIMING, retry: { base: 4, max: 20 } };
const PATH = '/things';

const thing = (name: string, version: number, extra: object = {}) => ({
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: String(version), creationTimestamp: 'x', ...extra },
});
const listOf = (version: number, ...items: object[]) => ({ metadata: { resourceVersion: String(version) }, items });
const event = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
const bookmark = (version: number): string => event('BOOKMARK', { metadata: { resourceVersion: String(version) } });
const stream = (response: ServerResponse, ...pieces: string[]): void => {
  response.writeHead(200, { 'content-type': 'application/json' });
  for (const piece of pieces) response.write(piece);
  if (pieces.length === 0) response.flushHeaders();
};

type Answer = (response: ServerResponse, request: Received) => void;

/** Lists and watches are answered in turn; the last answer of each repeats. */
async function run(context: TestContext, script: { lists: Answer[]; watches: Answer[]; timing?: Partial<ReflectorTiming> }) {
  const counts = { list: 0, watch: 0 };
  const server = await startTestServer(context, (request, response) => {
    const kind = request.query.has('watch') ? 'watch' : 'list';
    const answers = kind === 'watch' ? script.watches : script.lists;
    answers[Math.min(counts[kind]++, answers.length - 1)]?.(response, request);
  });
  const controller = new AbortController();
  let changes = 0;
  const store = createObjectCache<KubernetesObject>(() => (changes += 1));
  const errors: string[] = [];
  const report = { onContact: () => undefined, onFailure: (_kind: string, error: Error) => void errors.push(error.message) };
  const timing = { ...QUICK, ...script.timing };
  const { client } = server;
  const done = reflect({
    kind: 'Thing',
    path: PATH,
    client,
    sink: store,
    report,
    signal: controller.signal,
    random: () => 0.5,
    timing,
  });
  const stop = async (): Promise<void> => {
    controller.abort();
    await done;
  };
  context.after(stop);
  const names = (): string => [...store.view().keys()].map((key) => key.split('/')[1]).join(' ');
  const watches = (): Received[] => server.requests.filter(({ query }) => query.has('watch'));
  const lists = (): Received[] => server.requests.filter(({ query }) => !query.has('watch'));
  return { server, store, errors, stop, names, watches, lists, changes: () => changes };
}

const hang: Answer = (response) => stream(response);

test('lists in pages, then watches from the version of the list with bookmarks and a server-side time-out', async (context) => {
  const { names, watches, lists, store } = await run(context, {
    lists: [
      (response) => json(response, 200, { metadata: { resourceVersion: '7', continue: 'next' }, items: [thing('a', 1)] }),
      (response) => json(response, 200, listOf(7, thing('b', 2, { managedFields: [{ manager: 'x' }] }))),
    ],
    watches: [
      (response) =>
        stream(response, event('ADDED', thing('c', 8)), event('MODIFIED', thing('a', 9)), event('DELETED', thing('b', 10))),
    ],
  });
  await until(() => names() === 'a c', 'the events to arrive');
  assert.deepEqual(
    lists().map(({ query }) => query.toString()),
    ['limit=500', 'limit=500&continue=next'],
  );
  const query = watches()[0]?.query;
  assert.equal(query?.get('resourceVersion'), '7');
  assert.equal(query?.get('allowWatchBookmarks'), 'true');
  assert.equal(query?.get('timeoutSeconds'), '450');
  assert.equal(store.view().get('shop/a')?.metadata.resourceVersion, '9');
});

test('managedFields are dropped', async (context) => {
  const managed = { managedFields: [{ manager: 'x' }] };
  const { names, store } = await run(context, {
    lists: [(response) => json(response, 200, listOf(1, thing('a', 1, managed)))],
    watches: [(response) => stream(response, event('ADDED', thing('b', 2, managed)))],
  });
  await until(() => names() === 'a b', 'both objects');
  for (const object of store.view().values()) assert.ok(!('managedFields' in object.metadata));
});

test('an expired continue token restarts the paging; the cache never sees half a list', async (context) => {
  const { names, lists, changes } = await run(context, {
    lists: [
      (response) => json(response, 200, { metadata: { resourceVersion: '3', continue: 'old' }, items: [thing('a', 1)] }),
      (response) => json(response, 410, statusOf(410, 'Expired')),
      (response) => json(response, 200, listOf(9, thing('a', 1), thing('b', 2))),
    ],
    watches: [hang],
  });
  await until(() => names() === 'a b', 'the second paging');
  assert.deepEqual(
    lists().map(({ query }) => query.get('continue')),
    [null, 'old', null],
  );
  assert.equal(changes(), 1);
});

test('continues from the last bookmark after the server ended the watch, without a list', async (context) => {
  const { watches, lists, errors } = await run(context, {
    lists: [(response) => json(response, 200, listOf(1))],
    watches: [
      (response) => {
        stream(response, event('ADDED', thing('a', 4)), bookmark(20));
        response.end();
      },
      hang,
    ],
  });
  await until(() => watches().length === 2, 'the second watch');
  assert.equal(watches()[1]?.query.get('resourceVersion'), '20');
  assert.equal(lists().length, 1);
  assert.deepEqual(errors, []);
});

test('after a stream was cut inside a line, the watch continues from the last whole event', async (context) => {
  const { watches, lists, names } = await run(context, {
    lists: [(response) => json(response, 200, listOf(1))],
    watches: [
      (response) => {
        stream(response, event('ADDED', thing('a', 5)), event('ADDED', thing('b', 6)).slice(0, 30));
        setImmediate(() => response.socket?.resetAndDestroy());
      },
      (response) => stream(response, event('ADDED', thing('b', 6))),
    ],
  });
  await until(() => names() === 'a b', 'the second watch');
  assert.equal(watches()[1]?.query.get('resourceVersion'), '5');
  assert.equal(lists().length, 1);
});

test('410 inside a 200 stream, 410 as the status, and garbage each lead to a new list', async (context) => {
  const refused: Answer[] = [
    (response) => stream(response, event('ERROR', statusOf(410, 'Expired', 'too old resource version: 1 (349)'))),
    (response) => json(response, 410, statusOf(410, 'Expired')),
    (response) => stream(response, 'this is no JSON\n'),
    (response) => stream(response, event('NEWS', thing('a', 2))),
    (response) => stream(response, event('ADDED', { spec: {} })),
    (response) => stream(response, '{"kind":"NotAWatch"}\n', 'null\n'),
  ];
  const { names, lists, errors } = await run(context, {
    lists: [
      (response) => json(response, 200, listOf(1, thing('a', 1))),
      ...refused.slice(1).map((): Answer => (response) => json(response, 200, listOf(2, thing('a', 1)))),
      (response) => json(response, 200, listOf(3, thing('b', 1))),
    ],
    watches: [...refused, hang],
  });
  await until(() => names() === 'b', 'the last list', 8000);
  assert.equal(lists().length, refused.length + 1);
  assert.equal(errors.length, refused.length);
  assert.match(errors[0] ?? '', /410 Expired: too old/);
});

test('a failed list never counts as empty: after 404, 403, garbage and a wrong shape the last state stays', async (context) => {
  const failing: Answer[] = [
    (response) => void response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n'),
    (response) => json(response, 403, statusOf(403, 'Forbidden')),
    (response) => void response.writeHead(200).end('{"metadata":'),
    (response) => json(response, 200, null),
    (response) => json(response, 200, { metadata: {}, items: [] }),
    (response) => json(response, 200, { metadata: { resourceVersion: '9' }, items: 'none' }),
    (response) => json(response, 200, listOf(9, { metadata: {} })),
    (response) => void response.socket?.destroy(),
  ];
  const { names, lists, errors, changes } = await run(context, {
    lists: [
      (response) => json(response, 200, listOf(1, thing('a', 1))),
      ...failing,
      (response) => json(response, 200, listOf(9)),
    ],
    watches: [(response) => json(response, 410, statusOf(410, 'Expired'))],
  });
  await until(() => lists().length === failing.length, 'the failures');
  assert.equal(names(), 'a');
  assert.equal(changes(), 1);
  await until(() => names() === '', 'the successful, empty list');
  assert.match(errors.join('\n'), /404: 404 page not found/);
  assert.match(errors.join('\n'), /403 Forbidden/);
});

test('a silent watch is closed and opened again', async (context) => {
  const { watches, lists, errors } = await run(context, {
    lists: [(response) => json(response, 200, listOf(1))],
    watches: [(response) => stream(response, bookmark(6)), hang],
    timing: { silence: 60 },
  });
  await until(() => watches().length >= 2, 'the second watch');
  assert.equal(watches()[1]?.query.get('resourceVersion'), '6');
  assert.equal(lists().length, 1);
  assert.match(errors[0] ?? '', /silent/);
});

test('a watch that exceeds the requested time-out is closed, however many events it sends', async (context) => {
  const timers: NodeJS.Timeout[] = [];
  const chatty: Answer = (response) => {
    stream(response);
    timers.push(setInterval(() => response.write(bookmark(6)), 5));
  };
  const { watches, errors } = await run(context, {
    lists: [(response) => json(response, 200, listOf(1))],
    watches: [chatty],
    timing: { serverTimeout: { min: 0, max: 0 }, grace: 80 },
  });
  await until(() => watches().length >= 2, 'the second watch');
  for (const timer of timers) clearInterval(timer);
  assert.match(errors[0] ?? '', /silent/);
});

test('a line beyond the limit is not buffered; the list that follows brings the state', async (context) => {
  const { names, errors } = await run(context, {
    lists: [(response) => json(response, 200, listOf(1)), (response) => json(response, 200, listOf(9, thing('big', 9)))],
    watches: [(response) => stream(response, event('ADDED', thing('big', 9, { annotations: { x: 'x'.repeat(5000) } }))), hang],
    timing: { line: 4096 },
  });
  await until(() => names() === 'big', 'the list');
  assert.match(errors[0] ?? '', /longer than 4096/);
});

test('watches that end at once cause a back-off', async (context) => {
  const { watches, stop } = await run(context, {
    lists: [(response) => json(response, 200, listOf(1))],
    watches: [
      (response) => {
        stream(response);
        response.end();
      },
    ],
    timing: { retry: { base: 1000, max: 1000 } },
  });
  await until(() => watches().length === 1, 'the first watch');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(watches().length, 1);
  await stop();
});

test('stops at once in the middle of a list, a watch or a pause, and leaves no connection', async (context) => {
  const states: [string, Parameters<typeof run>[1]][] = [
    ['list', { lists: [() => undefined], watches: [hang] }],
    ['watch', { lists: [(response) => json(response, 200, listOf(1))], watches: [hang] }],
    ['head of a watch', { lists: [(response) => json(response, 200, listOf(1))], watches: [() => undefined] }],
    [
      'pause',
      {
        lists: [(response) => json(response, 403, statusOf(403, 'Forbidden'))],
        watches: [hang],
        timing: { retry: { base: 9e6, max: 9e6 } },
      },
    ],
  ];
  for (const [state, script] of states) {
    const { server, stop } = await run(context, script);
    await until(() => server.requests.length === script.watches.length + (state.includes('watch') ? 1 : 0), state);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const begin = performance.now();
    await stop();
    assert.ok(performance.now() - begin < 200, `${state}: ${performance.now() - begin} ms`);
    await closed(server, state);
  }
});

/** Idle keep-alive connections belong to the client, which closes them. */
async function closed(server: TestServer, state: string): Promise<void> {
  await server.client.close();
  await until(async () => (await server.connections()) === 0, `${state}: connections to close`);
}
