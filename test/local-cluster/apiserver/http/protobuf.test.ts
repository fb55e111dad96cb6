/** Messages are encoded byte by byte here, so that the descriptions are not tested against themselves. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { at } from '../json.ts';
import { ApiError } from '../status.ts';
import { TestServer } from '../testing.ts';
import { PROTOBUF, fromProtobuf } from './protobuf.ts';

/** A field of bytes: tag, length, content. Everything here is shorter than 128. */
const bytes = (id: number, content: string | Buffer): Buffer => {
  const body = Buffer.from(content);
  return Buffer.concat([Buffer.from([(id << 3) | 2, body.length]), body]);
};
const number = (id: number, value: number): Buffer => Buffer.from([id << 3, value]);
const join = (...parts: Buffer[]): Buffer => Buffer.concat(parts);
const envelope = (kind: string, raw: Buffer): Buffer =>
  join(Buffer.from('k8s\0'), bytes(1, join(bytes(1, 'v1'), bytes(2, kind))), bytes(2, raw), bytes(3, ''), bytes(4, ''));
const entry = (key: string, value: string): Buffer => join(bytes(1, key), bytes(2, value));

/** As Go encodes it: with every string, and empty times where none were set. */
const meta = (name: string): Buffer =>
  join(bytes(1, name), bytes(2, ''), bytes(3, ''), number(7, 0), bytes(8, ''), bytes(11, entry('empty', '')));
const secret = (name: string): Buffer =>
  envelope('Secret', join(bytes(1, meta(name)), bytes(2, entry('key', 'valué')), bytes(3, 'Opaque'), number(5, 1)));

const status = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof ApiError && error.code === code && message.test(error.message);

describe('protobuf bodies', () => {
  it('decode to the same as JSON', () => {
    assert.deepEqual(fromProtobuf(secret('s')), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', generation: 0, labels: { empty: '' } },
      data: { key: Buffer.from('valué').toString('base64') },
      type: 'Opaque',
      immutable: true,
    });
    const time = join(number(1, 90), number(2, 5));
    const dated = envelope('Namespace', join(bytes(1, bytes(8, time)), bytes(2, ''), bytes(3, bytes(1, 'Active'))));
    assert.deepEqual(fromProtobuf(dated), {
      ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { creationTimestamp: '1970-01-01T00:01:30Z' } },
      ...{ spec: {}, status: { phase: 'Active' } },
    });
  });

  it('distinguish a grace period of 0 from none', () => {
    const asked = envelope('DeleteOptions', join(number(1, 0), bytes(2, bytes(1, 'uid-1')), bytes(4, 'Background')));
    assert.deepEqual(fromProtobuf(asked), {
      ...{ apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 },
      ...{ preconditions: { uid: 'uid-1' }, propagationPolicy: 'Background' },
    });
    assert.equal(at(fromProtobuf(envelope('DeleteOptions', bytes(4, 'Orphan'))), 'gracePeriodSeconds'), undefined);
  });

  it('are refused when they are malformed, or have fields that would be lost', () => {
    assert.throws(() => fromProtobuf(Buffer.from('{}')), status(400, /expected prefix \[107 56 115 0\]/));
    assert.throws(() => fromProtobuf(secret('s').subarray(0, 40)), status(400, /broken/));
    assert.throws(() => fromProtobuf(envelope('Pod', bytes(1, meta('p')))), status(400, /kind "Pod" are not understood/));
    const owned = envelope('Secret', bytes(1, join(bytes(1, 's'), bytes(13, bytes(1, 'Pod')))));
    assert.throws(() => fromProtobuf(owned), status(400, /fields of Secret that are not understood/));
  });
});

describe('the server', () => {
  let server: TestServer;
  before(async () => (server = await TestServer.start()));
  after(() => server.close());

  it('accepts them for objects and for options, and answers in JSON', async () => {
    const headers = { 'content-type': PROTOBUF, accept: `${PROTOBUF},application/json` };
    const SECRETS = '/api/v1/namespaces/default/secrets';
    const created = await server.send('POST', SECRETS, secret('s'), headers);
    assert.equal(created.status, 201);
    assert.equal(at(created.body, 'metadata', 'managedFields') !== undefined, true);
    const other = envelope('DeleteOptions', bytes(2, bytes(1, 'another')));
    assert.equal((await server.send('DELETE', `${SECRETS}/s`, other, headers)).status, 409);
    assert.equal((await server.send('DELETE', `${SECRETS}/s`, envelope('DeleteOptions', Buffer.alloc(0)), headers)).status, 200);
    assert.equal((await server.send('POST', SECRETS, envelope('Namespace', bytes(1, meta('n'))), headers)).status, 400);
  });
});
