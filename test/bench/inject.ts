/** CPU per Pod that is injected, beside the same server with a handler that does nothing. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Bench } from './bench.ts';
import { startServer, type Server } from './child.ts';
import { pinningProblem } from './cpu-affinity.ts';
import { cpuSeconds } from './process-stats.ts';
import type { Scope } from './cleanup.ts';
import { median, spread } from './stats.ts';

const ADDRESS = '127.79.0.1';
const PORTS = { inject: 9443, nothing: 9444 } as const;
const ROUNDS = 11;
const SECONDS = 2;
/** An API server keeps a few. */
const CONNECTIONS = 8;
const BOUND = 2;

const FIXTURE = new URL('../../operator/inject/fixtures/admission.jsonl', import.meta.url);
/** A Pod as a real API server sent it, which gets a sidecar. */
const [RECORDED = ''] = readFileSync(FIXTURE, 'utf8').split('\n');
const REVIEW = Buffer.from(JSON.stringify((JSON.parse(RECORDED) as { review: object }).review));

type Contender = keyof typeof PORTS;

export const inject: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, scope, note) => {
  if (pinningProblem !== undefined) note(`nothing is pinned: ${pinningProblem}`);
  const servers = { inject: await start(scope, 'inject'), nothing: await start(scope, 'nothing') };
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, rejectUnauthorized: false });
  scope.defer(() => agent.destroy());
  const measure = async (name: Contender, ms: number): Promise<number> => {
    const before = cpuSeconds(servers[name].pid);
    const answered = await load(agent, PORTS[name], ms);
    return ((cpuSeconds(servers[name].pid) - before) / answered) * 1e6;
  };
  for (const name of ['inject', 'nothing'] as const) await measure(name, 1000);
  const found: Record<Contender, number[]> = { inject: [], nothing: [] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['inject', 'nothing'] as const) : (['nothing', 'inject'] as const);
    for (const name of order) found[name].push(await measure(name, seconds * 1000));
    note(`round ${round + 1}: ${found.inject.at(-1)?.toFixed(0)} µs, nothing ${found.nothing.at(-1)?.toFixed(0)} µs`);
  }
  const ratio = spread(found.inject.map((value, i) => value / (found.nothing[i] as number)));
  const quartiles = `quartiles ${ratio.low.toFixed(3)}–${ratio.high.toFixed(3)}`;
  return [
    {
      what: `CPU per injected Pod, webhook ÷ one that does nothing, ${rounds} paired rounds`,
      number: `${ratio.median.toFixed(3)} (${quartiles}); ${median(found.inject).toFixed(0)} µs, nothing ${median(found.nothing).toFixed(0)} µs`,
      bound: { text: `≤ ${BOUND}`, met: ratio.median <= BOUND },
    },
  ];
};

function start(scope: Scope, handler: Contender): Promise<Server> {
  const port = PORTS[handler];
  const args = ['--bind', ADDRESS, '--port', String(port), '--handler', handler];
  const agent = new Agent({ rejectUnauthorized: false });
  return startServer(scope, { program: 'test/bench/webhook.ts', args, place: 'test' }, async () => {
    const answer = JSON.parse(await ask(agent, port)) as { response: { allowed: boolean; patch?: string } };
    return answer.response.allowed && (answer.response.patch !== undefined) === (handler === 'inject');
  });
}

/** How many were answered within the time, each connection asking again as soon as it has its answer. */
async function load(agent: Agent, port: number, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let answered = 0;
  const connection = async (): Promise<void> => {
    for (; performance.now() < until; answered++) await ask(agent, port);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return answered;
}

function ask(agent: Agent, port: number): Promise<string> {
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
  if (response.statusCode !== 200) throw new Error(`the webhook answered ${response.statusCode}`);
  return Buffer.concat(chunks).toString();
}
