/** CPU per injected Pod, compared with the same server and a handler that does nothing. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Bench } from './bench.ts';
import { startServer, type Server } from './child.ts';
import { whyNotPinned } from './cpu-affinity.ts';
import { cpuSeconds } from './process-stats.ts';
import type { Cleanup } from './cleanup.ts';
import { median, spread } from './stats.ts';

const ADDRESS = '127.79.0.1';
const PORTS = { inject: 9443, noop: 9444 } as const;
const ROUNDS = 11;
const SECONDS = 2;
/** An API server keeps a few connections open. */
const CONNECTIONS = 8;
const BOUND = 2;

const FIXTURE = new URL('../../operator/inject/fixtures/admission.jsonl', import.meta.url);
/** The review of a Pod that gets a sidecar, recorded from a real API server. */
const [RECORDED = ''] = readFileSync(FIXTURE, 'utf8').split('\n');
const REVIEW = Buffer.from(JSON.stringify((JSON.parse(RECORDED) as { review: object }).review));

type Handler = keyof typeof PORTS;

export const inject: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, cleanup, note) => {
  if (whyNotPinned !== undefined) note(`nothing is pinned to a CPU: ${whyNotPinned}`);
  const servers = { inject: await start(cleanup, 'inject'), noop: await start(cleanup, 'noop') };
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, rejectUnauthorized: false });
  cleanup.defer(() => agent.destroy());
  const measure = async (name: Handler, ms: number): Promise<number> => {
    const before = cpuSeconds(servers[name].pid);
    const answered = await postRepeatedly(agent, PORTS[name], ms);
    return ((cpuSeconds(servers[name].pid) - before) / answered) * 1e6;
  };
  for (const name of ['inject', 'noop'] as const) await measure(name, 1000);
  const samples: Record<Handler, number[]> = { inject: [], noop: [] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['inject', 'noop'] as const) : (['noop', 'inject'] as const);
    for (const name of order) samples[name].push(await measure(name, seconds * 1000));
    note(`round ${round + 1}: ${samples.inject.at(-1)?.toFixed(0)} µs, noop ${samples.noop.at(-1)?.toFixed(0)} µs`);
  }
  const ratio = spread(samples.inject.map((value, i) => value / (samples.noop[i] as number)));
  const quartiles = `quartiles ${ratio.low.toFixed(3)}–${ratio.high.toFixed(3)}`;
  return [
    {
      what: `CPU per injected Pod, webhook ÷ a handler that does nothing, ${rounds} paired rounds`,
      number: `${ratio.median.toFixed(3)} (${quartiles}); ${median(samples.inject).toFixed(0)} µs ÷ ${median(samples.noop).toFixed(0)} µs`,
      bound: { text: `≤ ${BOUND}`, met: ratio.median <= BOUND },
    },
  ];
};

function start(cleanup: Cleanup, handler: Handler): Promise<Server> {
  const port = PORTS[handler];
  const args = ['--bind', ADDRESS, '--port', String(port), '--handler', handler];
  const agent = new Agent({ rejectUnauthorized: false });
  return startServer(cleanup, { program: 'test/bench/webhook.ts', args, cpu: 'tested' }, async () => {
    const answer = JSON.parse(await post(agent, port)) as { response: { allowed: boolean; patch?: string } };
    return answer.response.allowed && (answer.response.patch !== undefined) === (handler === 'inject');
  });
}

/** Number of responses within the time; each connection sends the next review as soon as it has the response. */
async function postRepeatedly(agent: Agent, port: number, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let answered = 0;
  const connection = async (): Promise<void> => {
    for (; performance.now() < until; answered++) await post(agent, port);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return answered;
}

function post(agent: Agent, port: number): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': REVIEW.length };
  return new Promise((resolve, reject) => {
    const sent = request({ host: ADDRESS, port, path: '/inject?timeout=3s', method: 'POST', agent, headers }, (response) => {
      read(response).then(resolve, reject);
    });
    sent.on('error', reject).end(REVIEW);
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  if (response.statusCode !== 200) throw new Error(`the webhook responded with ${response.statusCode}`);
  return Buffer.concat(chunks).toString();
}
