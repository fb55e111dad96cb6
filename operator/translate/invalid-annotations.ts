/** Annotations that cannot be read, of all objects. */
import { digest } from '../../proxy/snapshot/canonical.ts';
import { readIdle, readMaintenance, readSharedWith, readWeight, sentenceOf } from '../api/annotations.ts';
import type { AnnotationProblem } from '../api/annotations.ts';
import type { KubernetesObject } from '../api/kubernetes.ts';
import { API_GROUP, API_VERSION } from '../api/labels.ts';
import type { Finding } from '../kube/finding-reporter.ts';
import type { Inventory } from './types.ts';

type Annotations = KubernetesObject['metadata']['annotations'];
type Reader = (annotations: Annotations) => { readonly problem?: AnnotationProblem };

/** One finding for each value. The id belongs to the object and its value: the same value later is no news. */
export function findInvalidAnnotations({ annotatedPods, services, policies }: Inventory): Finding[] {
  return [
    ...findIn(annotatedPods, 'v1', 'Pod', [readWeight, readMaintenance]),
    ...findIn(services, 'v1', 'Service', [readSharedWith]),
    ...findIn(policies, `${API_GROUP}/${API_VERSION}`, 'LoadBalancerPolicy', [readIdle]),
  ];
}

function findIn(
  objects: ReadonlyMap<string, KubernetesObject>,
  apiVersion: string,
  kind: string,
  readers: readonly Reader[],
): Finding[] {
  return [...objects.values()].flatMap(({ metadata }) => {
    const { annotations, deletionTimestamp, name, namespace = '', uid, resourceVersion } = metadata;
    if (annotations === undefined || deletionTimestamp !== undefined) return [];
    const problems = readers.flatMap((read) => read(annotations).problem ?? []);
    return problems.map((problem): Finding => ({
      id: `annotation-${digest([uid, problem.annotation, problem.value]).slice(0, 16)}`,
      regarding: { apiVersion, kind, namespace, name, uid, resourceVersion },
      event: { type: 'Warning', reason: 'InvalidAnnotation', note: sentenceOf(problem) },
    }));
  });
}
