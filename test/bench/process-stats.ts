import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Of /proc: 100 ticks a second on every Linux that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** CPU seconds that a process has used so far, in user and kernel mode, all its threads together; exact to 10 ms. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in brackets, and may hold anything: fields are counted from behind it (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Bytes of memory that a process holds now (VmRSS). */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} has no memory: it ended`);
  return Number(kilobytes) * 1024;
}

/** Sockets that a process holds open now, of any kind. */
export function openSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith('socket:');
    } catch {
      return false; // closed meanwhile
    }
  }).length;
}
