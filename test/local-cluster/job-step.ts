/** The next step of a Job: how many pods to create, which to delete, and its status. Pure. */
import type { ApiObject } from './api.ts';
import type { Pod, PodSpec } from './pod-types.ts';

export interface Job extends ApiObject {
  readonly spec: {
    readonly completions?: number;
    readonly parallelism: number;
    readonly backoffLimit: number;
    readonly activeDeadlineSeconds?: number;
    readonly template: { readonly metadata?: Partial<ApiObject['metadata']>; readonly spec: PodSpec };
  };
  readonly status?: JobStatus;
}

export interface JobStatus {
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly active?: number;
  readonly ready?: number;
  readonly terminating?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  readonly conditions?: readonly JobCondition[];
}

export interface JobCondition {
  readonly type: 'SuccessCriteriaMet' | 'Complete' | 'FailureTarget' | 'Failed';
  readonly status: 'True';
  readonly reason: string;
  readonly message: string;
  readonly lastProbeTime: string;
  readonly lastTransitionTime: string;
}

export interface JobStep {
  readonly create: number;
  readonly remove: readonly Pod[];
  readonly status: JobStatus;
}

/** The first condition says how the Job will end, the second that it has: no pod runs any more. */
const ENDS = {
  succeeded: ['SuccessCriteriaMet', 'Complete', 'CompletionsReached', 'Reached expected number of succeeded pods'],
  exhausted: ['FailureTarget', 'Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
  late: ['FailureTarget', 'Failed', 'DeadlineExceeded', 'Job was active longer than specified deadline'],
} as const;

/** Whether it is over: nothing more happens to it. */
export const isOver = ({ status }: Pick<Job, 'status'>): boolean =>
  status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed') ?? false;

/**
 * @param owned every pod that belongs to the Job
 * @param now milliseconds since 1970
 */
export function nextStep(job: Job, owned: readonly Pod[], now: number): JobStep {
  const { completions = 1, parallelism, backoffLimit, activeDeadlineSeconds = Infinity } = job.spec;
  const stamp = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const startTime = job.status?.startTime ?? stamp;
  const inPhase = (phase: string) => owned.filter(({ status }) => status?.phase === phase);
  const [succeeded, failed] = [inPhase('Succeeded').length, inPhase('Failed').length];
  const running = owned.filter(({ status }) => !/^(Succeeded|Failed)$/.test(status?.phase ?? ''));
  const active = running.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const terminating = running.length - active.length;
  const late = now - Date.parse(startTime) >= activeDeadlineSeconds * 1000;
  const before = job.status?.conditions ?? [];
  const end = endOf({ succeeded: succeeded >= completions, exhausted: failed > backoffLimit, late, before });
  const over = end !== undefined && running.length === 0;
  const condition = (type: JobCondition['type'], reason: string, message: string): JobCondition =>
    before.find((each) => each.type === type) ?? {
      ...{ type, status: 'True', reason, message, lastProbeTime: stamp, lastTransitionTime: stamp },
    };
  const [target, last, reason, message] = ENDS[end ?? 'late'];
  const conditions = end === undefined ? [] : [target, ...(over ? [last] : [])].map((type) => condition(type, reason, message));
  const create = end === undefined ? Math.max(0, Math.min(parallelism, completions - succeeded) - active.length) : 0;
  return {
    create,
    remove: end === undefined ? [] : active,
    status: {
      startTime,
      ...(over && end === 'succeeded' && { completionTime: job.status?.completionTime ?? stamp }),
      active: active.length + create,
      ready: active.filter(isReady).length,
      terminating,
      succeeded,
      failed,
      ...(conditions.length > 0 && { conditions }),
    },
  };
}

interface Facts {
  readonly succeeded: boolean;
  readonly exhausted: boolean;
  readonly late: boolean;
  readonly before: readonly JobCondition[];
}

/** How it ends, which is never reconsidered; undefined: it continues. */
function endOf({ succeeded, exhausted, late, before }: Facts): keyof typeof ENDS | undefined {
  const decided = (Object.keys(ENDS) as (keyof typeof ENDS)[]).find((end) =>
    before.some(({ type, reason }) => type === ENDS[end][0] && reason === ENDS[end][2]),
  );
  return decided ?? (succeeded ? 'succeeded' : exhausted ? 'exhausted' : late ? 'late' : undefined);
}

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
