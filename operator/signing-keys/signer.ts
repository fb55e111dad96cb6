import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { TOKEN_LIFETIME } from '../../proxy/snapshot/token.ts';
import type { TokenClaims } from '../../proxy/snapshot/types.ts';

/** Claims of a token, without issuer and times. */
export type RequestClaims = Omit<TokenClaims, 'iss' | 'iat' | 'exp'>;

/** Makes the bearer tokens of pushes and status queries. */
export interface Signer {
  /** 32 raw bytes in base64url, as proxies trust it. */
  readonly publicKey: string;
  /** A compact JWT that is valid for 30 s from `nowSeconds` (unix). */
  sign(claims: RequestClaims, nowSeconds: number): Promise<string>;
}

/** A signer for an Ed25519 key in PKCS#8 PEM. Throws for anything else, without quoting it. */
export function createSigner(pem: string): Signer {
  const key = readKey(pem);
  const publicKey = createPublicKey(key).export({ format: 'jwk' }).x as string;
  return {
    publicKey,
    sign(claims, nowSeconds) {
      const payload: TokenClaims = { ...claims, iss: 'outrigger-operator', iat: nowSeconds, exp: nowSeconds + TOKEN_LIFETIME };
      return new SignJWT({ ...payload }).setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' }).sign(key);
    },
  };
}

function readKey(pem: string): ReturnType<typeof createPrivateKey> {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // The error of the parser may quote the key.
  }
  throw new Error('the signing key is not an Ed25519 private key in PKCS#8 PEM');
}

/** A new signing key in PKCS#8 PEM. */
export function generateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
}
