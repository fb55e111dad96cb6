/** The flags that every command of the operator's program has. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter } from 'node:path';
import { LOG_LEVELS, type LogLevel } from './observe/log.ts';
import { isDnsLabel } from './util/kubernetes-names.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommonConfig {
  /** The operator's own namespace, which holds its Lease, its Secrets and the gateways. */
  readonly namespace: string;
  /** Files, merged in this order; empty: the service account of the pod. */
  readonly kubeconfig: readonly string[];
  readonly logLevel: LogLevel;
  readonly podName: string;
}

export const COMMON_OPTIONS = {
  namespace: { type: 'string' },
  kubeconfig: { type: 'string' },
  'pod-name': { type: 'string' },
  'log-level': { type: 'string', default: 'info' },
  help: { type: 'boolean', default: false },
} as const;

interface CommonFlags {
  readonly namespace?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly 'pod-name'?: string | undefined;
  readonly 'log-level': string;
}

const SERVICE_ACCOUNT_NAMESPACE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** A flag overrides the environment, and the environment what the pod says. Nothing is checked yet. */
export function commonConfig(flags: CommonFlags, env: Environment, podNamespace: () => string | undefined): CommonConfig {
  return {
    namespace: flags.namespace ?? env['OUTRIGGER_NAMESPACE'] ?? podNamespace() ?? '',
    kubeconfig: kubeconfigOf(flags.kubeconfig, env),
    logLevel: flags['log-level'] as LogLevel,
    podName: flags['pod-name'] ?? env['OUTRIGGER_POD_NAME'] ?? hostname(),
  };
}

/** What is wrong, one sentence each. */
export function* commonErrors(config: CommonConfig, env: Environment): Generator<string> {
  if (config.namespace === '') yield '--namespace must be given outside of a cluster';
  else if (!isDnsLabel(config.namespace)) yield `--namespace must be the name of a namespace, not ${quote(config.namespace)}`;
  if (config.kubeconfig.length === 0 && !env['KUBERNETES_SERVICE_HOST']) {
    yield 'outside of a cluster, --kubeconfig or KUBECONFIG must name the API server';
  }
  if (!LOG_LEVELS.includes(config.logLevel)) yield `--log-level must be one of ${LOG_LEVELS.join(', ')}`;
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(config.podName)) {
    yield `--pod-name must be the name of a pod, not ${quote(config.podName)}`;
  }
}

function kubeconfigOf(flag: string | undefined, env: Environment): readonly string[] {
  if (flag !== undefined) return [flag];
  return (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
}

/** A value of the user in an error, cut off. */
export const quote = (text: string): string => JSON.stringify(text.slice(0, 80));

/** Namespace of the pod's service account; undefined outside of a cluster. */
export function readPodNamespace(): string | undefined {
  try {
    return readFileSync(SERVICE_ACCOUNT_NAMESPACE, 'utf8').trim();
  } catch {
    return undefined;
  }
}
