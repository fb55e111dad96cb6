/** The MutatingWebhookConfiguration, whose `caBundle` the API server trusts. All replicas watch it, the leader corrects it. */
import type { KubernetesObject } from '../api/kubernetes.ts';
import type { KubeClient } from '../kube/client.ts';
import { mutatingWebhooksPath } from '../kube/api-paths.ts';
import { reflect, REFLECTOR_TIMING, type ReflectorReport } from '../watch/reflector.ts';
import { createObjectCache } from '../watch/object-cache.ts';

interface WebhookConfigurationObject extends KubernetesObject {
  readonly webhooks?: readonly { readonly clientConfig: { readonly caBundle?: string } }[] | null;
}

export interface WebhookConfigurationOptions {
  readonly client: KubeClient;
  readonly name: string;
  readonly report: ReflectorReport;
  /** It was listed, or has changed. */
  readonly changed: () => void;
  readonly random: () => number;
}

export interface WebhookConfiguration {
  /** Whether the observed configuration has this bundle. */
  hasBundle(bundle: string): boolean;
  /** Writes the bundle where it is missing or differs. */
  ensureBundle(bundle: string): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

export function createWebhookConfiguration({
  client,
  name,
  report,
  changed,
  random,
}: WebhookConfigurationOptions): WebhookConfiguration {
  const store = createObjectCache<WebhookConfigurationObject>(changed);
  const current = (): WebhookConfigurationObject | undefined => store.view().values().next().value;
  return {
    hasBundle: (bundle) => {
      const webhooks = current()?.webhooks ?? [];
      return webhooks.length > 0 && webhooks.every(({ clientConfig }) => clientConfig.caBundle === encode(bundle));
    },
    async ensureBundle(bundle) {
      const patch = bundlePatch(current(), encode(bundle));
      if (patch.length === 0) return;
      const path = `${mutatingWebhooksPath}/${encodeURIComponent(name)}`;
      await client.call({ method: 'PATCH', path, contentType: 'application/json-patch+json', body: patch });
    },
    run(signal) {
      const query = { fieldSelector: `metadata.name=${name}` };
      const kind = 'MutatingWebhookConfiguration';
      return reflect({
        kind,
        path: mutatingWebhooksPath,
        query,
        sink: store,
        client,
        report,
        random,
        signal,
        timing: REFLECTOR_TIMING,
      });
    },
  };
}

/** JSON patch; empty where nothing differs. It fails when the object is no longer the observed version. */
function bundlePatch(observed: WebhookConfigurationObject | undefined, value: string): readonly object[] {
  const wrong = (observed?.webhooks ?? []).flatMap(({ clientConfig }, i) => (clientConfig.caBundle === value ? [] : [i]));
  if (observed === undefined || wrong.length === 0) return [];
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: observed.metadata.resourceVersion },
    ...wrong.map((i) => ({ op: 'add', path: `/webhooks/${i}/clientConfig/caBundle`, value })),
  ];
}

const encode = (bundle: string): string => Buffer.from(bundle, 'utf8').toString('base64');
