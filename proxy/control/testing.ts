/** For tests: a control server in a temporary directory with a data plane that only records, and a client that signs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Location } from '../snapshot/location.ts';
import { claims, signToken, testKey } from '../snapshot/testing.ts';
import type { TestKey } from '../snapshot/testing.ts';
import type { DegradedPolicy, Rejected, Snapshot, UnhealthyEndpoint, Version } from '../snapshot/types.ts';
import { createControlServer } from './control-server.ts';
import type { ControlServer } from './control-server.ts';
import type { ControlLog } from './log.ts';
import type { DataPlane, ResolvedSnapshot } from './data-plane.ts';
import type { ControlMetrics } from './control-metrics.ts';

export { until } from '../test-until.ts';

export const POD = 'pod-uid-1';

export class FakeDataPlane implements DataPlane {
  readonly applied: ResolvedSnapshot[] = [];
  /** Location of the proxy, for each applied snapshot. */
  readonly locations: Location[] = [];
  failing: readonly Rejected[] = [];
  sick: readonly UnhealthyEndpoint[] = [];
  impaired: readonly DegradedPolicy[] = [];
  /** Awaited by every apply; a rejection makes it fail. */
  gate: () => Promise<void> = () => Promise.resolve();
  /** Says that something has changed. */
  announce: () => void = () => undefined;
  busy = 0;
  mostBusy = 0;

  async apply(snapshot: ResolvedSnapshot, location: Location): Promise<void> {
    this.mostBusy = Math.max(this.mostBusy, ++this.busy);
    try {
      await this.gate();
    } finally {
      this.busy--;
    }
    this.applied.push(snapshot);
    this.locations.push(location);
  }

  rejected(): readonly Rejected[] {
    return this.failing;
  }

  unhealthy(): readonly UnhealthyEndpoint[] {
    return this.sick;
  }

  degraded(): readonly DegradedPolicy[] {
    return this.impaired;
  }

  onNews(listener: () => void): void {
    this.announce = listener;
  }
}

export class FakeMetrics implements ControlMetrics {
  readonly counted: string[] = [];
  contacts = 0;
  onContact(): void {
    this.contacts++;
  }
  applied(version: Version): void {
    this.counted.push(`applied ${version.epoch}.${version.sequence}`);
  }
  unchanged(): void {
    this.counted.push('unchanged');
  }
  rejected(reason: string): void {
    this.counted.push(reason);
  }
}

export class FakeLog implements ControlLog {
  readonly lines: string[] = [];
  debug(): void {}
  info(): void {}
  warn(_fields: object, message: string): void {
    this.lines.push(message);
  }
  error(_fields: object, message: string): void {
    this.lines.push(message);
  }
}

export interface Rig {
  readonly control: ControlServer;
  readonly dataPlane: FakeDataPlane;
  readonly metrics: FakeMetrics;
  readonly log: FakeLog;
  readonly port: number;
  readonly folder: string;
  readonly key: TestKey;
  /** The proxy's clock, unix milliseconds. */
  readonly clock: { now: number };
  /** Result of `restore` at the start. */
  readonly restored: boolean;
}

export const NOW = 1_795_305_600_000;

/** A running control server; closed, and its directory removed, when the test ends. `over` continues another rig. */
export async function rig(t: TestContext, over: Partial<Pick<Rig, 'folder' | 'key'>> = {}): Promise<Rig> {
  const folder = over.folder ?? (await mkdtemp(join(tmpdir(), 'outrigger-control-')));
  const key = over.key ?? testKey();
  const [dataPlane, metrics, log, clock] = [new FakeDataPlane(), new FakeMetrics(), new FakeLog(), { now: NOW }];
  const options = {
    podUid: POD,
    dataPlane,
    metrics,
    stateDir: folder,
    bootstrapKeys: [key.publicKey],
    log,
    now: () => clock.now,
  };
  const control = createControlServer(options);
  const restored = await control.restore();
  const { port } = await control.start('127.0.0.1', 0);
  t.after(async () => {
    await control.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { control, dataPlane, metrics, log, port, folder, key, clock, restored };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Without it there is no Authorization header. */
  readonly token?: string;
}

/** One request on its own connection. */
export function send(port: number, sent: Sent): Promise<Answer> {
  const authorization = sent.token === undefined ? {} : { authorization: `Bearer ${sent.token}` };
  const { method = 'PUT', path = '/v1/snapshot' } = sent;
  const length = sent.body === undefined ? {} : { 'content-length': Buffer.byteLength(sent.body) };
  const headers = { ...length, ...authorization, ...sent.headers };
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text === '' ? undefined : JSON.parse(text) });
      });
    });
    req.on('error', reject);
    req.end(sent.body);
  });
}

/** A push with a matching token, unless overridden. */
export function push(to: Rig, snapshot: Snapshot, over: { key?: TestKey; claims?: object; at?: number } = {}): Promise<Answer> {
  const body = JSON.stringify(snapshot);
  const right = claims(POD, body, snapshot.version, Math.floor((over.at ?? NOW) / 1000));
  return send(to.port, { body, token: signToken(over.key ?? to.key, { ...right, ...over.claims }) });
}

/** GET /v1/status, signed. `query`: with its question mark. */
export function status(
  to: Pick<Rig, 'port' | 'key'>,
  over: { key?: TestKey; claims?: object; query?: string } = {},
): Promise<Answer> {
  const path = `/v1/status${over.query ?? ''}`;
  const right = { ...claims(POD, '', { epoch: 1, sequence: 0 }, NOW / 1000), htm: 'GET', htu: path };
  return send(to.port, { method: 'GET', path, token: signToken(over.key ?? to.key, { ...right, ...over.claims }) });
}
