import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import test from 'node:test';
import { AddressBlock } from '../local-cluster/pods.ts';
import { startServer } from './child.ts';
import { Cleanup } from './cleanup.ts';

const PORT = 8080;

test('the splice passes bytes both ways, and the end of one side on to the other', async (t) => {
  const cleanup = new Cleanup();
  t.after(() => cleanup.run());
  const addresses = await AddressBlock.claim(process.env['OUTRIGGER_TEST_POD_PREFIX']);
  cleanup.defer(() => addresses.release());
  const [front, back] = [addresses.take(), addresses.take()];
  const server = createServer();
  await once(server.listen(PORT, back), 'listening');
  cleanup.defer(() => void server.close());
  const args = ['--bind', front, '--port', String(PORT), '--backend', `${back}:${PORT}`];
  await startServer(cleanup, { program: 'test/bench/splice.ts', args }, async () => {
    const probe = connect(PORT, front);
    await once(probe, 'connect');
    const [first] = (await once(server, 'connection')) as [Socket];
    first.destroy();
    await once(probe.resume(), 'close');
    return true;
  });
  for (const order of ['client first', 'backend first']) {
    const client = connect(PORT, front);
    const [backend] = (await once(server, 'connection')) as [Socket];
    client.write('question');
    assert.equal(String((await once(backend, 'data'))[0]), 'question');
    backend.write('answer');
    assert.equal(String((await once(client, 'data'))[0]), 'answer');
    const [one, other] = order === 'client first' ? [client, backend] : [backend, client];
    const closed = once(other.resume(), 'close');
    one.destroy();
    await closed;
  }
});
