/**
 * The steps of rotating the signing key, as plain values: from the present Secret to the next one. Pure.
 *
 * | step     | `key.pem` | `next.pem` | `keys` | proxies trust | signed with                                    |
 * |----------|-----------|------------|--------|---------------|----------------------------------------------|
 * | idle     | A         |            | A      | A             | A                                            |
 * | announce | A         | B          | A B    | A B           | B for proxies known to trust it, A for others  |
 * | retire   | B         |            | B      | B             | B                                            |
 *
 * The Secret is the only state: replicas that see the same Secret take the same step, whichever of them wrote it.
 */
import { ROTATE_ANNOTATION } from '../api/labels.ts';
import { parseKeys, readSigningKeys } from './key-secret.ts';
import { createSigner } from './signer.ts';

/** The Secret, decoded. */
export interface KeySecret {
  readonly annotations: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

export type RotationStep =
  | ({ readonly kind: 'announce' | 'retire'; readonly publicKey: string } & KeySecret)
  /** Waits: until kubelets have updated mounted files, or until these proxies have acknowledged the successor. */
  | { readonly kind: 'overlap' }
  | { readonly kind: 'proxies'; readonly names: readonly string[] }
  | { readonly kind: 'idle' };

export interface RotationFacts {
  /** Whether the successor has been in `keys` for long enough. */
  readonly overlapped: boolean;
  /** Names of the proxies that have not acknowledged this public key. */
  readonly proxiesMissingKey: (publicKey: string) => readonly string[];
  /** A new key in PKCS#8 PEM. */
  readonly makeKey: () => string;
}

/** @throws when the Secret cannot be used */
export function nextRotationStep(
  { annotations, data }: KeySecret,
  { overlapped, proxiesMissingKey, makeKey }: RotationFacts,
): RotationStep {
  const { signer, successor } = readSigningKeys(data);
  const published = parseKeys(data['keys'] ?? '');
  if (successor === undefined && !annotations[ROTATE_ANNOTATION]) return { kind: 'idle' };
  const pem = data['next.pem'] ?? makeKey();
  const { publicKey } = successor ?? createSigner(pem);
  if (!published.includes(publicKey)) {
    const announced = { ...data, 'next.pem': pem, keys: lines([...published, publicKey]) };
    return { kind: 'announce', publicKey, annotations, data: announced };
  }
  const names = proxiesMissingKey(publicKey);
  if (names.length > 0) return { kind: 'proxies', names };
  if (!overlapped) return { kind: 'overlap' };
  const { 'next.pem': _, ...rest } = data;
  const { [ROTATE_ANNOTATION]: __, ...kept } = annotations;
  const keys = lines(published.filter((key) => key !== signer.publicKey));
  return { kind: 'retire', publicKey, annotations: kept, data: { ...rest, 'key.pem': pem, keys } };
}

const lines = (keys: readonly string[]): string => keys.map((key) => `${key}\n`).join('');
