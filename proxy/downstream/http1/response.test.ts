import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Output } from './output.ts';
import { ClientResponse } from './response.ts';
import { ListFields } from '../../message/fields.ts';
import type { TunnelEnd } from '../../message/tunnel.ts';

/** A client that reads nothing until `read` is called. */
function client(minor: number) {
  let text = '';
  let taken: (() => void) | undefined;
  const stream = new Writable({
    highWaterMark: 64,
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString('latin1');
      taken = done;
    },
  });
  const socket = stream as unknown as Socket;
  const response = new ClientResponse({
    method: 'GET',
    minor,
    socket,
    output: new Output(socket),
    protocols: undefined,
    keepAliveLines: '',
    closes: () => false,
    answered: () => () => undefined,
    openTunnel: () => undefined as unknown as TunnelEnd,
  });
  const read = async () => {
    for (; taken; await new Promise((resolve) => setImmediate(resolve))) {
      const done = taken;
      taken = undefined;
      done();
    }
    return text;
  };
  return { response, read };
}

const link = (value: string) => new ListFields(['Link', value]);

test('interim responses are dropped while the client does not read, after the head, and for HTTP/1.0', async () => {
  const { response, read } = client(1);
  response.interim(103, link('x'.repeat(100)));
  response.interim(103, link('dropped'));
  assert.match(await read(), /x{100}\r\n\r\n$/);
  response.interim(103, link('sent'));
  assert.match(await read(), /sent\r\n\r\n$/);
  response.head({
    status: 200,
    reasonPhrase: 'OK',
    fields: link('head'),
    hasLength: false,
    trailer: undefined,
    protocol: undefined,
  });
  response.interim(103, link('late'));
  response.end(undefined, []);
  assert.doesNotMatch(await read(), /dropped|late/);

  const old = client(0);
  old.response.interim(103, link('dropped'));
  assert.equal(await old.read(), '');
});
