/** For tests: a configuration, a Pod that asks for a sidecar, and reviews of it. */
import type { InjectablePod } from './injectable-pod.ts';
import type { SidecarConfig } from './sidecar-config.ts';

export const CONFIG: SidecarConfig = {
  image: 'outrigger/proxy:0.1.0',
  logLevel: 'info',
  extraArgs: [],
  webhook: { configuration: 'outrigger-sidecar-injector', service: 'outrigger-webhook' },
};
export const KEYS: readonly string[] = ['A'.repeat(43), 'B'.repeat(43)];

export function asking(spec: InjectablePod['spec'] = {}, labels: Readonly<Record<string, string>> = {}): InjectablePod {
  return {
    metadata: { labels: { 'outrigger.dev/inject': 'true', ...labels } },
    spec: { containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }], ...spec },
  };
}

/** A review as the API server sends it. */
export function reviewOf(object: unknown, more: object = {}): string {
  const resource = { group: '', version: 'v1', resource: 'pods' };
  const request = { uid: 'uid-1', resource, operation: 'CREATE', object, ...more };
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
}
