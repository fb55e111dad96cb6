import type { PolicyStatus } from '../api/policy.gen.ts';

/** Whether the conditions of `b` are in `a`, times aside. Conditions of other writers in `a` do not matter. */
export function sameConditions(a: PolicyStatus | undefined, b: PolicyStatus): boolean {
  if (a?.observedGeneration !== b.observedGeneration) return false;
  return (b.conditions ?? []).every((condition) => {
    const found = a?.conditions?.find(({ type }) => type === condition.type);
    return (
      found?.status === condition.status &&
      found.reason === condition.reason &&
      found.message === condition.message &&
      found.observedGeneration === condition.observedGeneration
    );
  });
}

export function sameCounts(a: PolicyStatus | undefined, b: PolicyStatus): boolean {
  return (
    a?.endpoints?.total === b.endpoints?.total &&
    a?.endpoints?.ready === b.endpoints?.ready &&
    a?.endpoints?.healthy === b.endpoints?.healthy &&
    a?.proxies?.total === b.proxies?.total &&
    a?.proxies?.programmed === b.proxies?.programmed &&
    a?.summary?.endpoints === b.summary?.endpoints &&
    a?.summary?.proxies === b.summary?.proxies
  );
}
