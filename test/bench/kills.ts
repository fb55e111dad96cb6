/** Backends are killed in turn by SIGKILL, and no GET fails. Response bodies are short, and written together with the head. */
import { setTimeout as delay } from 'node:timers/promises';
import { NAMESPACE, untilReady } from './bench-cluster.ts';
import type { Bench } from './bench.ts';
import { startWithBackends, measureUnderLoad } from './no-fault.ts';

const SECONDS = 60;
/** Smallest number in a run of 60 s. */
const KILLS = 20;
/** With five, each has run for more than 10 s when it is killed again, so that the pod runner's back-off stays at its minimum. */
const BACKENDS = 5;
const EVERY_MS = 2_400;

export const kills: Bench = async ({ seconds = SECONDS }, cleanup, note) => {
  const names = Array.from({ length: BACKENDS }, (_, i) => `echo-${i + 1}`);
  const { cluster, targets } = await startWithBackends(cleanup, names);
  return measureUnderLoad(cleanup, targets, seconds, note, async (more) => {
    let killed = 0;
    for (await delay(EVERY_MS / 2); more(); await delay(EVERY_MS)) {
      const name = names[killed % BACKENDS] as string;
      await untilReady(cluster.api, NAMESPACE, name);
      const pid = cluster.pods.pid(NAMESPACE, name);
      if (pid === undefined) throw new Error(`${name} is ready, but does not run`);
      process.kill(pid, 'SIGKILL');
      killed += 1;
    }
    return {
      description: `${killed} SIGKILLs of ${BACKENDS} backends in turn`,
      sufficient: killed >= Math.floor((KILLS * seconds) / SECONDS),
    };
  });
};
