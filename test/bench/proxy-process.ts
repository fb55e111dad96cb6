import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SnapshotBodyCache, missingParts } from '../../operator/push/snapshot-body-cache.ts';
import { createProxyClient } from '../../operator/push/proxy-client.ts';
import { createSigner, generateKey } from '../../operator/signing-keys/signer.ts';
import { SnapshotVersioner, desiredContent } from '../../operator/push/versioned-snapshot.ts';
import type { SnapshotContent } from '../../operator/translate/types.ts';
import { digest } from '../../proxy/snapshot/canonical.ts';
import { OBSERVE_PORT } from '../../proxy/snapshot/ports.ts';
import type { PoolPart, Route } from '../../proxy/snapshot/types.ts';
import { PASSIVE, RETRY, TIMEOUTS } from '../../proxy/testing.ts';
import { PROXY_NODE_FLAGS } from '../../scripts/node-flags.ts';
import { engineArgs } from '../local-cluster/engines.ts';
import { BUNDLES } from './bundles.ts';
import { startServer, type Server } from './child.ts';
import type { Cleanup } from './cleanup.ts';

const POLICY = 'default/bench';
const POOL = 'default/bench/default/backend:80';
const EPOCH = 1;

export interface ProxySettings extends PolicySettings {
  /** An address that no other proxy uses: control API and metrics have fixed ports. */
  readonly address: string;
  /** In addition to address and state folder. */
  readonly args?: readonly string[];
  /** File for its log; /dev/null when absent. */
  readonly log?: string;
  /** Default: the bundle. */
  readonly program?: string;
  /** Flags of Node, in addition to those that the proxy always has. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The one policy: defaults, except RoundRobin and what is set here. */
export interface PolicySettings {
  /** Port of the listener. */
  readonly port: number;
  /** Addresses, and the port that is common to them. */
  readonly backends: readonly string[];
  readonly backendPort: number;
  readonly accessLog?: boolean;
  readonly part?: Partial<Omit<PoolPart, 'endpoints'>>;
  readonly route?: Partial<Pick<Route, 'hostnames' | 'retry' | 'timeouts'>>;
}

export interface ProxyProcess extends Server {
  /** Replaces the policy. @throws Error unless the push is acknowledged without rejections. */
  apply(settings: PolicySettings): Promise<void>;
  /** Pushes any content. @throws Error unless the push is acknowledged without rejections. */
  push(content: SnapshotContent): Promise<void>;
}

/** Starts the proxy's bundle, alone on its CPU, with one policy that was pushed and acknowledged. */
export async function startProxy(
  cleanup: Cleanup,
  { address, args = [], log, program = BUNDLES.proxy, flags = [], env, ...policy }: ProxySettings,
): Promise<ProxyProcess> {
  const stateDir = await mkdtemp(join(tmpdir(), 'outrigger-bench-'));
  cleanup.defer(() => rm(stateDir, { recursive: true, force: true }));
  const signer = createSigner(generateKey());
  const uid = randomUUID();
  const server = await startServer(
    cleanup,
    {
      flags: [...PROXY_NODE_FLAGS, ...flags],
      program,
      args: ['--bind', address, '--state-dir', stateDir, ...engineArgs(), ...args],
      env: { ...env, OUTRIGGER_POD_UID: uid, OUTRIGGER_TRUSTED_KEYS: signer.publicKey },
      cpu: 'tested',
      ...(log !== undefined && { log }),
    },
    async () => (await fetch(`http://${address}:${OBSERVE_PORT}/healthz`)).ok,
  );
  const push = createPusher(cleanup, signer, uid, address);
  const apply = (settings: PolicySettings) => push(contentOf(settings));
  await apply(policy);
  return { ...server, apply, push };
}

/** Pushes with the operator's own client and signer. */
function createPusher(cleanup: Cleanup, signer: ReturnType<typeof createSigner>, uid: string, address: string) {
  const stamper = new SnapshotVersioner(EPOCH, [signer.publicKey]);
  const client = createProxyClient();
  cleanup.defer(() => client.close());
  return async (content: SnapshotContent): Promise<void> => {
    const wanted = desiredContent(content);
    // Every push gets a version of its own: proxies refuse to go back to an older one.
    stamper.retain(new Set());
    const stamp = stamper.assignVersion(wanted, 0);
    const body = await new SnapshotBodyCache().get(stamp, missingParts(stamp, new Set()));
    const claims = {
      aud: uid,
      htm: 'PUT',
      htu: '/v1/snapshot',
      epoch: EPOCH,
      seq: stamp.version.sequence,
      zone: '',
      bsha: body.sha256,
    };
    const outcome = await client.push(address, await signer.sign(claims, Math.floor(Date.now() / 1000)), body);
    if (outcome.kind !== 'acked' || outcome.answer.rejected.length > 0) throw new Error(`the push: ${JSON.stringify(outcome)}`);
  };
}

let generation = 0;

function contentOf({
  port,
  backends,
  backendPort,
  accessLog = false,
  part: partial,
  route: more,
}: PolicySettings): SnapshotContent {
  generation += 1;
  const part: PoolPart = {
    loadBalancer: { type: 'RoundRobin' },
    healthCheck: { passive: PASSIVE },
    ...partial,
    endpoints: backends.toSorted().map((address) => {
      const id = `${address}:${backendPort}`;
      return { id, hashKey: id, address, port: backendPort, weight: 1, zone: '', state: 'active' };
    }),
  };
  const route: Route = {
    policy: POLICY,
    generation,
    created: 0,
    hostnames: [],
    matches: [],
    destinations: [{ pool: POOL, weight: 1 }],
    retry: RETRY,
    timeouts: TIMEOUTS,
    accessLog: { enabled: accessLog, samplePercent: 100 },
    ...more,
  };
  return {
    listeners: [{ port, protocol: 'HTTP', routes: [route] }],
    pools: [{ id: POOL, digest: digest(part) }],
    parts: new Map([[digest(part), part]]),
    generations: new Map([[POLICY, generation]]),
  };
}
