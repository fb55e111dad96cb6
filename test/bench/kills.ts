/** Backends are killed in turn, without a warning, and no GET fails. Their bodies are short, and written at once with the head. */
import { setTimeout as delay } from 'node:timers/promises';
import { NAMESPACE, untilReady } from './bench-cluster.ts';
import type { Bench } from './bench.ts';
import { startWithBackends, underLoad } from './no-fault.ts';

const SECONDS = 60;
/** At least so many in a run of 60 s. */
const KILLS = 20;
/** Five, so that each has run for more than 10 s when its turn comes again, and the pod runner's back-off stays at its shortest. */
const BACKENDS = 5;
const EVERY_MS = 2_400;

export const kills: Bench = async ({ seconds = SECONDS }, scope, note) => {
  const names = Array.from({ length: BACKENDS }, (_, i) => `echo-${i + 1}`);
  const { cluster, targets } = await startWithBackends(scope, names);
  return underLoad(scope, targets, seconds, note, async (more) => {
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
      done: `${killed} SIGKILLs of ${BACKENDS} backends in turn`,
      enough: killed >= Math.floor((KILLS * seconds) / SECONDS),
    };
  });
};
