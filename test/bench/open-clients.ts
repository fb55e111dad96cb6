/** Many idle clients as a process of their own; see idle-clients.ts. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { startChild } from './child.ts';
import type { Cleanup } from './cleanup.ts';

/** Resolves when all are connected and have a response. `disconnect` rejects when one of them has lost its connection before. */
export async function openClients(cleanup: Cleanup, target: string, count: number): Promise<{ disconnect: () => Promise<void> }> {
  const args = ['--target', target, '--count', String(count)];
  const child = startChild({ program: 'test/bench/idle-clients.ts', args, cpu: 'shared' }, ['ignore', 'pipe', 'inherit']);
  const gone = once(child, 'exit');
  const end = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  cleanup.defer(end);
  const first = once(createInterface({ input: child.stdout as Readable }), 'line').then(([line]) => String(line));
  if ((await Promise.race([first, gone.then(() => undefined)])) !== 'open')
    throw new Error(`not all of ${count} clients are connected`);
  const disconnect = async () => {
    if (child.exitCode !== null) throw new Error('an idle client lost its connection');
    await end();
  };
  return { disconnect };
}
