import assert from 'node:assert/strict';
import test from 'node:test';
import { isOver, nextStep, type Job, type JobStatus } from './job-step.ts';
import type { Pod } from './pod-types.ts';

const START = '2026-01-01T00:00:00Z';
const meta = (name: string) => ({ name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1' });

function job(spec: Partial<Job['spec']> = {}, status: JobStatus = { startTime: START }): Job {
  const template = { spec: { restartPolicy: 'Never' as const, containers: [] } };
  return { metadata: meta('job'), spec: { completions: 1, parallelism: 1, backoffLimit: 1, template, ...spec }, status };
}

/** `r`: running; `s`: succeeded; `f`: failed; `x`: running, and being deleted. */
function pods(kinds: string): Pod[] {
  const phases: Readonly<Record<string, string>> = { s: 'Succeeded', f: 'Failed' };
  return [...kinds].map((kind, i) => ({
    metadata: { ...meta(`${kind}${i}`), ...(kind === 'x' ? { deletionTimestamp: START } : {}) },
    spec: { containers: [] },
    status: { phase: phases[kind] ?? 'Running' },
  }));
}

/** The step, as `+CREATED -REMOVED… CONDITION…`. */
function step(of: Job, kinds: string, seconds = 1): string {
  const { create, remove, status } = nextStep(of, pods(kinds), Date.parse(START) + seconds * 1000);
  const types = (status.conditions ?? []).map(({ type, reason }) => `${type}:${reason}`);
  return [`+${create}`, ...remove.map(({ metadata }) => `-${metadata.name}`), ...types].join(' ');
}

test('a pod is created until one has succeeded, or more than backoffLimit have failed', () => {
  const done = 'SuccessCriteriaMet:CompletionsReached Complete:CompletionsReached';
  const failed = 'FailureTarget:BackoffLimitExceeded Failed:BackoffLimitExceeded';
  const table: [Job, string, string][] = [
    [job(), '', '+1'],
    [job(), 'r', '+0'],
    [job(), 'f', '+1'],
    [job(), 'fr', '+0'],
    [job(), 'fs', `+0 ${done}`],
    [job(), 'ff', `+0 ${failed}`],
    [job({ backoffLimit: 0 }), 'f', `+0 ${failed}`],
    [job({ completions: 3, parallelism: 2 }), 's', '+2'],
    [job({ completions: 3, parallelism: 2 }), 'ssr', '+0'],
    [job({ completions: 3, parallelism: 2 }), 'ss', '+1'],
    [job({ completions: 3, parallelism: 2 }), 'sss', `+0 ${done}`],
  ];
  for (const [of, kinds, expected] of table) assert.equal(step(of, kinds), expected, kinds);
});

test('after its deadline it has failed as soon as its pods have ended', () => {
  const late = job({ activeDeadlineSeconds: 10 });
  assert.equal(step(late, 'r', 9), '+0');
  assert.equal(step(late, 'r', 10), '+0 -r0 FailureTarget:DeadlineExceeded');
  assert.equal(step(late, 'x', 10), '+0 FailureTarget:DeadlineExceeded');
  assert.equal(step(late, '', 10), '+0 FailureTarget:DeadlineExceeded Failed:DeadlineExceeded');
});

test('how it ends is decided once, and the times of it stay', () => {
  const late = job({ activeDeadlineSeconds: 10 });
  const { status } = nextStep(late, pods('r'), Date.parse(START) + 10_000);
  assert.equal(isOver({ status }), false);
  const next = nextStep(job({ activeDeadlineSeconds: 10 }, status), pods('s'), Date.parse(START) + 12_000);
  assert.deepEqual(
    next.status.conditions?.map(({ type, reason, lastTransitionTime }) => [type, reason, lastTransitionTime]),
    [
      ['FailureTarget', 'DeadlineExceeded', '2026-01-01T00:00:10Z'],
      ['Failed', 'DeadlineExceeded', '2026-01-01T00:00:12Z'],
    ],
  );
  assert.equal(isOver(next), true);
});

test('the status counts pods, and has the times of start and completion', () => {
  const running = nextStep(job({}, {}), pods('fr'), Date.parse(START)).status;
  assert.deepEqual(running, { startTime: START, active: 1, ready: 0, terminating: 0, succeeded: 0, failed: 1 });
  const { completionTime, active, succeeded } = nextStep(job(), pods('s'), Date.parse(START) + 5000).status;
  assert.deepEqual([completionTime, active, succeeded], ['2026-01-01T00:00:05Z', 0, 1]);
});
