/** Several policies on one port: which of them gets a request, and what it changes in it. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import type { Backend } from './backend.ts';
import { ask, type Answer } from './client.ts';
import { Harness } from './harness.ts';

let harness: Harness;
let a: Backend, b: Backend;
before(async () => {
  harness = await Harness.start();
  [a, b] = await harness.backends('a', 'b');
  for (const backend of [a, b]) {
    await harness.publish(backend.name, backend);
    backend.respond = (request, response) =>
      response.setHeader('server', 'test').end(`${backend.name} ${request.headers.host ?? ''} ${request.url ?? ''}`);
  }
});
after(() => harness.stop());

const listener = { port: 8600 };
const to = ({ name }: Backend) => [{ name, port: 80 }];
const get = (path: string, host = 'any.test'): Promise<Answer> =>
  ask(new URL(path, harness.gateways[1].url(listener.port)).href, { headers: { host } });

test('prefixes, expressions, rewrites and redirects share a port; each policy changes only its own requests', async () => {
  const policies = {
    rest: { listener, backendRefs: to(a) },
    versions: {
      listener,
      matches: [{ path: { type: 'RegularExpression' as const, value: '/v[0-9]+/.*' } }],
      backendRefs: to(b),
    },
    api: {
      listener,
      matches: [{ path: { value: '/api' } }],
      urlRewrite: { hostname: 'inner.test', path: { type: 'ReplacePrefixMatch' as const, replacePrefixMatch: '/' } },
      responseHeaderModifier: { set: [{ name: 'X-Served', value: 'here' }], remove: ['Server'] },
      backendRefs: to(b),
    },
    moved: {
      listener: { ...listener, hostnames: ['old.test'] },
      requestRedirect: { scheme: 'https' as const, hostname: 'new.test' },
    },
  };
  for (const [name, spec] of Object.entries(policies)) await harness.apply(name, spec);
  for (const name of Object.keys(policies)) await harness.untilProgrammed(name);

  assert.equal((await get('/v2x/y')).body, 'a any.test /v2x/y');
  assert.equal((await get('/v2/y?z')).body, 'b any.test /v2/y?z');
  const rewritten = await get('/api/items?z');
  assert.equal(rewritten.body, 'b inner.test /items?z');
  assert.deepEqual([rewritten.headers['x-served'], rewritten.headers.server], ['here', undefined]);
  const moved = await get('/api/items?z', 'OLD.test:1234');
  assert.deepEqual([moved.status, moved.headers.location, moved.body], [302, 'https://new.test/api/items?z', '']);
  const { status } = await harness.policy('moved');
  assert.equal(status?.conditions?.find(({ type }) => type === 'ResolvedRefs')?.message, 'The policy names no backends.');
});

test('a port has one client address: the oldest policy decides which, also after an edit', async () => {
  const port = 8601;
  a.respond = (request, response) => response.end(String(request.headers['x-forwarded-for']));
  const list = async (): Promise<readonly string[]> => {
    const url = harness.gateways[0].url(port);
    return (await ask(url, { headers: { host: 'any.test', 'x-forwarded-for': '203.0.113.9' } })).body.split(', ');
  };
  const trusting = { trustedCIDRs: ['127.0.0.0/8', '::1/128'] };
  await harness.apply('in-front', { listener: { port, clientAddress: trusting }, backendRefs: to(a) });
  await harness.untilProgrammed('in-front');
  assert.deepEqual([(await list())[0], (await list()).length], ['203.0.113.9', 2]);

  await harness.apply('other', { listener: { port, hostnames: ['other.test'] }, backendRefs: to(a) });
  const { message } = await harness.untilCondition('other', 'Accepted', 'False', 'ListenerConflict');
  assert.match(message ?? '', /in-front .*make listener\.clientAddress the same in both/);

  await harness.apply('in-front', { listener: { port }, backendRefs: to(a) });
  await harness.untilProgrammed('in-front');
  await harness.untilProgrammed('other');
  assert.equal((await list()).length, 1);
  assert.ok(!(await list()).includes('203.0.113.9'));
});

test('what is matched is what is forwarded, and a port has one way to normalize paths', async () => {
  const port = 8602;
  b.respond = (request, response) => response.end(`guarded ${request.url}`);
  a.respond = (request, response) => response.end(`open ${request.url}`);
  const on = (more: object) => ({ port, pathNormalization: { encodedSlash: 'Reject' as const }, ...more });
  await harness.apply('guarded', { listener: on({}), matches: [{ path: { value: '/admin' } }], backendRefs: to(b) });
  await harness.apply('open', { listener: on({}), backendRefs: to(a) });
  for (const name of ['guarded', 'open']) await harness.untilProgrammed(name);
  const raw = (path: string) =>
    ask(`${harness.gateways[1].url(port).replace(/\/$/, '')}${path}`, { headers: { host: 'any.test' } });
  for (const path of ['/%61dmin', '//admin', '/adm%69n?a=%61//b'])
    assert.equal((await raw(path)).body, `guarded ${path.replace(/^[^?]+/, '/admin')}`);
  assert.deepEqual([(await raw('/admin%2Fx')).status, (await raw('/%zz')).status], [400, 400]);
  assert.equal((await raw('/admin;x')).body, 'open /admin;x');

  await harness.apply('other-default', { listener: { port, hostnames: ['other.test'] }, backendRefs: to(a) });
  const { message } = await harness.untilCondition('other-default', 'Accepted', 'False', 'ListenerConflict');
  assert.match(message ?? '', /has encodedSlash Reject on port 8602, where this policy has encodedSlash Keep \(the default\)/);
});
