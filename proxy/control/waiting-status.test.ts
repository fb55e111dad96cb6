/** GET /v1/status?after=REVISION, over sockets. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { asStatusAnswer } from '../snapshot/answers.ts';
import { claims, signToken, snapshot, testKey } from '../snapshot/testing.ts';
import type { StatusAnswer } from '../snapshot/types.ts';
import { StatusNews } from './status-news.ts';
import { NOW, POD, push, rig, send, status, until } from './testing.ts';
import type { Answer, Rig } from './testing.ts';

const read = ({ status: code, body }: Answer): StatusAnswer => {
  assert.equal(code, 200);
  return asStatusAnswer(body) ?? assert.fail('the operator would not believe it');
};
const present = async (r: Rig): Promise<string> => read(await status(r)).revision ?? assert.fail('no revision');

/** Requests that wait for another revision than the present one; returns once the proxy has all of them. */
async function waiting(r: Rig, n: number) {
  const query = `?after=${await present(r)}`;
  const before = r.metrics.contacts;
  const answered: number[] = [];
  const answers = Array.from({ length: n }, async (_, i) => {
    const answer = await status(r, { query });
    answered.push(i);
    return answer;
  });
  // Without a timer, since a test may have replaced them.
  while (r.metrics.contacts < before + n) await new Promise((resolve) => setImmediate(resolve));
  return { answers, answered };
}

test('without a query, or after another revision, status is answered at once', async (t) => {
  const r = await rig(t);
  const revision = await present(r);
  assert.equal(await present(r), revision, 'nothing has changed');
  const other = read(await status(r, { query: '?after=another.process-1_0' }));
  assert.equal(other.revision, revision);
});

test('news ends the wait, with the whole status and another revision', async (t) => {
  const r = await rig(t);
  const before = await present(r);
  const { answers, answered } = await waiting(r, 2);
  assert.deepEqual(answered, []);
  r.dataPlane.sick = [{ pool: 'p', endpoint: 'e', reason: 'probe', detail: 'HTTP 404, expected 200-399', check: 'GET /healthz' }];
  r.dataPlane.impaired = [{ policy: 'default/web', state: 'unavailable' }];
  r.dataPlane.announce();
  for (const answer of await Promise.all(answers)) {
    const { revision, unhealthy, degraded } = read(answer);
    assert.notEqual(revision, before);
    assert.deepEqual([unhealthy, degraded], [r.dataPlane.sick, r.dataPlane.impaired]);
  }
});

test('a snapshot is news: version, fence and trusted keys; the same one again is none', async (t) => {
  const r = await rig(t);
  const { answers } = await waiting(r, 1);
  const successor = testKey();
  const document = snapshot({ epoch: 10, sequence: 1 }, [r.key.publicKey, successor.publicKey]);
  await push(r, document);
  let told = read((await answers[0]) ?? assert.fail());
  // The fence rises first; the operator asks again until it has the rest.
  while (told.revision !== (await present(r))) told = read(await status(r, { query: `?after=${told.revision}` }));
  assert.deepEqual([told.applied?.sequence, told.fence.sequence, told.trustedKeys.length], [1, 1, 2]);
  await push(r, document);
  assert.equal(await present(r), told.revision);
});

test('25 s without news: the same revision', async (t) => {
  const r = await rig(t);
  const before = await present(r);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { answers, answered } = await waiting(r, 1);
  t.mock.timers.tick(24_999);
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(answered, []);
  t.mock.timers.tick(1);
  assert.equal(read((await answers[0]) ?? assert.fail()).revision, before);
});

test('of nine that wait, the first is answered at once', async (t) => {
  const r = await rig(t);
  const { answers, answered } = await waiting(r, 9);
  await until(() => answered.length > 0);
  assert.equal(answered.length, 1);
  r.dataPlane.announce();
  await Promise.all(answers);
});

test('a client that leaves frees its place, and is not answered', async (t) => {
  const r = await rig(t);
  const query = `?after=${await present(r)}`;
  let left = 0;
  const wait = Reflect.get(StatusNews.prototype, 'wait');
  t.mock.method(StatusNews.prototype, 'wait', function (this: StatusNews, after: string, answer: () => void) {
    const leave = wait.call(this, after, answer);
    return () => {
      left++;
      leave();
    };
  });
  const htu = `/v1/status${query}`;
  const token = signToken(r.key, { ...claims(POD, '', { epoch: 1, sequence: 0 }, NOW / 1000), htm: 'GET', htu });
  const contacts = r.metrics.contacts;
  const socket = connect(r.port, '127.0.0.1');
  socket.write(`GET ${htu} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  await until(() => r.metrics.contacts > contacts);
  assert.equal(left, 0);
  socket.destroy();
  await until(() => left === 1);
  const reports = t.mock.method(r.dataPlane, 'unhealthy');
  r.dataPlane.announce();
  const { answers } = await waiting(r, 1);
  r.dataPlane.announce();
  await Promise.all(answers);
  assert.equal(reports.mock.callCount(), 2, 'one for the plain status request, one for the request that waited');
});

test('closing ends the requests that wait', async (t) => {
  const r = await rig(t);
  const { answers } = await waiting(r, 3);
  const ended = Promise.allSettled(answers);
  await r.control.close();
  for (const { status: how } of await ended) assert.equal(how, 'rejected');
});

test('the token covers the query', async (t) => {
  const r = await rig(t);
  const query = `?after=${await present(r)}`;
  assert.equal((await status(r, { query, claims: { htu: '/v1/status' } })).status, 401);
  assert.equal((await status(r, { query: '?after=a', claims: { htu: '/v1/status?after=b' } })).status, 401);
  assert.equal((await send(r.port, { method: 'GET', path: '/v1/status?after=a' })).status, 401);
});

test('any other query is another path: 404', async (t) => {
  const r = await rig(t);
  const long = 'a'.repeat(65);
  for (const query of [
    '?',
    '?after',
    '?after=',
    '?after=a%20b',
    '?after=a&x=1',
    '?x=1&after=a',
    '?after=a=',
    `?after=${long}`,
    '?x=a',
  ])
    assert.equal((await status(r, { query })).status, 404, query);
  assert.equal((await send(r.port, { path: '/v1/snapshot?after=a' })).status, 404);
  const wrong = await send(r.port, { method: 'POST', path: '/v1/status?after=a' });
  assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'GET']);
});

test('a request that waits holds up no push and no other status request on other connections', async (t) => {
  const r = await rig(t);
  const { answers } = await waiting(r, 8);
  assert.equal((await push(r, snapshot({ epoch: 10, sequence: 1 }, [r.key.publicKey]))).status, 200);
  await present(r);
  await Promise.all(answers);
});
