/** For tests: real control servers on loopback addresses, a fleet for them, and contents. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createControlServer } from '../../proxy/control/control-server.ts';
import type { ControlServer } from '../../proxy/control/control-server.ts';
import { FakeDataPlane, FakeLog, FakeMetrics } from '../../proxy/control/testing.ts';
import { digest } from '../../proxy/snapshot/canonical.ts';
import { listener } from '../../proxy/snapshot/testing.ts';
import type { PoolPart, Snapshot, Version } from '../../proxy/snapshot/types.ts';
import type { Leader } from '../leader/leader.ts';
import type { ProxyTarget, SnapshotContent, Translation } from '../translate/types.ts';
import { createProxyClient } from './proxy-client.ts';
import type { ClientOptions, ProxyClient } from './proxy-client.ts';
import { createFleet } from './fleet.ts';
import { WaitingProxy } from './test-waiting-proxy.ts';
import type { PushTiming } from './proxy-state.ts';
import type { Fleet, KeyDistribution } from './fleet-types.ts';
import { createSigner, generateKey } from '../signing-keys/signer.ts';
import type { Signer } from '../signing-keys/signer.ts';

/** A content with a pool per part. */
export function content(parts: readonly PoolPart[], generation = 1): SnapshotContent {
  const pools = parts.map((part, i) => ({ id: `default/web/default/web-${i}:80`, digest: digest(part) }));
  const listeners = pools.map(({ id }, i) => listener(8000 + i, 'default/web', id));
  const byDigest = new Map(parts.map((part) => [digest(part), part]));
  return { listeners, pools, parts: byDigest, generations: new Map([['default/web', generation]]) };
}

export function target(uid: string, address: string, over: Partial<ProxyTarget> = {}): ProxyTarget {
  const name = `outrigger/${uid}`;
  return { uid, name, address, container: 'c1', ready: true, terminating: false, selection: 's', ...over };
}

/** Every proxy gets `contents`, an only content or one by selection. */
export function translation(
  proxies: readonly ProxyTarget[],
  contents: SnapshotContent | Record<string, SnapshotContent>,
): Translation {
  const bySelection = new Map(Object.entries(isContent(contents) ? { s: contents } : contents));
  return { contents: bySelection, proxies, verdicts: new Map(), portNames: new Map() };
}

function isContent(value: SnapshotContent | Record<string, SnapshotContent>): value is SnapshotContent {
  return value['generations'] instanceof Map;
}

export interface TestProxy {
  readonly uid: string;
  readonly address: string;
  readonly folder: string;
  dataPlane: FakeDataPlane;
  metrics: FakeMetrics;
  /** Milliseconds that its clock is ahead. */
  skew: number;
  control: ControlServer;
}

export interface Sent {
  readonly kind: 'push' | 'status' | 'wait';
  readonly address: string;
  /** What became of it, once it is known. */
  outcome?: string;
  /** The body of a push, decoded. */
  readonly snapshot?: Snapshot;
}

/** Short enough for tests. Status queries come only where a test enables them. */
export const QUICK: PushTiming = {
  retry: { base: 10, max: 50 },
  statusInterval: 3_600_000,
  firstStatus: 3_600_000,
  newsPause: 3_600_000,
};

export class Rig {
  readonly signer: Signer = createSigner(generateKey());
  readonly sent: Sent[] = [];
  readonly fenced: Version[] = [];
  readonly propagated: number[] = [];
  readonly results: string[] = [];
  changed = 0;
  /** Whether the Lease is held; the epoch alone does not say so. */
  leading = true;
  skew = 0;
  counts: Readonly<Record<string, number>> = {};
  readonly #ports = new Map<string, number>();
  readonly #t: TestContext;
  #addresses = 0;

  constructor(t: TestContext) {
    this.#t = t;
  }

  /** A real control server on its own address. */
  async proxy(uid: string, bootstrapKeys?: string[]): Promise<TestProxy> {
    const folder = await mkdtemp(join(tmpdir(), 'outrigger-fleet-'));
    const address = `127.9.0.${++this.#addresses}`;
    const proxy = { uid, address, folder, skew: 0 } as TestProxy;
    this.#t.after(async () => {
      await proxy.control.close();
      await rm(folder, { recursive: true, force: true });
    });
    await this.boot(proxy, bootstrapKeys);
    return proxy;
  }

  /** Starts the proxy's container, or restarts it. */
  async boot(proxy: TestProxy, bootstrapKeys = [this.signer.publicKey]): Promise<void> {
    proxy.dataPlane = new FakeDataPlane();
    proxy.metrics = new FakeMetrics();
    const { uid: podUid, dataPlane, metrics, folder: stateDir } = proxy;
    const now = (): number => Date.now() + proxy.skew;
    proxy.control = createControlServer({ podUid, dataPlane, metrics, stateDir, bootstrapKeys, log: new FakeLog(), now });
    await proxy.control.restore();
    const { port } = await proxy.control.start(proxy.address, 0);
    this.#ports.set(proxy.address, port);
  }

  /** A proxy on its own address whose answers the test controls. */
  async waitingProxy(uid: string): Promise<{ readonly proxy: WaitingProxy; readonly address: string }> {
    const proxy = new WaitingProxy(uid, this.signer.publicKey);
    const address = `127.9.0.${++this.#addresses}`;
    this.route(address, await proxy.start(this.#t, address));
    return { proxy, address };
  }

  /** Sends what is for this address to a port; for servers that are no proxies. */
  route(address: string, port: number): void {
    this.#ports.set(address, port);
  }

  /** A fleet that is stopped when the test ends. */
  fleet(
    timing: Partial<PushTiming> = {},
    client: ProxyClient = this.client(),
    leader?: Pick<Leader, 'leading' | 'acquireAbove'>,
  ): Fleet & KeyDistribution {
    const fleet = createFleet({
      keys: { signer: this.signer, trustedKeys: [this.signer.publicKey] },
      client: this.#recording(client),
      leading: () => leader?.leading ?? this.leading,
      events: { changed: () => void this.changed++, fenced: (current) => this.#fenced(current, leader) },
      metrics: {
        pushed: (result) => void this.results.push(result),
        propagated: (seconds) => void this.propagated.push(seconds),
        proxies: (counts) => void (this.counts = counts),
        skew: (seconds) => void (this.skew = seconds),
      },
      now: () => performance.now(),
      unixNow: () => Date.now(),
      random: Math.random,
      timing: { ...QUICK, ...timing },
    });
    this.#t.after(() => fleet.stop());
    return fleet;
  }

  #fenced(current: Version, leader: Pick<Leader, 'acquireAbove'> | undefined): void {
    this.fenced.push(current);
    leader?.acquireAbove(current.epoch);
  }

  client(options: Pick<ClientOptions, 'timeouts'> = {}): ProxyClient {
    return createProxyClient({ ...options, origin: (address) => `http://${address}:${this.#ports.get(address) ?? 1}` });
  }

  /** What was pushed to an address, in order. */
  pushes(address: string): readonly Sent[] {
    return this.sent.filter((one) => one.kind === 'push' && one.address === address);
  }

  #recording(client: ProxyClient): ProxyClient {
    return {
      push: async (address, token, body) => {
        const text = (body.gzip ? gunzipSync(body.bytes) : body.bytes).toString();
        const one: Sent = { kind: 'push', address, snapshot: JSON.parse(text) as Snapshot };
        this.sent.push(one);
        const outcome = await client.push(address, token, body);
        one.outcome = outcome.kind;
        return outcome;
      },
      status: async (address, token, wait) => {
        const one: Sent = { kind: wait ? 'wait' : 'status', address };
        this.sent.push(one);
        const outcome = await client.status(address, token, wait);
        one.outcome = outcome.kind;
        return outcome;
      },
      close: () => client.close(),
    };
  }
}
