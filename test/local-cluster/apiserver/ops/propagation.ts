/** What a deletion does to the objects that the deleted one owns. */
import type { Json } from '../json.ts';
import { fieldError, invalid } from '../status.ts';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';
const POLICIES: Readonly<Record<string, readonly string[]>> = { Foreground: [FOREGROUND], Orphan: [ORPHAN], Background: [] };

/** The finalizers of a propagation policy. @throws 422 for an unknown policy */
export function finalizersFor(policy: Json | undefined): readonly string[] {
  if (policy === undefined || policy === null) return [];
  const known = typeof policy === 'string' && Object.hasOwn(POLICIES, policy) ? POLICIES[policy] : undefined;
  if (known !== undefined) return known;
  const error = fieldError.notSupported('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil']);
  throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [error]);
}
