/** The pairs of client side and backend side that keep the contract, and what must hold after every case. */
import assert from 'node:assert/strict';
import { endpoint, eventually, startProxy } from '../testing.ts';
import type { ProxySpec, TestProxy } from '../testing.ts';
import { hostileBackend, talk } from './test-hostile.ts';
import type { HostileBackend, Script } from './test-hostile.ts';

export interface Pair {
  readonly name: string;
  start(spec: ProxySpec): Promise<TestProxy>;
}

export const PAIRS: readonly Pair[] = [{ name: 'http1 + http-proxy', start: startProxy }];

export const OK: Script = { send: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok' };
export const PLAIN = 'GET /plain HTTP/1.1\r\nHost: plain\r\nConnection: close\r\n\r\n';

export interface Stage {
  readonly proxy: TestProxy;
  readonly backend: HostileBackend;
}

/** Timers that keep the process alive. */
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

/** One endpoint and no retries unless `spec` says otherwise; checks what must hold after every case. */
export async function stage(
  pair: Pair,
  script: Script,
  spec: Partial<ProxySpec>,
  run: (s: Stage) => Promise<void>,
): Promise<void> {
  const before = timers();
  const backend = await hostileBackend(script);
  const proxy = await pair.start({ endpoints: [endpoint(backend.port)], retry: { attempts: 0 }, ...spec });
  try {
    await run({ proxy, backend });
    await servesOn({ proxy, backend });
    await proxy.close();
    await eventually(() => backend.open() === 0, 2000);
    await eventually(() => timers() <= before, 2000);
  } finally {
    await proxy.close();
    await backend.close();
  }
}

/** No case wedges the proxy or leaves anything in use. */
export async function servesOn({ proxy, backend }: Stage): Promise<void> {
  backend.script = OK;
  const { text } = await talk(proxy.port, { send: PLAIN });
  assert.match(text, /^HTTP\/1\.1 200 /, 'a plain request on a new connection');
  await eventually(() => [...proxy.runtime.listeners.values()].every(({ listener }) => listener.connections === 0), 4000);
  const active = /outrigger_endpoint_active_requests\{[^}]*\} (\d+)/.exec(await proxy.metrics());
  assert.equal(active?.[1], '0', 'attempts in progress');
  assert.equal(backend.requests().at(-1)?.target, '/plain');
}
