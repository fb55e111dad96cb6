/** When an ejection takes effect, and when it ends: one client sends one request after another, so that every pick is known. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Row } from '../bench/bench.ts';
import { median } from '../bench/stats.ts';
import { OBSERVE_PORT } from '../../proxy/snapshot/ports.ts';
import { ask } from '../integration/client.ts';
import { startBehindProxy } from './backend-faults.ts';
import type { Experiment } from './chaos.ts';
import type { FaultyBackend } from './faulty-backend-process.ts';
import { fullPassiveCheck } from './policies.ts';
import { ms } from './result-row.ts';

const OCCURRENCES = 20;
const EJECTION_MS = 400;
/** Time between two ejections, so that the second lasts no longer than the first: the back-off falls by one step in each ejection time. */
const PAUSE_MS = 2 * EJECTION_MS;
/** Interval between requests of the client, and the allowance for one probation request, timers and the machine. */
const EVERY_MS = 5;
const ALLOWANCE_MS = 100;
/** Connect failures in a row. */
const FAILURES = 3;

export const ejection: Experiment = async ({ seconds }, cleanup, note) => {
  const passive = { ...fullPassiveCheck(), consecutiveConnectFailures: FAILURES, baseEjectionTime: EJECTION_MS };
  const policy = { part: { loadBalancer: { type: 'RoundRobin' }, healthCheck: { passive } } } as const;
  const { target, address, backends } = await startBehindProxy(cleanup, 2, policy);
  const victim = backends[0] as FaultyBackend;
  const client = new Client(`http://${target}/`, address, victim.address);
  const occurrences = seconds === undefined ? OCCURRENCES : Math.max(1, Math.round((OCCURRENCES * seconds) / 60));
  const extra: number[] = [];
  const returns: number[] = [];
  for (let i = 0; i < occurrences; i += 1) {
    await victim.setMode('refuse');
    await client.requestUntil((attempts) => attempts >= FAILURES);
    const ejected = performance.now();
    const before = await client.attempts();
    await victim.setMode('normal');
    await client.requestFor(EJECTION_MS / 2);
    extra.push((await client.attempts()) - before);
    await client.requestUntilFrom(victim.address);
    returns.push(performance.now() - ejected);
    note(`${i + 1} of ${occurrences}: back after ${ms(returns.at(-1) ?? NaN)} ms`);
    await client.requestFor(PAUSE_MS);
    client.forget(await client.attempts());
  }
  return rowsOf(extra, returns);
};

/** Sends requests to the proxy, and reads from its metrics how many attempts at one backend failed. */
class Client {
  readonly #url: string;
  readonly #metrics: string;
  readonly #series: RegExp;
  #known = 0;

  constructor(url: string, proxy: string, backend: string) {
    this.#url = url;
    this.#metrics = `http://${proxy}:${OBSERVE_PORT}/metrics`;
    const name = backend.replaceAll('.', String.raw`\.`);
    this.#series = new RegExp(String.raw`^outrigger_attempts_total\{[^}]*endpoint="${name}:\d+",outcome="(\w+)"\} (\d+)`, 'gm');
  }

  /** Failed attempts at the backend since `forget`. */
  async attempts(): Promise<number> {
    const text = await (await fetch(this.#metrics)).text();
    let count = 0;
    for (const [, outcome, value] of text.matchAll(this.#series)) if (outcome !== 'ok') count += Number(value);
    return count - this.#known;
  }

  forget(attempts: number): void {
    this.#known += attempts;
  }

  async #request(): Promise<string> {
    const { status, body } = await ask(this.#url);
    if (status !== 200) throw new Error(`${status}`);
    return body.trim();
  }

  /** Sends requests without a pause until `enough` is true of the failed attempts. */
  async requestUntil(enough: (attempts: number) => boolean): Promise<void> {
    while (!enough(await this.attempts())) await this.#request();
  }

  async requestFor(duration: number): Promise<void> {
    for (const end = performance.now() + duration; performance.now() < end; await pause(EVERY_MS)) await this.#request();
  }

  async requestUntilFrom(backend: string): Promise<void> {
    while ((await this.#request()) !== backend) await pause(EVERY_MS);
  }
}

function rowsOf(extra: readonly number[], returns: readonly number[]): readonly Row[] {
  const attempts = extra.reduce((sum, count) => sum + count, 0);
  const late = Math.max(...returns) - EJECTION_MS;
  return [
    {
      what: `attempts at an endpoint after its ejection, ${extra.length} ejections`,
      number: String(attempts),
      bound: { text: '0', met: attempts === 0 },
    },
    {
      what: `from the ejection (${EJECTION_MS} ms) to the first response, ${returns.length} ejections`,
      number: `p50 ${ms(median(returns))}, max ${ms(Math.max(...returns))} ms`,
      bound: { text: `≤ ejection time + 1 probe (${ALLOWANCE_MS} ms)`, met: late <= ALLOWANCE_MS },
    },
  ];
}
