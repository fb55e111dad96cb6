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
    new Upload(body, outgoing, NOTHING).begin();
    body.take(Buffer.from('hello'));
    body.finish(trailers);
    assert.equal(await answer, received);
  }
});
