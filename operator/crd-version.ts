/** Whether the installed CustomResourceDefinition is as new as the one that the operator was built for: helm does not always upgrade it. */
import type { Logger } from 'pino';
import type { KubernetesObject } from './api/kubernetes.ts';
import { SCHEMA_VERSION, SCHEMA_VERSION_ANNOTATION } from './api/schema.gen.ts';
import type { KubeClient } from './kube/client.ts';
import { POLICY_CRD_PATH } from './kube/api-paths.ts';
import { sleep } from './util/sleep.ts';

/** In milliseconds. */
export interface CrdVersionTiming {
  readonly every: number;
  /** After a failure. */
  readonly retry: number;
}

const TIMING: CrdVersionTiming = { every: 300_000, retry: 30_000 };
const TIMEOUT = 10_000;
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io, application/json';

export interface CrdVersionOptions {
  readonly client: Pick<KubeClient, 'call'>;
  /** The version of the installed schema; 0 where it has no version. */
  readonly found: (version: number) => void;
  readonly failed: (error: Error) => void;
  readonly timing?: CrdVersionTiming;
}

const REMEDY =
  'the installed CustomResourceDefinition is older than this operator, so newer fields of policies are refused or lost: ' +
  'run "helm upgrade" of this version with crds.enabled=true, or "kubectl apply --server-side -f crds/loadbalancerpolicies.yaml"';

/** Reports the version: in the metric always, in the log once for each older version. */
export function crdVersionOptions(
  client: CrdVersionOptions['client'],
  log: Pick<Logger, 'warn'>,
  metrics: { outdated(outdated: boolean): void },
): CrdVersionOptions {
  let reported: number | undefined;
  return {
    client,
    found(installed) {
      const outdated = installed < SCHEMA_VERSION;
      metrics.outdated(outdated);
      if (outdated && installed !== reported) log.warn({ installed, builtFor: SCHEMA_VERSION }, REMEDY);
      reported = installed;
    },
    failed: (error) => log.warn({ error: error.message }, 'the version of the installed CustomResourceDefinition is not known'),
  };
}

/** Reads the version at intervals until the signal aborts. Never rejects: nothing else depends on it. */
export async function watchCrdVersion(
  { client, found, failed, timing = TIMING }: CrdVersionOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let wait = timing.every;
    try {
      const call = { path: POLICY_CRD_PATH, accept: METADATA_ONLY, timeout: TIMEOUT, signal } as const;
      found(versionOf(await client.call<KubernetesObject>(call)));
    } catch (error) {
      if (signal.aborted) return;
      failed(error as Error);
      wait = timing.retry;
    }
    await sleep(wait, signal);
  }
}

function versionOf({ metadata }: KubernetesObject): number {
  const text = metadata.annotations?.[SCHEMA_VERSION_ANNOTATION] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
