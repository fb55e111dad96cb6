import type { Condition, PolicyStatus } from '../api/policy.gen.ts';

/** The conditions that the operator writes; those of other writers do not matter. */
const OWN = new Set(['Ready', 'Accepted', 'ResolvedRefs', 'Programmed', 'Reconciling', 'Stalled']);

/** Whether the operator's conditions are the same in both, but for messages and times. */
export function sameConditions(a: PolicyStatus | undefined, b: PolicyStatus): boolean {
  if (a?.observedGeneration !== b.observedGeneration) return false;
  const [before, after] = [ownConditions(a), ownConditions(b)];
  return (
    before.size === after.size &&
    [...after].every(([type, { status, reason, observedGeneration }]) => {
      const found = before.get(type);
      return found?.status === status && found.reason === reason && found.observedGeneration === observedGeneration;
    })
  );
}

/** Whether counts and messages are the same in both. The conditions are: see `sameConditions`. */
export function sameDetails(a: PolicyStatus | undefined, b: PolicyStatus): boolean {
  return sameCounts(a, b) && sameMessages(ownConditions(a), ownConditions(b));
}

function sameMessages(a: ReadonlyMap<string, Condition>, b: ReadonlyMap<string, Condition>): boolean {
  return [...b].every(([type, { message }]) => a.get(type)?.message === message);
}

function sameCounts(a: PolicyStatus | undefined, b: PolicyStatus): boolean {
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

function ownConditions(status: PolicyStatus | undefined): ReadonlyMap<string, Condition> {
  return new Map(status?.conditions?.filter(({ type }) => OWN.has(type)).map((condition) => [condition.type, condition]));
}
