import type { LabelRequirement, LabelSelector } from './policy.gen.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether labels satisfy a selector, by Kubernetes' rules. An empty or absent selector selects everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels = {}): boolean {
  const exact = Object.entries(selector?.matchLabels ?? {});
  return (
    exact.every(([key, value]) => labels[key] === value) && (selector?.matchExpressions ?? []).every((r) => holds(r, labels))
  );
}

/** NotIn also holds where the label is missing; an unknown operator never holds. */
function holds(requirement: LabelRequirement, labels: Labels): boolean {
  const value = labels[requirement.key];
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
