import type { PolicyStatus } from '../api/policy.gen.ts';

/** Whether two statuses say the same about the conditions of the second, times aside. Conditions of others are not ours to judge. */
export function sameConditions(a: PolicyStatus | undefined, b: PolicyStatus): boolean {
  return (b.conditions ?? []).every((wanted) => {
    const found = a?.conditions?.find(({ type }) => type === wanted.type);
    return (
      found?.status === wanted.status &&
      found.reason === wanted.reason &&
      found.message === wanted.message &&
      found.observedGeneration === wanted.observedGeneration
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
