import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { Pod } from '../api/kubernetes.ts';
import { createEventRecorder } from '../kube/event-recorder.ts';
import { json, startTestServer, statusOf, until } from '../kube/test-server.ts';
import { createUninjectedPods } from './uninjected-pods.ts';

interface WrittenEvent {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
}

function pod(name: string, spec: Pod['spec'] = {}, more: Partial<Pod['metadata']> = {}, phase = 'Running'): Pod {
  const labels = { 'outrigger.dev/inject': 'true' };
  const metadata = { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '5', creationTimestamp: '', labels, ...more };
  return { metadata, spec, status: { phase } };
}

/** An API server with these Pods, a watch that stays open, and the Events that it was sent. */
async function start(context: TestContext, pods: readonly Pod[], { leading = true, labelled = [] as readonly Pod[] } = {}) {
  const [events, counts, errors]: [WrittenEvent[], number[], string[]] = [[], [], []];
  let watch: ServerResponse | undefined;
  let answer = 201;
  const state = { leading };
  const { client } = await startTestServer(context, ({ method, query, body }, response) => {
    if (method === 'POST') {
      if (answer === 201) events.push(JSON.parse(body) as WrittenEvent);
      return json(response, answer, answer === 201 ? {} : statusOf(answer, 'Whatever'));
    }
    assert.equal(query.get('labelSelector'), 'outrigger.dev/inject=true,outrigger.dev/proxy!=sidecar');
    if (query.get('watch') === null) return json(response, 200, { metadata: { resourceVersion: '1' }, items: pods });
    watch = response.writeHead(200);
    watch.flushHeaders();
  });
  const uninjected = createUninjectedPods({
    client,
    leading: () => state.leading,
    events: createEventRecorder({ client, instance: 'operator-1', terminating: (name) => name === 'going', now: () => 0 }),
    labelled: () => labelled,
    report: { onContact: () => undefined, onFailure: (_kind, error) => void errors.push(error.message) },
    count: (count) => void counts.push(count),
    failed: (error) => void errors.push(error.message),
    random: Math.random,
    // What waits is due at once.
    clock: {
      now: () => 0,
      after(_ms, callback) {
        const due = setImmediate(callback);
        return () => clearImmediate(due);
      },
    },
  });
  const controller = new AbortController();
  const running = uninjected.run(controller.signal);
  context.after(async () => {
    controller.abort();
    await running;
  });
  const send = (type: string, object: Pod): void => void watch?.write(`${JSON.stringify({ type, object })}\n`);
  const watching = until(() => watch !== undefined, 'the watch');
  return { uninjected, events, counts, errors, send, watching, state, answerWith: (status: number) => (answer = status) };
}

test('a Pod that asks for a sidecar and runs without one gets one Event, which says what to do', async (context) => {
  const { uninjected, events, counts, send, watching } = await start(context, [
    pod('late'),
    pod('host', { hostNetwork: true }),
    pod('done', {}, {}, 'Succeeded'),
    pod('going', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    pod('last', {}, { namespace: 'going' }),
  ]);
  await until(() => events.length === 2, 'two Events');
  const [late, host] = events;
  assert.deepEqual(late?.metadata, { name: 'late.no-sidecar-uid-late', namespace: 'shop' });
  assert.deepEqual([late.reason, late.regarding.kind, late.regarding.name], ['SidecarNotInjected', 'Pod', 'late']);
  assert.match(late.note, /Delete the Pod, so that its controller creates it again/);
  assert.match(host?.note ?? '', /remove hostNetwork/);
  assert.equal(counts.at(-1), 3, 'a Pod of a namespace that is being deleted is counted, without an Event');
  await watching;
  send('MODIFIED', pod('late', {}, { resourceVersion: '6' }));
  send('DELETED', pod('host', { hostNetwork: true }));
  await until(() => counts.at(-1) === 2, 'the count');
  uninjected.reconcile();
  send('ADDED', pod('another'));
  await until(() => events.length === 3, 'the next Event');
  assert.equal(events[2]?.regarding.name, 'another');
});

test('a Pod with the label of a sidecar and no sidecar is found, too; one with a sidecar is not', async (context) => {
  const labels = { 'outrigger.dev/inject': 'true', 'outrigger.dev/proxy': 'sidecar' };
  const sidecar = { initContainers: [{ name: 'outrigger-proxy', restartPolicy: 'Always' }] };
  const plain = { initContainers: [{ name: 'outrigger-proxy' }] };
  const labelled = [pod('label-only', {}, { labels }), pod('injected', sidecar, { labels }), pod('ends', plain, { labels })];
  const unasked = pod('unasked', {}, { labels: { 'outrigger.dev/proxy': 'sidecar' } });
  const { events } = await start(context, [], { labelled: [...labelled, unasked] });
  await until(() => events.length === 2, 'the Events');
  assert.deepEqual(
    events.map(({ regarding }) => regarding.name),
    ['label-only', 'ends'],
  );
});

test('only the leader writes Events, and an Event of the former leader is not repeated', async (context) => {
  const { uninjected, events, counts, state, errors, answerWith } = await start(context, [pod('late')], { leading: false });
  await until(() => counts.length > 0, 'a look');
  assert.deepEqual([counts.at(-1), events.length], [0, 0]);
  answerWith(409);
  state.leading = true;
  uninjected.reconcile();
  await until(() => counts.at(-1) === 1, 'the count');
  assert.deepEqual(errors, []);
});

test('an Event that could not be written is tried again', async (context) => {
  const { events, errors, answerWith, uninjected, state } = await start(context, [pod('late')], { leading: false });
  answerWith(500);
  state.leading = true;
  uninjected.reconcile();
  await until(() => errors.length > 0, 'a failure');
  answerWith(201);
  await until(() => events.length === 1, 'the Event');
});
