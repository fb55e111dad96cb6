/** CPU per request with the access log ÷ without it, to /dev/null and to a pipe that another process reads, as a container runtime does. */
import { once } from 'node:events';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { startChild } from './child.ts';
import type { Cleanup } from './cleanup.ts';
import { startBackends } from './contenders.ts';
import { whyNotPinned } from './cpu-affinity.ts';
import { formatSpread, measureCpu, type CpuSample } from './cpu-per-request.ts';
import { enterProxy, WIRE, WIRE_TITLE, type Entrant } from './lineup.ts';
import { atMost, measureRounds, ratioOf } from './rounds.ts';
import { describeCpu } from './traffic-bench.ts';

const ROUNDS = 9;
const SECONDS = 0.5;
const WARM_UP = 2;
const BOUND = 1.25;
const OFF = 'access log off';
const [NULL, PIPE] = ['access log on, to /dev/null', 'access log on, to a pipe'];

export const accessLog: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, cleanup, note) => {
  if (whyNotPinned !== undefined) note(`nothing is pinned to a CPU: ${whyNotPinned}`);
  const site = await startBackends(cleanup);
  const entrants = [
    await enterProxy(cleanup, WIRE, site, { title: OFF }),
    await enterProxy(cleanup, WIRE, site, { title: NULL, accessLog: true }),
    await enterProxy(cleanup, WIRE, site, { title: PIPE, accessLog: true, log: await readPipe(cleanup) }),
  ];
  const measure = (one: Entrant) => measureCpu(cleanup, one, seconds);
  const show = ({ micros }: CpuSample) => `${micros.toFixed(1)} µs`;
  const samples = await measureRounds(entrants, { rounds, warmUp: WARM_UP, measure, show }, note);
  return [...samples].map(([title, each]) => {
    const ratio = ratioOf(samples, title, OFF, ({ micros }) => micros);
    return {
      what: `CPU per request of ${WIRE_TITLE} ÷ that with the ${OFF}: ${title}`,
      number: `${formatSpread(ratio)}; ${describeCpu(each)}`,
      ...(title !== OFF && atMost(BOUND, ratio.median)),
    };
  });
};

/** A named pipe, whose reader forgets what it reads. */
async function readPipe(cleanup: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-pipe-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const pipe = join(folder, 'pipe');
  if (spawnSync('mkfifo', [pipe]).status !== 0) throw new Error('mkfifo failed');
  const reader = startChild({ program: 'cat', args: [pipe], cpu: 'shared' }, ['ignore', 'ignore', 'inherit']);
  const gone = once(reader, 'exit');
  cleanup.defer(async () => {
    reader.kill('SIGKILL');
    await gone;
  });
  return pipe;
}
