import { importPublicKey } from '../../proxy/snapshot/token.ts';
import type { SecretStore } from '../kube/secret-store.ts';
import { createSigner, generateKey } from './signer.ts';
import type { Signer } from './signer.ts';

export interface SigningKeys {
  readonly signer: Signer;
  /** During a rotation: signs for proxies that are known to trust it, and replaces the signer in the end. */
  readonly successor?: Signer;
  /** Raw public keys in base64url that proxies must trust, including the signer's and the successor's. */
  readonly trustedKeys: readonly string[];
}

export const SIGNING_SECRET = 'outrigger-signing-key';

/**
 * The operator's signing key: from the Secret if it exists, else a new one. Replicas that start together agree, since only one of
 * them creates the Secret and the others read it. Its members are `key.pem` (PKCS#8), `keys` (one public key per line, which gateways
 * mount at /etc/outrigger/trust/keys) and, during a rotation, `next.pem`. Throws when the Secret exists but cannot be used: it is
 * never overwritten, because proxies may already trust its keys.
 */
export async function ensureSigningKeys(secrets: Pick<SecretStore, 'read' | 'create'>): Promise<SigningKeys> {
  const found = await secrets.read(SIGNING_SECRET);
  if (found !== undefined) return readSigningKeys(found.data);
  const pem = generateKey();
  const data = { 'key.pem': pem, keys: `${createSigner(pem).publicKey}\n` };
  if (await secrets.create(SIGNING_SECRET, data)) return readSigningKeys(data);
  const existing = await secrets.read(SIGNING_SECRET);
  if (existing === undefined) throw new Error(`the Secret ${SIGNING_SECRET} was deleted while it was being created`);
  return readSigningKeys(existing.data);
}

/** The keys in the Secret's members. @throws when they cannot be used */
export function readSigningKeys(data: Readonly<Record<string, string>>): SigningKeys {
  const { 'key.pem': pem, 'next.pem': next, keys } = data;
  if (pem === undefined || keys === undefined) throw new Error(`the Secret ${SIGNING_SECRET} lacks key.pem or keys`);
  const signer = createSigner(pem);
  const trustedKeys = parseKeys(keys);
  if (!trustedKeys.includes(signer.publicKey))
    throw new Error(`the member keys of the Secret ${SIGNING_SECRET} lacks the public key of key.pem`);
  if (next === undefined) return { signer, trustedKeys };
  const successor = createSigner(next);
  if (successor.publicKey === signer.publicKey)
    throw new Error(`next.pem of the Secret ${SIGNING_SECRET} is the key that it should replace`);
  // Running proxies may trust it before it is in the file that new ones read.
  return { signer, successor, trustedKeys: [...new Set([...trustedKeys, successor.publicKey])] };
}

/** One key per line. Blank lines are skipped; any other line that is not a key throws. */
export function parseKeys(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '');
  if (keys.some((key) => importPublicKey(key) === undefined))
    throw new Error(`the member keys of the Secret ${SIGNING_SECRET} has a line that is not an Ed25519 public key in base64url`);
  return keys;
}
