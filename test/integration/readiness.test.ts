/** `Ready` and what requests really get, side by side: never green while every request fails. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { until } from '../local-cluster/cluster.ts';
import type { Backend } from './backend.ts';
import { ask } from './client.ts';
import { Harness } from './harness.ts';
import { policyPath, service, servicePath } from './objects.ts';

const EVENT_MS = 30_000;
const CHECK = { type: 'HTTP', path: '/healthz', interval: '200ms', timeout: '200ms', unhealthyThreshold: 1 } as const;
const to = (name: string, port: number) => ({ listener: { port }, backendRefs: [{ name, port: 80 }] });

let harness: Harness;
let a: Backend, b: Backend;
before(async () => {
  harness = await Harness.start();
  [a, b] = await harness.backends('a', 'b');
  for (const backend of [a, b]) {
    backend.respond = ({ url }, response) => response.writeHead(url === '/healthz' || url === '/' ? 200 : 404).end();
  }
  await harness.publish('web', a, b);
});
after(() => harness.stop());

interface Told {
  readonly type: string;
  readonly reason: string;
  readonly note?: string;
  readonly regarding?: { readonly name?: string };
}

async function eventsOf(name: string): Promise<readonly Told[]> {
  const path = `/apis/events.k8s.io/v1/namespaces/${harness.namespace}/events`;
  const { items } = await harness.api.get<{ items: readonly Told[] } & Parameters<typeof harness.api.update>[1]>(path);
  return items.filter(({ regarding }) => regarding?.name === name);
}
const untilEvent = (name: string, type: string, reason: string): Promise<Told> =>
  until(`Event ${reason} of ${name}`, EVENT_MS, async () =>
    (await eventsOf(name)).find((event) => event.type === type && event.reason === reason),
  );
/** Every gateway answers with this status; one of two that finds something out makes the condition, the other one may need a moment. */
const untilAnswer = (port: number, status: number): Promise<void> =>
  harness.onEachGateway(`${port} answers ${status}`, async (gateway) => (await ask(gateway.url(port))).status === status);

test('a health check that no endpoint passes: Ready is False with the evidence, and was never True', async () => {
  await harness.apply('strict', { ...to('web', 8701), healthCheck: { active: { ...CHECK, path: '/nothing' } } });
  const { message } = await harness.untilCondition('strict', 'Ready', 'False', 'AllUnhealthy');
  assert.equal(message, 'GET /nothing on 2 of 2 endpoints: HTTP 404, expected 200-399.');
  await harness.untilProgrammed('strict');
  await untilAnswer(8701, 503);
  assert.equal((await untilEvent('strict', 'Warning', 'AllUnhealthy')).note, message);
  assert.ok(!(await eventsOf('strict')).some(({ reason }) => reason === 'Ready'), 'each change of the condition has an Event');
  const { out } = await harness.kubectl(['get', 'lbp', 'strict', '--no-headers', '-o', 'wide']);
  assert.match(out, /^strict +False +LeastRequest +8701 .* AllUnhealthy +Accepted +ResolvedRefs +Programmed$/m);

  await harness.apply('strict', { ...to('web', 8701), healthCheck: { active: CHECK } });
  await harness.untilCondition('strict', 'Ready', 'True', 'Ready');
  await untilAnswer(8701, 200);
  await untilEvent('strict', 'Normal', 'Ready');
});

test('endpoints that fail one after the other, and return', async () => {
  let failing: readonly Backend[] = [];
  for (const backend of [a, b]) {
    const { respond } = backend;
    backend.respond = (request, response) =>
      failing.includes(backend) ? response.writeHead(500).end() : respond(request, response);
  }
  const response = { statusCode: 418, contentType: 'text/plain', body: 'later' };
  const healthCheck = { active: CHECK };
  await harness.apply('plain', { ...to('web', 8702), healthCheck });
  await harness.apply('guarded', { ...to('web', 8703), healthCheck, fallback: { type: 'Response', response } });
  await harness.apply('bold', { ...to('web', 8704), healthCheck: { active: CHECK, panicThreshold: 50 } });
  for (const name of ['plain', 'guarded', 'bold']) await harness.untilCondition(name, 'Ready', 'True', 'Ready');

  failing = [a];
  const some = await harness.untilCondition('plain', 'Ready', 'True', 'SomeUnhealthy');
  assert.equal(some.message, '1 of 2 endpoints are healthy. GET /healthz on 1 of 2 endpoints: HTTP 500, expected 200-399.');
  await untilEvent('plain', 'Warning', 'SomeUnhealthy');
  await untilAnswer(8702, 200);

  failing = [a, b];
  await harness.untilCondition('plain', 'Ready', 'False', 'AllUnhealthy');
  await untilAnswer(8702, 503);
  const fallback = await harness.untilCondition('guarded', 'Ready', 'True', 'Fallback');
  assert.match(fallback.message, /^The fallback answers\. GET \/healthz on 2 of 2 endpoints: HTTP 500/);
  await untilAnswer(8703, 418);
  await harness.untilCondition('bold', 'Ready', 'True', 'Panic');
  await untilAnswer(8704, 500); // panic uses them: the answer is that of a backend

  failing = [];
  for (const name of ['plain', 'guarded', 'bold']) await harness.untilCondition(name, 'Ready', 'True', 'Ready');
  await untilAnswer(8702, 200);
});

test('a Service that selects no Pod: NoEndpoints, unless an annotation says that this is on purpose', async () => {
  const empty = service('empty');
  await harness.api.create(servicePath(harness.namespace), { ...empty, spec: { ...empty.spec, selector: { app: 'absent' } } });
  await harness.apply('scaled', to('empty', 8705));
  const { message } = await harness.untilCondition('scaled', 'Ready', 'False', 'NoEndpoints');
  assert.equal(message, `Service ${harness.namespace}/empty selects no Pod that is ready.`);
  await untilAnswer(8705, 503);
  await untilEvent('scaled', 'Warning', 'NoEndpoints');

  const annotate = (value: string) => harness.kubectl(['annotate', 'lbp', 'scaled', `outrigger.dev/idle${value}`]);
  assert.equal((await annotate('=true')).code, 0);
  const idle = await harness.untilCondition('scaled', 'Ready', 'True', 'Idle');
  assert.match(
    idle.message,
    /selects no Pod that is ready\. The annotation outrigger\.dev\/idle says that this is on purpose\.$/,
  );
  await annotate('-');
  await harness.untilCondition('scaled', 'Ready', 'False', 'NoEndpoints');
});

test('endpoints that come and go change Ready, and nothing else', async () => {
  const [c] = await harness.backends('c');
  await harness.publish('changing');
  await harness.apply('changing', to('changing', 8706));
  await harness.untilCondition('changing', 'Ready', 'False', 'NoEndpoints');
  await harness.publish('changing', c);
  await harness.untilCondition('changing', 'Ready', 'True', 'Ready');
  await untilAnswer(8706, 200);
  await harness.publish('changing');
  await harness.untilCondition('changing', 'Ready', 'False', 'NoEndpoints');
  await untilAnswer(8706, 503);
  await harness.untilProgrammed('changing');
  const reasons = (await eventsOf('changing')).map(({ reason }) => reason);
  assert.ok(!reasons.includes('AllUnhealthy'), `no reason in between: ${reasons.join()}`);
});

test('the only endpoint refuses connections, without any check: requests find out', async () => {
  const [gone] = await harness.backends('gone');
  await harness.publish('refusing', gone);
  await harness.apply('refusing', to('refusing', 8711));
  await harness.untilCondition('refusing', 'Ready', 'True', 'Ready');
  await gone.stop();
  for (let i = 0; i < 4; i++) for (const gateway of harness.gateways) assert.equal((await ask(gateway.url(8711))).status, 503);
  const { message } = await harness.untilCondition('refusing', 'Ready', 'False', 'AllUnhealthy');
  assert.equal(message, 'requests on 1 of 1 endpoints: 3 connect failures in a row.');
  await harness.publish('refusing', a);
  await harness.untilCondition('refusing', 'Ready', 'True', 'Ready');
  await untilAnswer(8711, 200);
});

test('weights that are all 0', async () => {
  await harness.apply('weightless', { listener: { port: 8707 }, backendRefs: [{ name: 'web', port: 80, weight: 0 }] });
  await harness.untilCondition('weightless', 'Ready', 'False', 'ZeroWeight');
  await untilAnswer(8707, 503);
});

test('a policy that redirects, and one that only monitors, need no endpoint', async () => {
  await harness.apply('redirecting', { listener: { port: 8708 }, requestRedirect: { scheme: 'https' } });
  await harness.publish('quiet', a);
  await harness.apply('monitoring', { backendRefs: [{ name: 'quiet', port: 80 }] });
  await harness.untilCondition('redirecting', 'Ready', 'True', 'Ready');
  await harness.untilCondition('monitoring', 'Ready', 'True', 'Ready');
  await harness.apply('monitoring', { backendRefs: [{ name: 'quiet', port: 80 }], healthCheck: { panicThreshold: 0 } });
  await harness.untilCondition('monitoring', 'Ready', 'True', 'Ready');
});

test('a policy of which no match can match', async () => {
  const dead = { path: { type: 'RegularExpression' as const, value: 'no-slash' } };
  await harness.apply('dead', { ...to('web', 8709), matches: [dead] });
  await harness.untilCondition('dead', 'Ready', 'False', 'CannotMatch');
  await harness.untilCondition('dead', 'Accepted', 'True', 'CannotMatch');
});

test('kstatus: pending while it waits, stalled while it is not accepted, neither when it is done', async () => {
  const created = await harness.api.create(policyPath(harness.namespace), {
    ...{ apiVersion: 'outrigger.dev/v1alpha1', kind: 'LoadBalancerPolicy', metadata: { name: 'fresh' } },
    spec: to('web', 8710),
  });
  const { status } = created as { status?: { conditions?: { type: string; status: string; reason: string }[] } };
  assert.deepEqual(
    status?.conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [['Ready', 'Unknown', 'Pending']],
  );
  await harness.untilCondition('fresh', 'Ready', 'True');
  await harness.apply('younger', to('web', 8710));
  const stalled = await harness.untilCondition('younger', 'Stalled', 'True', 'Conflicted');
  assert.match(stalled.message, /fresh/);
  await harness.remove('fresh');
  await harness.untilCondition('younger', 'Ready', 'True');
  const done = await harness.policy('younger');
  assert.equal(done.status?.observedGeneration, done.metadata.generation);
  assert.deepEqual(
    done.status?.conditions?.map(({ type }) => type),
    ['Ready', 'Accepted', 'ResolvedRefs', 'Programmed'],
  );
});
