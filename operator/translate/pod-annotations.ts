import { DEFAULTS } from '../api/defaults.ts';
import { MAINTENANCE_ANNOTATION, MAX_ENDPOINT_WEIGHT, WEIGHT_ANNOTATION } from '../api/labels.ts';
import type { PodMetadata } from '../api/kubernetes.ts';

export interface PodSettings {
  readonly weight: number;
  readonly maintenance: boolean;
}

/** Weight and maintenance of a Pod's endpoints, from its annotations. An invalid annotation is ignored, with a note. */
export function podSettings(pod: PodMetadata | undefined, notes: Set<string>): PodSettings {
  const annotations = pod?.metadata.annotations ?? {};
  const ignore = (name: string, value: string, expected: string): void => {
    notes.add(`Pod ${pod?.metadata.name}: annotation ${name} is ignored, "${value.slice(0, 40)}" is not ${expected}`);
  };
  const weight = annotations[WEIGHT_ANNOTATION];
  const maintenance = annotations[MAINTENANCE_ANNOTATION];
  if (weight !== undefined && !isWeight(weight))
    ignore(WEIGHT_ANNOTATION, weight, `a whole number from 0 to ${MAX_ENDPOINT_WEIGHT}`);
  if (maintenance !== undefined && maintenance !== 'true' && maintenance !== 'false')
    ignore(MAINTENANCE_ANNOTATION, maintenance, '"true" or "false"');
  return {
    weight: weight !== undefined && isWeight(weight) ? Number(weight) : DEFAULTS.weight,
    maintenance: maintenance === 'true',
  };
}

function isWeight(text: string): boolean {
  return /^\d{1,4}$/.test(text) && Number(text) <= MAX_ENDPOINT_WEIGHT;
}
