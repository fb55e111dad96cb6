import { digest } from '../../proxy/snapshot/canonical.ts';
import { validateSnapshot } from '../../proxy/snapshot/validate.ts';
import { partOf } from './pools.ts';
import { makeListeners } from './snapshot-contents.ts';
import type { Snapshot } from '../../proxy/snapshot/types.ts';
import type { ParsedPolicy } from './policy.ts';
import type { Problem } from './field-parser.ts';

/** Well-formed values in place of those that the push adds. */
const VERSION = { epoch: 1, sequence: 1 };
const TRUSTED_KEYS = ['A'.repeat(43)];

/**
 * The errors that a proxy would report for this policy. A proxy refuses a document as a whole, so a policy that an older schema let
 * through would block the changes of all other policies. Endpoints are left out: each was checked when it was read.
 */
export function refusedByProxy(policy: ParsedPolicy): Problem[] {
  const part = { ...partOf(policy), endpoints: [] };
  const key = digest(part);
  const snapshot: Snapshot = {
    version: VERSION,
    trustedKeys: TRUSTED_KEYS,
    listeners: makeListeners([policy]),
    pools: policy.references.map(({ pool }) => ({
      id: pool,
      digest: key,
    })),
    parts: { [key]: part },
  };
  const checked = validateSnapshot(snapshot);
  if (checked.ok) return [];
  return checked.wrong.map(({ path, message }) => ({ reason: 'UnsupportedValue', message: `${fieldName(path)} ${message}` }));
}

/** `listeners[0].routes[0].timeouts.connect` → `timeouts.connect`: close to the name of the policy's own field. */
function fieldName(path: string): string {
  const field = path.replace(/^listeners\[0\]\.(routes\[0\]\.)?|^parts(\.\w+|\["\w+"\])\./, '');
  return field.replace(/^destinations\b/, 'backendRefs');
}
