/** Jobs: the visible defaults, the labels by which a Job knows its pods, and the checks that matter here. */
import { age } from '../duration.ts';
import { asArray, asObject, asString, at, deepEqual, isObject, setDefault } from '../json.ts';
import type { KubeObject } from '../json.ts';
import type { Column } from '../kinds.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';
import { ageColumn, column } from './columns.ts';
import { checkPodSpec, podSpecDefaults } from './pod.ts';

export const JOB_SPEC =
  'parallelism completions activeDeadlineSeconds podFailurePolicy successPolicy backoffLimit backoffLimitPerIndex maxFailedIndexes selector manualSelector template ttlSecondsAfterFinished completionMode suspend podReplacementPolicy managedBy';

export function defaults(job: KubeObject): void {
  setDefault(job, 'spec', {});
  const spec = asObject(job['spec']);
  if (spec['parallelism'] === undefined) setDefault(spec, 'completions', 1);
  setDefault(spec, 'parallelism', 1);
  setDefault(spec, 'backoffLimit', 6);
  setDefault(spec, 'completionMode', 'NonIndexed');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'podReplacementPolicy', 'TerminatingOrFailed');
  const template = at(spec, 'template', 'spec');
  if (isObject(template)) podSpecDefaults(template);
}

export function prepare(job: KubeObject, old: KubeObject | undefined): void {
  setDefault(job, 'status', {});
  const spec = asObject(job['spec']);
  if (old !== undefined || spec['manualSelector'] === true || !isObject(spec['template'])) return;
  const { name, uid } = job.metadata;
  const identity = { 'batch.kubernetes.io/controller-uid': uid, 'controller-uid': uid };
  const metadata = asObject(spec['template']['metadata']);
  const labels = { ...asObject(metadata['labels']), ...identity, 'batch.kubernetes.io/job-name': name, 'job-name': name };
  spec['template']['metadata'] = { ...metadata, labels };
  spec['selector'] = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
}

export function validate(job: KubeObject, old: KubeObject | undefined): FieldError[] {
  const template = at(job, 'spec', 'template');
  const errors = checkPodSpec(asObject(at(template, 'spec')), 'spec.template.spec');
  if (!['OnFailure', 'Never'].includes(asString(at(template, 'spec', 'restartPolicy')))) {
    errors.push(fieldError.required('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"'));
  }
  if (old !== undefined && !deepEqual(at(old, 'spec', 'template'), template)) {
    errors.push(fieldError.invalid('spec.template', template ?? null, 'field is immutable'));
  }
  return errors;
}

function stateOf(job: KubeObject): string {
  const types = asArray(at(job, 'status', 'conditions')).map((condition) => asString(asObject(condition)['type']));
  return types.find((type) => type === 'Complete' || type === 'Failed') ?? types.at(-1) ?? 'Running';
}

export const columns: readonly Column[] = [
  column('Status', stateOf),
  column('Completions', (job) => {
    return `${Number(at(job, 'status', 'succeeded') ?? 0)}/${Number(at(job, 'spec', 'completions') ?? 1)}`;
  }),
  column('Duration', (job, now) => {
    const { startTime, completionTime } = asObject(job['status']);
    const end = completionTime === undefined ? now : new Date(asString(completionTime));
    return startTime === undefined ? '' : age(asString(startTime), end);
  }),
  ageColumn,
];
