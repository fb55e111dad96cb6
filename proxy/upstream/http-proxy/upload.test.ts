import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { Upload } from './upload.ts';
import { opener, httpBackend } from '../../testing.ts';
import { RequestBody } from '../../message/request-body.ts';

const { track } = opener();
const NOTHING = () => undefined;
const SOURCE = { start: NOTHING, pause: NOTHING, resume: NOTHING, sendContinue: NOTHING, refuseStalled: NOTHING };

test('trailers that HTTP/1 cannot carry, from an engine that lets them pass, are dropped: the body is whole', async () => {
  const backend = track(await httpBackend((req, res) => req.resume().on('end', () => res.end(JSON.stringify(req.rawTrailers)))));
  for (const [trailers, received] of [
    [['x', 'a\nb'], '[]'],
    [['x', '1'], '["x","1"]'],
  ] as const) {
    const body = new RequestBody(SOURCE, undefined, false);
    const outgoing = request({ host: '127.0.0.1', port: backend.port, method: 'POST', agent: false });
    const answer = new Promise<string>((resolve, reject) => {
      outgoing.on('error', reject).on('response', (res) => void res.toArray().then((chunks) => resolve(chunks.join(''))));
    });
    new Upload(body, outgoing, { trailer: undefined }, Infinity, NOTHING).begin();
    body.take(Buffer.from('hello'));
    body.finish(trailers);
    assert.equal(await answer, received);
  }
});

test('a client that does not wait for 100 (Continue) waits for no timer, nor does one that does not need it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const backend = track(await httpBackend((req, res) => void req.toArray().then((chunks) => res.end(chunks.join('')))));
  for (const pieces of [['hello'], ['he', 'llo'], []]) {
    let continued = 0;
    const body = new RequestBody({ ...SOURCE, sendContinue: () => continued++ }, undefined, true);
    const outgoing = request({ host: '127.0.0.1', port: backend.port, method: 'POST', agent: false });
    const answer = new Promise<string>((resolve, reject) => {
      outgoing.on('error', reject).on('response', (res) => void res.toArray().then((chunks) => resolve(chunks.join(''))));
    });
    new Upload(body, outgoing, { trailer: undefined }, Infinity, NOTHING).begin();
    assert.equal(continued, 0);
    for (const piece of pieces) body.take(Buffer.from(piece));
    body.finish([]);
    assert.equal(await answer, pieces.join(''));
    assert.equal(continued, 1, 'it may still wait, for the rest');
  }
});

test('a client that waits for 100 (Continue) receives it after the time that is given', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let continued = 0;
  const body = new RequestBody({ ...SOURCE, sendContinue: () => continued++ }, 5, true);
  const outgoing = request({ host: '127.0.0.1', port: 9, method: 'POST', agent: false }).on('error', NOTHING);
  new Upload(body, outgoing, { trailer: undefined }, 250, NOTHING).begin();
  t.mock.timers.tick(249);
  assert.equal(continued, 0);
  t.mock.timers.tick(1);
  assert.equal(continued, 1);
  outgoing.destroy();
});
