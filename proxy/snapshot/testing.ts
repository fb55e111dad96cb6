/**
 * For tests: small valid snapshots, and tokens signed without the operator's signer, so that verifier and signer are tested
 * separately.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { digest } from './canonical.ts';
import type { Endpoint, Listener, PoolPart, Snapshot, TokenClaims, Version } from './types.ts';

export interface TestKey {
  readonly privateKey: KeyObject;
  /** Raw, base64url. */
  readonly publicKey: string;
}

export function testKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, publicKey: publicKey.export({ format: 'jwk' }).x as string };
}

export function endpoint(n: number, over: Partial<Endpoint> = {}): Endpoint {
  return {
    id: `uid-${n}:80`,
    hashKey: `pod-${n}:80`,
    address: `10.0.0.${n}`,
    port: 80,
    weight: 1,
    zone: '',
    state: 'active',
    ...over,
  };
}

export function poolPart(endpoints: readonly Endpoint[]): PoolPart {
  return {
    loadBalancer: { type: 'RoundRobin' },
    healthCheck: { passive: { consecutiveConnectFailures: 3, baseEjectionTime: 30_000, maxEjectionPercent: 50 } },
    endpoints,
  };
}

export function listener(port: number, policy: string, pool: string): Listener {
  return {
    port,
    protocol: 'HTTP',
    routes: [
      {
        policy,
        generation: 1,
        created: 1_795_305_600_000,
        hostnames: ['example.org'],
        matches: [{ path: { type: 'PathPrefix', value: '/' }, method: 'GET', headers: [{ name: 'x-canary', value: '1' }] }],
        destinations: [{ pool, weight: 1 }],
        retry: {
          attempts: 2,
          sameEndpoint: 0,
          perTryTimeout: 0,
          retryOn: ['connect-failure', 'reset', 503],
          backOff: { base: 25, max: 250 },
          nonIdempotent: false,
          bufferLimit: 65_536,
        },
        timeouts: { connect: 5000, request: 0, idle: 60_000, drain: 30_000 },
        accessLog: { enabled: false, samplePercent: 100 },
      },
    ],
  };
}

/** One listener and one pool per part; parts in `lacking` are left out. */
export function snapshot(
  version: Version,
  trustedKeys: readonly string[],
  parts: readonly PoolPart[] = [poolPart([endpoint(1), endpoint(2)])],
  lacking: readonly PoolPart[] = [],
): Snapshot {
  const pools = [...parts, ...lacking].map((part, i) => ({ id: `default/web/default/web-${i}:80`, digest: digest(part) }));
  return {
    version,
    trustedKeys,
    listeners: pools.map(({ id }, i) => listener(8000 + i, 'default/web', id)),
    pools,
    parts: Object.fromEntries(parts.map((part) => [digest(part), part])),
  };
}

/** Valid claims for PUT /v1/snapshot with this body. */
export function claims(audience: string, body: Buffer | string, version: Version, nowSeconds: number): TokenClaims {
  const bsha = createHash('sha256').update(body).digest('hex');
  return {
    iss: 'outrigger-operator',
    aud: audience,
    iat: nowSeconds,
    exp: nowSeconds + 30,
    htm: 'PUT',
    htu: '/v1/snapshot',
    epoch: version.epoch,
    seq: version.sequence,
    zone: '',
    bsha,
  };
}

/** A compact JWT; `header` replaces the default one. */
export function signToken(key: TestKey, payload: object, header: object = { alg: 'EdDSA', typ: 'JWT' }): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key.privateKey).toString('base64url')}`;
}
