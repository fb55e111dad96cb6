/** Logs of real processes, whose standard output is a pipe: what they have logged arrives, however they end. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { MAX_WAITING } from './log-output.ts';

const [LOG, OUTPUT] = ['log.ts', 'log-output.ts'].map((name) => new URL(name, import.meta.url).href);
/** Each ends within a minute, also where a test fails. */
const PRELUDE = `
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 60_000).unref();
  import { writeSync } from 'node:fs';
  import { createLogs } from '${LOG}';
  import { standardOutput } from '${OUTPUT}';
  const output = standardOutput();
  const { log, access } = createLogs('info', 'p', output);
  const requests = (count, size = 1) => { for (let i = 0; i < count; i++) access({ i, text: 'x'.repeat(size) }); };
`;

interface Line {
  readonly i?: number;
  readonly msg?: string;
  readonly lines?: number;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

const NODE = [process.execPath, '--input-type=module', '-e'] as const;

/** Runs a script with both logs; the caller reads its output, which is a socket. */
function run(script: string, [file, ...args]: readonly [string, ...string[]] = NODE): Child {
  return spawn(file, [...args, PRELUDE + script], { stdio: ['ignore', 'pipe', 'pipe'] });
}

const parsed = (output: string) =>
  output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const ended = async (child: Child) => ((await once(child, 'exit')) as [number | null])[0];

async function outcome(child: Child): Promise<{ code: unknown; lines: Line[]; errors: string }> {
  const [code, output, errors] = await Promise.all([ended(child), text(child.stdout), text(child.stderr)]);
  return { code, lines: parsed(output), errors };
}

const names = (lines: readonly Line[]) => lines.map(({ i, msg }) => msg ?? i);

test('a process that ends because it has nothing to do has written all lines, in order', async () => {
  const { code, lines } = await outcome(run(`requests(2); log.info('between'); requests(1);`));
  assert.deepEqual([code, names(lines)], [0, [0, 1, 'between', 0]]);
});

test('so has one that is stopped by SIGTERM, while its output is not read', async () => {
  const child = run(`
    const idle = setInterval(() => {}, 1000);
    process.on('SIGTERM', () => { requests(1000, 1000); clearInterval(idle); log.info('drained'); writeSync(2, 'ended'); });
    writeSync(2, 'ready');
  `);
  await once(child.stderr, 'readable');
  assert.equal(String(child.stderr.read()), 'ready');
  child.kill('SIGTERM');
  await once(child.stderr, 'readable');
  // Far more than a pipe holds.
  const { code, lines } = await outcome(child);
  assert.deepEqual([code, names(lines)], [0, [...Array(1000).keys(), 'drained']]);
});

test('so has one that an uncaught error ends, or process.exit', async () => {
  const failed = await outcome(run(`requests(3); setTimeout(() => { throw new Error('a defect'); });`));
  assert.deepEqual([failed.code, names(failed.lines)], [1, [0, 1, 2]]);
  assert.match(failed.errors, /a defect/);
  const left = await outcome(run(`requests(3); process.exit(3);`));
  assert.deepEqual([left.code, names(left.lines)], [3, [0, 1, 2]]);
});

test('a process whose output is not read goes on, in bounded memory, and tells how many lines are missing', async () => {
  const script = `
    requests(40_000, 1000);
    const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
    for (let i = 0; i < 20; i++) { await turn(); requests(10, 1000); }
    writeSync(2, JSON.stringify({ waiting: output.waiting, dropped: output.dropped }));
    while (output.waiting > 0) await turn();
    access({ i: -1 });
  `;
  // A pipe, as container runtimes have it, to a program that stops reading when its own output is not read.
  const child = run(script, ['sh', '-c', `'${NODE.join("' '")}' "$0" | cat`]);
  await once(child.stderr, 'readable');
  const { waiting, dropped } = JSON.parse(String(child.stderr.read())) as { waiting: number; dropped: number };
  assert.ok(waiting <= MAX_WAITING + 2000 && waiting > MAX_WAITING - 2 ** 20, String(waiting));
  const { code, lines } = await outcome(child);
  assert.equal(code, 0);
  const kept = 40_200 - dropped;
  assert.deepEqual(names(lines.slice(0, kept)), [...Array(kept).keys()]);
  assert.deepEqual(
    lines.slice(kept).map(({ i, lines: missing }) => i ?? missing),
    [dropped, -1],
  );
});

test('a process whose reader is gone goes on, and ends', async () => {
  const child = run(`
    setTimeout(() => { requests(3); log.info('into the void'); }, 10);
    setTimeout(() => writeSync(2, 'still here'), 200);
  `);
  child.stdout.destroy();
  const [code, errors] = await Promise.all([ended(child), text(child.stderr)]);
  assert.deepEqual([code, errors], [0, 'still here']);
});
