/** For tests of what a proxy reports: a runtime without sockets, whose probes, ejections and ports do what the test says. */
import type { Listener } from './downstream/listener.ts';
import { FakeClient } from './contract/test-fake-client.ts';
import { FakeUpstream } from './contract/test-fake-upstream.ts';
import type { EndpointState } from './endpoints/endpoint-state.ts';
import type { OnChange, OnResult, ProbeTarget } from './health/endpoint-check.ts';
import type { Prober, Watch } from './health/prober.ts';
import { RequestMetrics } from './metrics/request-metrics.ts';
import { serve } from './pipeline.ts';
import type { RequestRecord } from './request/request-record.ts';
import { Runtime } from './runtime.ts';
import type { Listener as ListenerSpec, PoolPart, Route } from './snapshot/types.ts';
import { RETRY, TIMEOUTS } from './testing.ts';

export const POLICY = 'default/p';

export function route(more: Partial<Route> = {}): Route {
  return {
    ...{ policy: POLICY, generation: 1, created: 0, hostnames: [], matches: [], destinations: [] },
    ...{ retry: RETRY, timeouts: TIMEOUTS, accessLog: { enabled: false, samplePercent: 100 } },
    ...more,
  };
}

/** Watches whose results come from the test. */
class FakeProber {
  readonly #watches = new Map<string, (ok: boolean) => void>();

  watch(target: ProbeTarget, _check: unknown, onChange: OnChange, onResult: OnResult): Watch {
    const watch = { healthy: true, checked: false, detail: '', stop: () => undefined };
    this.#watches.set(target.id, (ok) => {
      const [first, changed] = [!watch.checked, watch.healthy !== ok];
      Object.assign(watch, { healthy: ok, checked: true, detail: ok ? 'fine' : 'bad' });
      if (changed) onChange(ok, watch.detail);
      onResult(ok, first);
    });
    return watch;
  }

  /** A probe of the endpoint ends; no effect where it is not probed. */
  finish(id: string, ok: boolean): void {
    this.#watches.get(id)?.(ok);
  }
}

export class StatusWorld {
  readonly runtime: Runtime;
  readonly #prober = new FakeProber();
  /** Ports that cannot be bound. */
  readonly busyPorts = new Set<number>();
  /** What was logged about rejected listeners. */
  readonly log: string[] = [];
  #sequence = 0;

  constructor() {
    const silent = () => undefined;
    this.runtime = new Runtime({
      prober: this.#prober as unknown as Prober,
      ...{ random: () => 0.5, now: () => 0, requestMetrics: new RequestMetrics(() => 0), retire: silent, restore: silent },
      listenerLog: {
        rejected: ({ policy, reason }) => void this.log.push(`${policy} rejected: ${reason}`),
        accepted: (policy) => void this.log.push(`${policy} accepted`),
      },
      log: { checked: silent, ejected: silent, returned: silent, panic: silent },
      makeListener: (port) =>
        ({
          open: () =>
            this.busyPorts.has(port) ? Promise.reject(Object.assign(new Error(), { code: 'EADDRINUSE' })) : Promise.resolve(),
          drain: () => Promise.resolve(),
        }) as unknown as Listener,
    });
  }

  /** @param parts by the id of their pool; each is applied as a new content. */
  async apply(listeners: readonly ListenerSpec[], parts: Readonly<Record<string, PoolPart>>): Promise<void> {
    const version = { epoch: 1, sequence: ++this.#sequence };
    const digest = String(this.#sequence);
    const pools = Object.entries(parts).map(([id, part]) => ({ id, digest, part }));
    await this.runtime.apply({ version, digest, trustedKeys: [], listeners, pools });
  }

  probe(endpoint: string, ok: boolean): void {
    this.#prober.finish(endpoint, ok);
  }

  /** Ids of endpoints that refuse the connections of requests. */
  readonly down = new Set<string>();

  /** Requests to the endpoint have failed to connect until passive checks eject it, or would if they could. */
  refuse(endpoint: string): void {
    for (const set of this.runtime.endpointSets.values()) {
      const e = set.endpoints.find(({ id }) => id === endpoint);
      if (!e) continue;
      for (let i = 0; i < 3; i++) {
        const attempt = set.begin(e);
        set.health.record(attempt, 'connect', 0);
        set.end(attempt, 'failed', 0, 0);
      }
    }
  }

  /** What one GET on this port gets. Every backend that accepts connections answers 200. */
  async request(port: number): Promise<RequestRecord> {
    const served = this.runtime.listeners.get(port);
    if (!served) throw new Error(`port ${port} is not bound`);
    const records: RequestRecord[] = [];
    const record = (r: RequestRecord) => void records.push(r);
    await serve(new FakeClient('GET', '/'), served.table, {
      upstream: new FakeUpstream((target) => this.down.has((target as EndpointState).id)),
      now: () => 0,
      random: () => 0.5,
      record,
    });
    const [made] = records;
    if (!made) throw new Error('the request was not recorded');
    return made;
  }
}
