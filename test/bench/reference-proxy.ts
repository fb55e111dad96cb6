/** HAProxy and nginx, to compare with: each from a configuration file, in one process with a CPU of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type Server } from './child.ts';
import type { Cleanup } from './cleanup.ts';

export type ReferenceName = 'haproxy' | 'nginx';

/** Why it cannot run here; undefined when it can. */
export function whyUnavailable(name: ReferenceName): string | undefined {
  return spawnSync(name, ['-v'], { stdio: 'ignore' }).error && `${name} is not installed (apt-get install ${name})`;
}

/**
 * Starts it, and waits until it forwards a request.
 * @param target `HOST:PORT` on which it listens.
 * @param config text of the file. `folder`: its own one, which the cleanup removes.
 * @throws Error with its log when it does not start.
 */
export async function startReference(
  cleanup: Cleanup,
  name: ReferenceName,
  target: string,
  config: (folder: string) => string,
): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-reference-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'config');
  await writeFile(file, config(folder));
  const args = name === 'haproxy' ? ['-db', '-f', file] : ['-p', folder, '-c', file, '-e', 'error.log'];
  const log = join(folder, 'log');
  const answers = async () => (await fetch(`http://${target}/`)).ok;
  return startServer(cleanup, { program: name, args, cpu: 'tested', log }, answers).catch(async (error: unknown) => {
    throw new Error(`${name}: ${await readFile(log, 'utf8')}`, { cause: error });
  });
}

/** An nginx in one process, around the upstream and server blocks of one service. */
export function nginxFrame(folder: string, http: string): string {
  return `
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log crit;
events { worker_connections 4096; }
http {
  access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((use) => `  ${use}_temp_path ${folder}/${use};`).join('\n')}
${http}
}
`;
}
