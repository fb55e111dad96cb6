/** `npm start` as a user runs it, until it prints what to try, and until a signal to npm alone has ended every process. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { ensureKubectl } from '../../scripts/tools.ts';
import { until } from '../local-cluster/cluster.ts';
import { external } from './platform.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test(
  'npm start: two gateways balance over three backends, kubectl works, a signal ends every process',
  { skip: external.ownCluster },
  async (t) => {
    const kubectl = await ensureKubectl(); // a download does not count as start time
    const stateDir = await mkdtemp(join(tmpdir(), 'outrigger-start-'));
    await rm(stateDir, { recursive: true }); // the program creates it
    const child = spawn('npm', ['start', '--', '--state-dir', stateDir], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit') as Promise<[code: number | null]>;
    t.after(async () => {
      child.kill('SIGTERM');
      await exited;
      await rm(stateDir, { recursive: true, force: true });
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await until('it prints what to try', 60_000, () => printed.includes('Ctrl-C ends everything') || child.exitCode !== null);

    const gateways = [...printed.matchAll(/curl (http:\S+:8080\/)/g)].map(([, url]) => url ?? '');
    assert.equal(gateways.length, 2, printed);
    for (const url of gateways) {
      const answers = new Set<string>();
      await until(
        'all three backends have answered',
        10_000,
        async () => answers.add(await (await fetch(url)).text()).size === 3,
      );
      assert.deepEqual([...answers].sort(), ['hello from echo-1\n', 'hello from echo-2\n', 'hello from echo-3\n']);
    }
    const metrics = [...printed.matchAll(/curl (http:\S+\/metrics)/g)].map(([, url]) => url ?? '');
    assert.equal(metrics.length, 3);
    for (const url of metrics) assert.match(await (await fetch(url)).text(), /^outrigger_/m);
    const pages = [...printed.matchAll(/(http:\S+:9901\/stats)$/gm)].map(([, url]) => url ?? '');
    assert.equal(pages.length, 2);
    for (const url of pages) assert.match(await (await fetch(url)).text(), /default\/first-policy.*echo-1/);

    const kubeconfig = /export KUBECONFIG=(\S+)/.exec(printed)?.[1] ?? '';
    const run = (...args: string[]) => promisify(execFile)(kubectl, args, { env: { KUBECONFIG: kubeconfig, HOME: stateDir } });
    // The count of proxies follows within 10 s.
    assert.match((await run('get', 'lbp')).stdout, /first-policy +True +LeastRequest +8080 +3\/3 +\d\/2 /);
    await run('apply', '-f', /kubectl apply -f (\S+)/.exec(printed)?.[1] ?? '');
    await until('the fourth backend answers', 10_000, async () =>
      (await (await fetch(gateways[0] ?? '')).text()).includes('echo-4'),
    );

    child.kill('SIGINT');
    const [code] = await exited;
    assert.equal(code, 0);
    const api = /API server at (\S+)/.exec(printed)?.[1] ?? '';
    for (const url of [...gateways, ...metrics, api]) await assert.rejects(fetch(url), { message: 'fetch failed' }, url);
  },
);
