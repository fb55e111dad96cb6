import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bodies, lacking } from '../../operator/push/bodies.ts';
import { createProxyClient } from '../../operator/push/client.ts';
import { createSigner, generateKey } from '../../operator/push/signer.ts';
import { Stamper, wish } from '../../operator/push/stamp.ts';
import type { SnapshotContent } from '../../operator/translate/types.ts';
import { digest } from '../../proxy/snapshot/canonical.ts';
import { OBSERVE_PORT, type PoolPart, type Route } from '../../proxy/snapshot/types.ts';
import { PASSIVE, RETRY, TIMEOUTS } from '../../proxy/testing.ts';
import { BUNDLES } from './bundles.ts';
import { startServer } from './child.ts';
import type { Scope } from './scope.ts';

const POLICY = 'default/bench';
const POOL = 'default/bench/default/backend:80';
const EPOCH = 1;

export interface ProxySettings {
  /** Of this proxy alone: its control API and metrics have fixed ports. */
  readonly address: string;
  /** Of the listener. */
  readonly port: number;
  /** Addresses, and the one port they share. */
  readonly backends: readonly string[];
  readonly backendPort: number;
  readonly accessLog: boolean;
}

/** The proxy's bundle, alone on the CPU under test, with one policy (defaults, but RoundRobin) that was pushed and acknowledged. */
export async function startProxy(scope: Scope, settings: ProxySettings): Promise<number> {
  const { address } = settings;
  const stateDir = await mkdtemp(join(tmpdir(), 'outrigger-bench-'));
  scope.defer(() => rm(stateDir, { recursive: true, force: true }));
  const signer = createSigner(generateKey());
  const uid = randomUUID();
  const pid = await startServer(
    scope,
    {
      program: BUNDLES.proxy,
      args: ['--bind', address, '--state-dir', stateDir],
      env: { OUTRIGGER_POD_UID: uid, OUTRIGGER_TRUSTED_KEYS: signer.publicKey },
      place: 'test',
    },
    async () => (await fetch(`http://${address}:${OBSERVE_PORT}/healthz`)).ok,
  );
  await push(signer, uid, address, contentOf(settings));
  return pid;
}

/** One push, as the operator does it. @throws Error unless it is acknowledged as it is. */
async function push(
  signer: ReturnType<typeof createSigner>,
  uid: string,
  address: string,
  content: SnapshotContent,
): Promise<void> {
  const stamp = new Stamper(EPOCH, [signer.publicKey]).stamp(wish(content), 0);
  const body = await new Bodies().get(stamp, lacking(stamp, new Set()));
  const claims = {
    aud: uid,
    htm: 'PUT',
    htu: '/v1/snapshot',
    epoch: EPOCH,
    seq: stamp.version.sequence,
    zone: '',
    bsha: body.sha256,
  };
  const client = createProxyClient();
  try {
    const outcome = await client.push(address, await signer.sign(claims, Math.floor(Date.now() / 1000)), body);
    if (outcome.kind !== 'acked' || outcome.answer.rejected.length > 0) throw new Error(`the push: ${JSON.stringify(outcome)}`);
  } finally {
    await client.close();
  }
}

function contentOf({ port, backends, backendPort, accessLog }: ProxySettings): SnapshotContent {
  const part: PoolPart = {
    loadBalancer: { type: 'RoundRobin' },
    healthCheck: { passive: PASSIVE },
    endpoints: backends.toSorted().map((address) => {
      const id = `${address}:${backendPort}`;
      return { id, hashKey: id, address, port: backendPort, weight: 1, zone: '', state: 'active' };
    }),
  };
  const route: Route = {
    policy: POLICY,
    generation: 1,
    created: 0,
    hostnames: [],
    matches: [],
    destinations: [{ pool: POOL, weight: 1 }],
    retry: RETRY,
    timeouts: TIMEOUTS,
    accessLog: { enabled: accessLog, samplePercent: 100 },
  };
  return {
    listeners: [{ port, protocol: 'HTTP', routes: [route] }],
    pools: [{ id: POOL, digest: digest(part) }],
    parts: new Map([[digest(part), part]]),
    generations: new Map([[POLICY, 1]]),
  };
}
