/** `npm start`: Outrigger on this machine, from the API server to three sample backends. See HELP. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster, type Cluster } from './cluster.ts';
import { explain, populate, untilReady } from './demo.ts';

const HELP = `npm start [-- --state-dir DIR]

Brings up a local cluster (an API server, a pod runner), the operator, two gateway proxies and three sample backends as
processes of this machine, applies crds/examples/, prints what to try, and stays until Ctrl-C ends all of it (a second
Ctrl-C does so at once). Every start begins with an empty cluster.

  --state-dir DIR   where state, logs and the kubeconfig go (.outrigger); emptied at the start
  --help
`;
const ROOT = join(import.meta.dirname, '..', '..');
/** One Ctrl-C arrives several times: from the terminal, from npm, from the bootstrap. */
const BURST_MS = 500;
const STOP_SECONDS = 5;
/** Marks a state folder as one of `npm start`, and names the process that uses it. */
const PID_FILE = 'start.pid';

const began = performance.now();
const progress = (text: string) => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`);

const { values } = parseArgs({
  options: { 'state-dir': { type: 'string', default: '.outrigger' }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
/** Whether a signal has arrived. */
let ending = false;
const stateDir = resolve(ROOT, values['state-dir']);
await takeStateDir(stateDir);
const starting = startCluster({ stateDir });
endOnSignals(starting);
try {
  const cluster = await starting;
  progress(`API server at ${cluster.url}`);
  await populate(cluster, progress);
  progress('waiting until all are ready, first-policy too');
  await untilReady(cluster);
  progress('ready');
  await explain(cluster, stateDir);
} catch (error) {
  if (ending) await new Promise(() => undefined); // what fails now fails because everything is being stopped
  console.error(`\n${(error as Error).message}\nLogs are in ${join(stateDir, 'logs')}`);
  await starting.then((cluster) => cluster.stop(0)).catch(() => undefined);
  process.exit(1);
}

/** Removes what an earlier start left; refuses a folder that another start uses, or that holds anything else. */
async function takeStateDir(folder: string): Promise<void> {
  const pidFile = join(folder, PID_FILE);
  const found = await readdir(folder).catch((): string[] => []);
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  const refusal =
    pid > 0 && (await isStart(pid))
      ? `Another npm start (process ${pid}) uses ${folder}: end that one first, or choose another --state-dir.`
      : found.length > 0 && !found.includes(PID_FILE)
        ? `${folder} holds something else, and would be emptied: choose another --state-dir.`
        : undefined;
  if (refusal !== undefined) {
    console.error(refusal);
    process.exit(1);
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(pidFile, `${process.pid}\n`);
}

/** Process ids are reused, so the id alone does not identify a process. */
async function isStart(pid: number): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.includes('start.ts');
}

function endOnSignals(cluster: Promise<Cluster>): void {
  let last = -Infinity;
  const end = () => {
    const now = performance.now();
    if (now - last < BURST_MS) return;
    last = now;
    const force = ending;
    ending = true;
    progress(force ? 'stopping at once' : 'stopping (Ctrl-C again to stop at once)');
    void cluster
      .then((running) => running.stop(force ? 0 : STOP_SECONDS))
      .then(() => process.exit(0))
      .catch(() => process.exit(1));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
}
