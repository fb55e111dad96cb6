import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Standard output and error together, and the exit code (a signal counts as 1). */
function capture(command: readonly string[], signal: AbortSignal): Promise<{ code: number; output: string }> {
  const [file, ...args] = command;
  const child = spawn(file ?? '', args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}

/**
 * Runs commands side by side, as many as there are CPUs, and prints each as it ends, with its output if it failed. An aborted `signal`
 * ends them all.
 *
 * @returns the names of those that failed
 */
export async function runChecks(checks: Readonly<Record<string, readonly string[]>>, signal: AbortSignal): Promise<string[]> {
  const waiting = Object.entries(checks);
  const failed: string[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
      const [name, command] = next;
      const started = performance.now();
      const { code, output } = await capture(command, signal);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? '✔' : '✖'} ${name} (${seconds} s)`);
      if (code !== 0) failed.push(name);
      if (code !== 0 || name === 'build') console.log(output.trimEnd().replace(/^/gm, '    '));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return failed;
}
