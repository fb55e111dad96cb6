import { createHash, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isObject, integer, object, oneOf, string, wrongFields } from './check.ts';
import { hexDigest } from './fields.ts';
import { MAX_TOKEN_LENGTH } from './limits.ts';
import * as schema from './schema.ts';
import type { TokenClaims } from './types.ts';

/** Clocks may differ by this many seconds. */
export const TOKEN_LEEWAY = 60;
/** Longest validity of a token in seconds. */
export const TOKEN_LIFETIME = 30;
/** SHA-256 of nothing in hex: `bsha` of a request without a body. */
export const EMPTY_BODY_SHA = createHash('sha256').digest('hex');

export interface TokenRules {
  /** Keys that may sign. */
  readonly keys: readonly KeyObject[];
  /** UID of the verifying pod. */
  readonly audience: string;
  readonly method: string;
  /** Path of the request, without a query. */
  readonly path: string;
  /** Unix seconds. */
  readonly nowSeconds: number;
  /** Seconds; TOKEN_LEEWAY unless given. */
  readonly leeway?: number;
}

/** Why a token is invalid. `expired` and `not-yet-valid` indicate clocks that differ. */
export type TokenFault =
  | 'malformed'
  | 'wrong-algorithm'
  | 'unknown-key'
  | 'wrong-claims'
  | 'wrong-request'
  | 'wrong-audience'
  | 'expired'
  | 'not-yet-valid';

export type TokenVerdict =
  { readonly ok: true; readonly claims: TokenClaims } | { readonly ok: false; readonly reason: TokenFault };

/** A public key from its 32 raw bytes in base64url; undefined if invalid. */
export function importPublicKey(raw: string): KeyObject | undefined {
  if (wrongFields(raw, schema.publicKey).length > 0) return undefined;
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw }, format: 'jwk' });
}

/**
 * Verifies a compact EdDSA JWT: form, signature, then claims, so that without a trusted key nothing about the claims can be
 * learned. Never throws.
 */
export function verifyToken(token: string, rules: TokenRules): TokenVerdict {
  if (token.length > MAX_TOKEN_LENGTH) return fault('malformed');
  const [head, body, signature, ...rest] = token.split('.').map((text) => ({ text, bytes: decode(text) }));
  if (!head?.bytes || !body?.bytes || !signature?.bytes || rest.length > 0) return fault('malformed');
  const header = parse(head.bytes);
  if (!isObject(header)) return fault('malformed');
  // `crit` names extensions that must be understood; there are none.
  if (header['alg'] !== 'EdDSA' || header['typ'] !== 'JWT' || header['crit'] !== undefined) return fault('wrong-algorithm');
  const signed = Buffer.from(`${head.text}.${body.text}`);
  const bytes = signature.bytes;
  if (bytes.length !== 64 || !rules.keys.some((key) => verify(null, signed, key, bytes))) return fault('unknown-key');
  return verifyClaims(parse(body.bytes), rules);
}

const seconds = integer(0, Number.MAX_SAFE_INTEGER);
const claimsShape = object(
  {
    iss: oneOf(['outrigger-operator']),
    aud: string({ min: 1, max: 256 }),
    iat: seconds,
    exp: seconds,
    htm: string({ min: 1, max: 32 }),
    htu: string({ min: 1, max: 256 }),
    epoch: seconds,
    seq: seconds,
    zone: schema.place,
    bsha: hexDigest,
  },
  { node: schema.place },
);

function verifyClaims(value: unknown, rules: TokenRules): TokenVerdict {
  if (wrongFields(value, claimsShape).length > 0) return fault('wrong-claims');
  const claims = value as TokenClaims;
  const lifetime = claims.exp - claims.iat;
  if (lifetime <= 0 || lifetime > TOKEN_LIFETIME) return fault('wrong-claims');
  if (claims.aud !== rules.audience) return fault('wrong-audience');
  if (claims.htm !== rules.method || claims.htu !== rules.path) return fault('wrong-request');
  const leeway = rules.leeway ?? TOKEN_LEEWAY;
  if (rules.nowSeconds >= claims.exp + leeway) return fault('expired');
  if (rules.nowSeconds < claims.iat - leeway) return fault('not-yet-valid');
  return { ok: true, claims };
}

function fault(reason: TokenFault): TokenVerdict {
  return { ok: false, reason };
}

/** Strict base64url: Buffer ignores invalid characters, so a token would have many spellings. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
