import { noteOf, readMaintenance, readWeight } from '../api/annotations.ts';
import type { PodMetadata } from '../api/kubernetes.ts';

export interface PodSettings {
  readonly weight: number;
  readonly maintenance: boolean;
}

/** Weight and maintenance of a Pod's endpoints, from its annotations. An invalid annotation is ignored, with a note. */
export function podSettings(pod: PodMetadata | undefined, notes: Set<string>): PodSettings {
  const { weight, problem: badWeight } = readWeight(pod?.metadata.annotations);
  const { maintenance, problem: badMaintenance } = readMaintenance(pod?.metadata.annotations);
  for (const problem of [badWeight, badMaintenance]) if (problem) notes.add(`Pod ${pod?.metadata.name}: ${noteOf(problem)}`);
  return { weight, maintenance };
}
