/** The engines under test, alone and in pairs, and what must hold after every case. */
import assert from 'node:assert/strict';
import { endpoint, eventually, startProxy } from '../testing.ts';
import type { ProxySpec, TestProxy } from '../testing.ts';
import { assertAnswers, takeConversations, unwatchAnswers, watchAnswers } from './test-answers.ts';
import { FakeClient } from './test-fake-client.ts';
import { FakeUpstream } from './test-fake-upstream.ts';
import { hostileBackend, talk } from './test-hostile.ts';
import type { HostileBackend, Script } from './test-hostile.ts';
import { readResponses } from './test-strict.ts';
import type { Response } from './test-strict.ts';
import type { Upstream } from '../message/attempt.ts';
import { HttpProxyUpstream } from '../upstream/http-proxy/index.ts';
import { Http1Upstream } from '../upstream/http1/index.ts';

/** A backend that reports what it received. */
export type TestBackend = Pick<HostileBackend, 'port' | 'requests' | 'open' | 'connections' | 'script' | 'close'>;

/** An engine of the backend's side, with backends that speak its protocol. */
export interface UpstreamEngine<B extends TestBackend = TestBackend> {
  readonly name: string;
  openBackend(script: Script): Promise<{ readonly backend: B; readonly createUpstream?: () => Upstream }>;
}

const HTTP_PROXY: UpstreamEngine<HostileBackend> = {
  name: 'http-proxy',
  openBackend: async (script) => ({
    backend: await hostileBackend(script),
    createUpstream: () => new HttpProxyUpstream(() => performance.now()),
  }),
};

const HTTP1_UPSTREAM: UpstreamEngine<HostileBackend> = {
  name: 'http1',
  openBackend: async (script) => ({
    backend: await hostileBackend(script),
    createUpstream: () => new Http1Upstream(() => performance.now()),
  }),
};

/** Answers every request alike, whatever the script. */
const FAKE_UPSTREAM: UpstreamEngine = {
  name: 'fake upstream',
  openBackend: (script) => {
    const upstream = new FakeUpstream();
    const backend = {
      port: 9,
      connections: 0,
      script,
      requests: () => upstream.requests,
      open: () => upstream.open.size,
      close: () => Promise.resolve(),
    };
    return Promise.resolve({ backend, createUpstream: () => upstream });
  },
};

/** Each of these is tried behind each engine of the client's side, with everything that clients may send. */
export const UPSTREAMS: readonly UpstreamEngine[] = [HTTP_PROXY, HTTP1_UPSTREAM, FAKE_UPSTREAM];

export interface Received {
  /** Interim responses and the final one, those that are whole. */
  readonly messages: readonly Response[];
  /** The client could see that the last response was not whole. */
  readonly cut: boolean;
  /** For assertion messages. */
  readonly text: string;
}

/** An engine of the client's side, with clients that speak its protocol. */
export interface DownstreamEngine {
  readonly name: string;
  /** Has no connections: cases about bytes on a connection cannot be tried with it. */
  readonly inMemory: boolean;
  /** Selects it, where it listens. */
  readonly spec: Pick<ProxySpec, 'downstreamEngine'>;
  /** Requests of one connection that may wait; more are refused. Infinity: they stay in the socket. */
  readonly waiting: number;
  /** Sends one request, given as HTTP/1 text; returns what the client receives until the response ends. */
  ask(proxy: TestProxy, request: string): Promise<Received>;
}

const NODE_HTTP: DownstreamEngine = {
  name: 'node-http',
  inMemory: false,
  spec: { downstreamEngine: 'node-http' },
  waiting: 64,
  async ask(proxy, request) {
    const { text, ended } = await talk(proxy.port, { send: request });
    const { messages, rest } = readResponses(text, [request.slice(0, request.indexOf(' '))], ended === 'closed');
    assert.ok(rest !== '' || ended === 'closed', 'a whole response ends in an orderly way');
    return { messages, cut: rest !== '', text };
  },
};

const HTTP1: DownstreamEngine = { ...NODE_HTTP, name: 'http1', spec: { downstreamEngine: 'http1' }, waiting: Infinity };

const FAKE_CLIENT: DownstreamEngine = {
  name: 'fake client',
  inMemory: true,
  spec: {},
  waiting: 0,
  async ask(proxy, request) {
    const [method = '', target = ''] = request.split(' ');
    const client = new FakeClient(method, target);
    proxy.handle(client);
    const cut = (await client.done) === 'cut';
    return { messages: client.messages, cut, text: JSON.stringify(client.messages) };
  },
};

/** Each of these is tried in front of each engine of the backend's side, with everything that backends may answer. */
export const DOWNSTREAMS: readonly DownstreamEngine[] = [NODE_HTTP, HTTP1, FAKE_CLIENT];

/** Two real engines: bytes are compared from end to end. */
export interface Pair {
  readonly name: string;
  readonly upstream: UpstreamEngine<HostileBackend>;
  readonly downstream: DownstreamEngine;
}

export const PAIRS: readonly Pair[] = [
  { name: 'node-http + http-proxy', upstream: HTTP_PROXY, downstream: NODE_HTTP },
  { name: 'node-http + http1', upstream: HTTP1_UPSTREAM, downstream: NODE_HTTP },
  { name: 'http1 + http-proxy', upstream: HTTP_PROXY, downstream: HTTP1 },
  { name: 'http1 + http1', upstream: HTTP1_UPSTREAM, downstream: HTTP1 },
];

export const OK: Script = { send: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok' };
export const PLAIN = 'GET /plain HTTP/1.1\r\nHost: plain\r\nConnection: close\r\n\r\n';

export interface Stage<B extends TestBackend = HostileBackend> {
  readonly proxy: TestProxy;
  readonly backend: B;
}

/** Timers that keep the process alive. */
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

/** One endpoint and no retries unless `spec` says otherwise; checks what must hold after every case. */
export async function stage<B extends TestBackend>(
  { upstream, downstream }: { readonly upstream: UpstreamEngine<B>; readonly downstream: DownstreamEngine },
  script: Script,
  spec: Partial<ProxySpec>,
  run: (s: Stage<B>) => Promise<void>,
): Promise<void> {
  const before = timers();
  const { backend, createUpstream } = await upstream.openBackend(script);
  const own = { ...downstream.spec, ...(createUpstream && { createUpstream }) };
  const proxy = await startProxy({ endpoints: [endpoint(backend.port)], retry: { attempts: 0 }, ...own, ...spec });
  watchAnswers(proxy.port);
  try {
    await run({ proxy, backend });
    await servesOn({ proxy, backend }, downstream);
    takeConversations(proxy.port).forEach(assertAnswers);
    await proxy.close();
    await eventually(() => backend.open() === 0, 2000);
    await eventually(() => timers() <= before, 2000);
  } finally {
    unwatchAnswers(proxy.port);
    await proxy.close();
    await backend.close();
  }
}

/** The proxy still serves, and nothing is in use any more. */
export async function servesOn({ proxy, backend }: Stage<TestBackend>, downstream: DownstreamEngine = HTTP1): Promise<void> {
  backend.script = OK;
  const { messages } = await downstream.ask(proxy, PLAIN);
  assert.equal(messages.at(-1)?.status, 200, 'a plain request on a new connection');
  await eventually(() => [...proxy.runtime.listeners.values()].every(({ listener }) => listener.connections === 0), 4000);
  const active = /outrigger_endpoint_active_requests\{[^}]*\} (\d+)/.exec(await proxy.metrics());
  assert.equal(active?.[1], '0', 'attempts in progress');
  assert.equal(backend.requests().at(-1)?.target, '/plain');
}
