import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { asPushAnswer, asStatusAnswer, MAX_ANSWER_BYTES } from '../snapshot/answers.ts';
import { digest, snapshotDigest } from '../snapshot/canonical.ts';
import { claims, endpoint, poolPart, signToken, snapshot, testKey } from '../snapshot/testing.ts';
import type { Snapshot, StatusAnswer } from '../snapshot/types.ts';
import { NOW, POD, push, rig, send, status } from './testing.ts';
import { until } from '../test-until.ts';
import type { Rig } from './testing.ts';

const MiB = 1024 * 1024;
const first = (r: Rig): Snapshot => snapshot({ epoch: 10, sequence: 1 }, [r.key.publicKey]);

/** A signed push of raw bytes. */
function pushBytes(r: Rig, body: Buffer | string, headers: Record<string, string> = {}): ReturnType<typeof send> {
  const token = signToken(r.key, claims(POD, body, { epoch: 10, sequence: 1 }, NOW / 1000));
  return send(r.port, { body, headers, token });
}

function assertUntouched(r: Rig, counted: string): void {
  assert.deepEqual(r.dataPlane.applied, []);
  assert.deepEqual(r.metrics.counted, [counted]);
  assert.equal(r.control.ready(), false);
}

test('a valid push is applied in one step, answered and counted', async (t) => {
  const r = await rig(t);
  r.dataPlane.failing = [{ policy: 'default/web', listener: 8000, reason: 'the port is in use' }];
  r.dataPlane.impaired = [{ policy: 'default/other', state: 'unavailable' }];
  const document = first(r);
  const answer = await push(r, document);
  const applied = { epoch: 10, sequence: 1, digest: snapshotDigest(document) };
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, { pod: POD, applied, rejected: r.dataPlane.failing, degraded: r.dataPlane.impaired });
  const [pool] = document.pools;
  const pools = [{ ...pool, part: Object.values(document.parts)[0] }];
  const { version, trustedKeys, listeners } = document;
  assert.deepEqual(r.dataPlane.applied, [{ version, digest: applied.digest, trustedKeys, listeners, pools }]);
  assert.deepEqual(r.metrics.counted, ['applied 10.1']);
  assert.equal(r.metrics.contacts, 1);
  assert.ok(r.control.ready());
});

test('a gzip body is accepted; the signature covers it as sent', async (t) => {
  const r = await rig(t);
  const answer = await pushBytes(r, gzipSync(JSON.stringify(first(r))), { 'content-encoding': 'gzip' });
  assert.equal(answer.status, 200);
});

test('without a token: 401 with the time, nothing applied, counted', async (t) => {
  const r = await rig(t);
  const answer = await send(r.port, { body: JSON.stringify(first(r)) });
  assert.equal(answer.status, 401);
  assert.deepEqual(answer.body, { reason: 'no-token', time: NOW / 1000 });
  assertUntouched(r, 'unauthorized');
  assert.equal(r.metrics.contacts, 0, 'a stranger is no operator');
});

const badClaims: readonly [name: string, claims: object, reason: string][] = [
  ['an expired token', { iat: NOW / 1000 - 120, exp: NOW / 1000 - 90 }, 'expired'],
  ['a token from the future', { iat: NOW / 1000 + 61, exp: NOW / 1000 + 91 }, 'not-yet-valid'],
  ['a token for another pod', { aud: 'pod-uid-2' }, 'wrong-audience'],
  ['a token for another method', { htm: 'GET' }, 'wrong-request'],
  ['a token for another path', { htu: '/v1/status' }, 'wrong-request'],
  ['a token that is valid for too long', { exp: NOW / 1000 + 60 }, 'wrong-claims'],
];

for (const [name, bad, reason] of badClaims)
  test(`${name}: 401, nothing applied, counted`, async (t) => {
    const r = await rig(t);
    const answer = await push(r, first(r), { claims: bad });
    assert.deepEqual([answer.status, answer.body], [401, { reason, time: NOW / 1000 }]);
    assertUntouched(r, 'unauthorized');
  });

test('a token signed by an untrusted key: 401', async (t) => {
  const r = await rig(t);
  assert.equal((await push(r, first(r), { key: testKey() })).status, 401);
  assertUntouched(r, 'unauthorized');
});

test('an invalid token is answered and the connection closed before the body is read', async (t) => {
  const r = await rig(t);
  const socket = connect(r.port, '127.0.0.1');
  socket.write('PUT /v1/snapshot HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b.c\r\nContent-Length: 1000000\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  assert.match(text, /^HTTP\/1\.1 401 /);
  assert.match(text, /\r\nconnection: close\r\n/i);
  assertUntouched(r, 'unauthorized');
});

test('a client that waits for 100 Continue is refused without it, or gets it before its body', async (t) => {
  const r = await rig(t);
  const body = JSON.stringify(first(r));
  const token = signToken(r.key, claims(POD, body, { epoch: 10, sequence: 1 }, NOW / 1000));
  for (const [bearer, expected] of [
    ['a.b.c', /^HTTP\/1\.1 401 /],
    [token, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /],
  ] as const) {
    const socket = connect(r.port, '127.0.0.1');
    const head = `Host: x\r\nExpect: 100-continue\r\nConnection: close\r\nAuthorization: Bearer ${bearer}\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.write(`PUT /v1/snapshot HTTP/1.1\r\n${head}`);
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.endsWith('Continue\r\n\r\n')) socket.write(body);
    }
    assert.match(text, expected);
  }
});

test('a large body after an invalid token does not keep the answer from arriving', async (t) => {
  const r = await rig(t);
  const answer = await send(r.port, { body: Buffer.alloc(8 * MiB), token: 'a.b.c' });
  assert.equal(answer.status, 401);
});

test('a body that does not match its digest: 401, nothing applied, counted', async (t) => {
  const r = await rig(t);
  const answer = await push(r, first(r), { claims: { bsha: digest('another body') } });
  assert.deepEqual([answer.status, answer.body], [401, { reason: 'body-mismatch', time: NOW / 1000 }]);
  assertUntouched(r, 'body-mismatch');
});

test('malformed JSON and broken gzip: 400, nothing applied, counted', async (t) => {
  const [r, s] = [await rig(t), await rig(t)];
  assert.equal((await pushBytes(r, '{"version":')).status, 400);
  assertUntouched(r, 'malformed');
  assert.equal((await pushBytes(s, gzipSync('{}').subarray(0, 12), { 'content-encoding': 'gzip' })).status, 400);
  assertUntouched(s, 'malformed');
});

test('an encoding other than gzip: 415', async (t) => {
  const r = await rig(t);
  assert.equal((await pushBytes(r, '{}', { 'content-encoding': 'br' })).status, 415);
  assertUntouched(r, 'malformed');
});

test('65 MiB of JSON: 413 before it is read, nothing applied, counted', async (t) => {
  const r = await rig(t);
  const body = Buffer.alloc(65 * MiB, ' ');
  assert.deepEqual((await pushBytes(r, body)).body, { reason: 'too-large' });
  assertUntouched(r, 'too-large');
});

test('a body that exceeds the limit without announcing it: 413', async (t) => {
  const r = await rig(t);
  const token = signToken(r.key, claims(POD, '', { epoch: 10, sequence: 1 }, NOW / 1000));
  const answer = await sendChunked(r, token, 33);
  assert.match(answer, /^HTTP\/1\.1 413 /);
  assertUntouched(r, 'too-large');
});

/** Sends this many MiB in chunks as gzip; returns what the server answered. */
async function sendChunked(r: Rig, token: string, count: number): Promise<string> {
  const socket = connect(r.port, '127.0.0.1');
  const head = `Host: x\r\nAuthorization: Bearer ${token}\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n`;
  socket.write(`PUT /v1/snapshot HTTP/1.1\r\n${head}`);
  const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MiB), Buffer.from('\r\n')]);
  for (let i = 0; i < count; i++) socket.write(chunk);
  let text = '';
  for await (const part of socket) {
    text += String(part);
    if (text.includes('"too-large"')) break;
  }
  return text;
}

test('a gzip bomb: 413, decompression stops at the limit', async (t) => {
  const r = await rig(t);
  const bomb = gzipSync(Buffer.alloc(65 * MiB, ' '), { level: 1 });
  assert.ok(bomb.length < MiB);
  assert.equal((await pushBytes(r, bomb, { 'content-encoding': 'gzip' })).status, 413);
  assertUntouched(r, 'too-large');
});

test('an invalid document: 422 naming every wrong field, nothing applied, counted', async (t) => {
  const r = await rig(t);
  const document = first(r);
  const answer = await push(r, { ...document, listeners: [{ ...document.listeners[0], port: 0 }], trustedKeys: [] } as never);
  assert.equal(answer.status, 422);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  const { errors } = answer.body as { errors: { path: string }[] };
  assert.deepEqual(
    errors.map((error) => error.path),
    ['trustedKeys', 'listeners[0].port'],
  );
  assertUntouched(r, 'invalid');
});

test('a part that does not match its digest: 422', async (t) => {
  const r = await rig(t);
  const document = first(r);
  const parts = { [Object.keys(document.parts)[0] as string]: poolPart([endpoint(9)]) };
  assert.equal((await push(r, { ...document, parts })).status, 422);
  assertUntouched(r, 'invalid');
});

test('a document of another version than the signed one: 422', async (t) => {
  const r = await rig(t);
  assert.equal((await push(r, first(r), { claims: { seq: 2 } })).status, 422);
  assertUntouched(r, 'invalid');
});

test('missing parts: 424 naming them, nothing applied; the next push with them is applied', async (t) => {
  const r = await rig(t);
  const [held, lacking] = [poolPart([endpoint(1)]), poolPart([endpoint(2)])];
  const version = { epoch: 10, sequence: 1 };
  const answer = await push(r, snapshot(version, [r.key.publicKey], [held], [lacking]));
  assert.deepEqual([answer.status, answer.body], [424, { reason: 'missing-parts', missing: [digest(lacking)] }]);
  assertUntouched(r, 'missing-parts');
  assert.equal((await push(r, snapshot(version, [r.key.publicKey], [held, lacking]))).status, 200);
});

test('parts in force are kept, others are dropped', async (t) => {
  const r = await rig(t);
  const [a, b] = [poolPart([endpoint(1)]), poolPart([endpoint(2)])];
  const at = (sequence: number): { epoch: number; sequence: number } => ({ epoch: 10, sequence });
  const keys = [r.key.publicKey];
  assert.equal((await push(r, snapshot(at(1), keys, [a, b]))).status, 200);
  assert.equal((await push(r, snapshot(at(2), keys, [], [a]))).status, 200);
  assert.deepEqual(
    r.dataPlane.applied.at(-1)?.pools.map((pool) => pool.part),
    [a],
  );
  const answer = await push(r, snapshot(at(3), keys, [], [a, b]));
  assert.deepEqual([answer.status, (answer.body as { missing: unknown }).missing], [424, [digest(b)]]);
});

test('an older snapshot: 409 with the current version, nothing applied, counted', async (t) => {
  const r = await rig(t);
  const keys = [r.key.publicKey];
  await push(r, snapshot({ epoch: 10, sequence: 5 }, keys));
  for (const older of [
    { epoch: 10, sequence: 4 },
    { epoch: 9, sequence: 99 },
  ]) {
    const answer = await push(r, snapshot(older, keys));
    assert.deepEqual([answer.status, answer.body], [409, { reason: 'stale', current: { epoch: 10, sequence: 5 } }]);
  }
  assert.equal(r.dataPlane.applied.length, 1);
  assert.deepEqual(r.metrics.counted, ['applied 10.5', 'stale', 'stale']);
});

test('a token of an old epoch is answered before its body is read', async (t) => {
  const r = await rig(t);
  await push(r, first(r));
  const answer = await push(r, snapshot({ epoch: 9, sequence: 7 }, []), { claims: { bsha: digest('anything') } });
  assert.equal(answer.status, 409);
});

test('the same snapshot again: 200, nothing applied, counted', async (t) => {
  const r = await rig(t);
  const [one, two] = [await push(r, first(r)), await push(r, first(r))];
  assert.deepEqual([two.status, two.body], [200, one.body]);
  assert.equal(r.dataPlane.applied.length, 1);
  assert.deepEqual(r.metrics.counted, ['applied 10.1', 'unchanged']);
});

test('the same version with another digest: 409, nothing applied, counted', async (t) => {
  const r = await rig(t);
  await push(r, first(r));
  const answer = await push(r, snapshot({ epoch: 10, sequence: 1 }, [r.key.publicKey], [poolPart([])]));
  assert.deepEqual([answer.status, answer.body], [409, { reason: 'conflict', current: { epoch: 10, sequence: 1 } }]);
  assert.deepEqual(r.metrics.counted, ['applied 10.1', 'conflict']);
});

test('two concurrent pushes are applied one after another, and the higher version stays', async (t) => {
  const r = await rig(t);
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  r.dataPlane.gate = () => opened;
  const keys = [r.key.publicKey];
  const answers = [1, 2, 3].map((sequence) => push(r, snapshot({ epoch: 10, sequence }, keys)));
  await until(() => r.dataPlane.busy > 0);
  open();
  await Promise.all(answers);
  assert.equal(r.dataPlane.mostBusy, 1);
  assert.equal(r.dataPlane.applied.at(-1)?.version.sequence, 3);
});

test('keys of the snapshot in force replace the bootstrap keys', async (t) => {
  const r = await rig(t);
  const successor = testKey();
  assert.equal((await push(r, snapshot({ epoch: 10, sequence: 1 }, [successor.publicKey]))).status, 200);
  assert.equal((await push(r, snapshot({ epoch: 10, sequence: 2 }, [successor.publicKey]))).status, 401);
  const answer = await push(r, snapshot({ epoch: 10, sequence: 2 }, [successor.publicKey]), { key: successor });
  assert.equal(answer.status, 200);
});

test('a data plane that throws: 500, and the same version can be pushed again', async (t) => {
  const r = await rig(t);
  r.dataPlane.gate = () => Promise.reject(new Error('broken'));
  assert.equal((await push(r, first(r))).status, 500);
  assert.equal(r.control.ready(), false);
  r.dataPlane.gate = () => Promise.resolve();
  assert.equal((await push(r, first(r))).status, 200);
});

/** The revision is another one in each process. */
function withoutRevision({ body }: Awaited<ReturnType<typeof status>>): object {
  const { revision, ...rest } = body as StatusAnswer;
  assert.match(revision ?? '', /^[\w-]+\.\d+$/);
  return rest;
}

test('status before the first snapshot', async (t) => {
  const r = await rig(t);
  const answer = await status(r);
  const expected = { pod: POD, fence: { epoch: 0, sequence: 0 }, trustedKeys: [r.key.publicKey] };
  assert.deepEqual([answer.status, withoutRevision(answer)], [200, { ...expected, rejected: [], unhealthy: [], degraded: [] }]);
});

test('status reports version, digest, fence, rejected, keys, unhealthy endpoints and degraded policies', async (t) => {
  const r = await rig(t);
  r.dataPlane.failing = [{ policy: 'default/web', listener: 8000, reason: 'the port is in use' }];
  r.dataPlane.sick = [{ pool: 'p', endpoint: 'e', reason: 'probe', detail: 'HTTP 500, expected 200', check: 'GET /' }];
  r.dataPlane.impaired = [{ policy: 'default/web', state: 'fallback' }];
  await push(r, first(r));
  const answer = await status(r);
  assert.deepEqual(withoutRevision(answer), {
    pod: POD,
    applied: { epoch: 10, sequence: 1, digest: snapshotDigest(first(r)) },
    fence: { epoch: 10, sequence: 1 },
    rejected: r.dataPlane.failing,
    trustedKeys: [r.key.publicKey],
    unhealthy: r.dataPlane.sick,
    degraded: r.dataPlane.impaired,
  });
});

test('an answer keeps within the bounds that the operator checks, whatever the data plane says', async (t) => {
  const r = await rig(t);
  const long = 'x'.repeat(5000);
  r.dataPlane.sick = Array.from({ length: 10_001 }, (_, i) => {
    return { pool: 'p', endpoint: String(i), reason: 'probe', detail: long, check: `GET /${long}` };
  });
  r.dataPlane.failing = Array.from({ length: 10_001 }, (_, i) => ({ policy: String(i), listener: 80, reason: 'in use' }));
  r.dataPlane.impaired = Array.from({ length: 10_001 }, (_, i) => ({ policy: String(i), state: 'panic' }));
  const { body } = await status(r);
  const answer = asStatusAnswer(body);
  assert.ok(answer);
  assert.ok(Buffer.byteLength(JSON.stringify(body)) < MAX_ANSWER_BYTES);
  const [sick] = answer.unhealthy;
  assert.deepEqual([sick?.detail.length, sick?.check?.slice(0, 6), sick?.check?.at(-1)], [256, 'GET /x', '…']);
  assert.deepEqual([answer.unhealthy.length, answer.rejected.length, answer.degraded?.length], [10_000, 10_000, 10_000]);
  const pushed = await push(r, first(r));
  assert.ok(asPushAnswer(pushed.body));
});

test('status requests are signed, too', async (t) => {
  const r = await rig(t);
  assert.equal((await send(r.port, { method: 'GET', path: '/v1/status' })).status, 401);
  assert.equal((await status(r, { claims: { htu: '/v1/snapshot' } })).status, 401);
  assert.equal((await status(r, { claims: { bsha: digest('x') } })).status, 401);
  assert.deepEqual(r.metrics.counted, ['unauthorized', 'unauthorized', 'body-mismatch']);
});

test('anything else: 404, 405 with the allowed method, 400 for what is not HTTP', async (t) => {
  const r = await rig(t);
  assert.equal((await send(r.port, { path: '/v1/snapshot?x' })).status, 404);
  assert.equal((await send(r.port, { method: 'GET', path: '/' })).status, 404);
  const answer = await send(r.port, { method: 'POST' });
  assert.deepEqual([answer.status, answer.headers.allow], [405, 'PUT']);
  const socket = connect(r.port, '127.0.0.1');
  socket.write('nonsense\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  assert.match(text, /^HTTP\/1\.1 400 /);
  assert.deepEqual(r.metrics.counted, ['malformed', 'malformed', 'malformed', 'malformed']);
});

test('a head that is too large: 431; connections beyond the limit are dropped', async (t) => {
  const r = await rig(t);
  const socket = connect(r.port, '127.0.0.1');
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(17_000)}\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  assert.match(text, /^HTTP\/1\.1 431 /);
  const open = await Promise.all(Array.from({ length: 64 }, () => connected(r.port)));
  const surplus = await connected(r.port);
  await once(surplus, 'close');
  for (const one of open) {
    assert.equal(one.destroyed, false);
    one.destroy();
  }
});

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  return socket.resume();
}
