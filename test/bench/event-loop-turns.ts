/**
 * Loaded into a process under test (`node --import`): from one SIGUSR2 to the next it measures every turn of the event loop, then writes the
 * CPU time of the longest one, in ms, to the file that OUTRIGGER_TURNS_FILE names. CPU time, because on a busy machine elapsed time shows
 * mostly other processes. The measurement uses a whole CPU, so nothing else can be measured at the same time.
 */
import { writeFileSync } from 'node:fs';

const file = process.env['OUTRIGGER_TURNS_FILE'];
if (file === undefined) throw new Error('OUTRIGGER_TURNS_FILE is missing');

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
let next: NodeJS.Immediate | undefined;
let longest = 0;
let last = 0;

function turn(): void {
  const now = cpuMs();
  longest = Math.max(longest, now - last);
  last = now;
  next = setImmediate(turn);
}

process.on('SIGUSR2', () => {
  if (next === undefined) {
    longest = 0;
    last = cpuMs();
    next = setImmediate(turn);
  } else {
    clearImmediate(next);
    next = undefined;
    writeFileSync(file, String(longest));
  }
});
