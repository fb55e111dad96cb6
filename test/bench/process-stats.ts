import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Unit of CPU times in /proc (USER_HZ): 100 ticks a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * CPU seconds that a process has used so far, in user and kernel mode, over the threads that it has now. The resolution is that of the
 * scheduler, 4 ms at most, where the kernel has its statistics, and 10 ms elsewhere.
 */
export function cpuSeconds(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  if (existsSync('/proc/self/schedstat')) {
    const nanoseconds = readdirSync(tasks).map((task) =>
      Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
    );
    return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9;
  }
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in brackets, which may contain spaces and brackets: count fields after it (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Bytes of memory that a process holds now (VmRSS). */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} has no memory: it has ended`);
  return Number(kilobytes) * 1024;
}

/** Number of sockets of any kind that a process has open now. */
export function openSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith('socket:');
    } catch {
      return false; // closed in the meantime
    }
  }).length;
}
