import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodMetadata } from '../api/kubernetes.ts';
import { findInvalidAnnotations } from './invalid-annotations.ts';
import { inventory } from './testing.ts';

const object = (name: string, annotations: Record<string, string>, extra: Partial<PodMetadata['metadata']> = {}) => ({
  metadata: {
    ...{ name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: 'x' },
    annotations,
    ...extra,
  },
});
const find = (...annotatedPods: readonly PodMetadata[]) => findInvalidAnnotations(inventory({ annotatedPods }));

test('a finding for each value that cannot be read: on Pods, Services and policies', () => {
  const found = findInvalidAnnotations(
    inventory({
      annotatedPods: [
        object('web-1', { 'outrigger.dev/weight': 'two', 'outrigger.dev/maintenance': 'yes' }),
        object('web-2', { 'outrigger.dev/weight': '2', 'outrigger.dev/maintenance': 'true' }),
        object('going', { 'outrigger.dev/weight': 'two' }, { deletionTimestamp: 'x' }),
      ],
      services: [
        { ...object('web', { 'outrigger.dev/shared-with': 'team-*' }), spec: {} },
        { ...object('all', { 'outrigger.dev/shared-with': '*' }), spec: {} },
      ],
      policies: [
        { ...object('web', { 'outrigger.dev/idle': '1' }), spec: { backendRefs: [] } },
        { ...object('idle', { 'outrigger.dev/idle': 'true' }), spec: { backendRefs: [] } },
      ],
    }),
  );
  assert.deepEqual(
    found.map(({ regarding: { apiVersion, kind, namespace, name }, event: { type, reason, note } }) =>
      [type, reason, apiVersion, kind, namespace, name, note.split(' ')[2]].join(' '),
    ),
    [
      'Warning InvalidAnnotation v1 Pod shop web-1 outrigger.dev/weight',
      'Warning InvalidAnnotation v1 Pod shop web-1 outrigger.dev/maintenance',
      'Warning InvalidAnnotation v1 Service shop web outrigger.dev/shared-with',
      'Warning InvalidAnnotation outrigger.dev/v1alpha1 LoadBalancerPolicy shop web outrigger.dev/idle',
    ],
  );
  for (const { id } of found) assert.match(id, /^annotation-[0-9a-f]{16}$/);
});

test('the id belongs to the object, the annotation and the whole value, not to the version of the object', () => {
  const idOf = (pod: PodMetadata) => find(pod)[0]?.id;
  const long = 'x'.repeat(5000);
  const id = idOf(object('a', { 'outrigger.dev/weight': long }));
  assert.equal(idOf(object('a', { 'outrigger.dev/weight': long }, { resourceVersion: '2' })), id);
  const others = [
    object('b', { 'outrigger.dev/weight': long }),
    object('a', { 'outrigger.dev/maintenance': long }),
    object('a', { 'outrigger.dev/weight': `${long}y` }),
  ];
  assert.equal(new Set([id, ...others.map(idOf)]).size, 4);
});
