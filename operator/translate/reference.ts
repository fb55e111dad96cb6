import { SHARED_WITH_ANNOTATION } from '../api/labels.ts';
import type { Service } from '../api/kubernetes.ts';
import type { Backend, ParsedPolicy } from './policy.ts';
import type { Problem } from './field-parser.ts';

/**
 * Why a policy may not use a Service; undefined when it may. Gateways serve anybody who reaches them, so a Service of another
 * namespace has to be shared by its owner; a sidecar serves its own pod, which can call any Service already. That a Service
 * does not exist is told only to those who may use it.
 */
export function refuseReference(
  { proxyType, namespace }: ParsedPolicy,
  backend: Backend,
  service: Service | undefined,
): Problem | undefined {
  if (proxyType === 'Sidecar' || backend.namespace === namespace) return undefined;
  const shared = (service?.metadata.annotations?.[SHARED_WITH_ANNOTATION] ?? '').split(',').map((name) => name.trim());
  if (shared.includes('*') || shared.includes(namespace)) return undefined;
  return {
    reason: 'RefNotPermitted',
    message: `Service ${backend.service} is not shared with namespace ${namespace}, or does not exist: its owner can annotate it with ${SHARED_WITH_ANNOTATION}: "${namespace}"`,
  };
}
