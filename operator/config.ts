/** Flags and environment → one frozen, validated Config. Every error is collected, so that one start reports all of them. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { delimiter } from 'node:path';
import { parseArgs } from 'node:util';
import { parseDuration } from './api/duration.ts';
import { CONTROL_PORT } from '../proxy/snapshot/ports.ts';
import { readSidecarConfig, type SidecarConfig } from './inject/sidecar-config.ts';
import { LOG_LEVELS, type LogLevel } from './observe/log.ts';
import { readGatewayConfig, type GatewayConfig } from './service/gateway-config.ts';
import type { Errors } from './util/json-fields.ts';
import { isDnsLabel } from './util/kubernetes-names.ts';

export interface Config {
  /** The operator's own namespace, which holds its Lease, its Secrets and the gateways. */
  readonly namespace: string;
  /** Files, merged in this order; empty: the service account of the pod. */
  readonly kubeconfig: readonly string[];
  /** The only address to bind; undefined: all addresses. */
  readonly bind: string | undefined;
  readonly observePort: number;
  /** Port of the proxies' control API. */
  readonly controlPort: number;
  readonly logLevel: LogLevel;
  readonly podName: string;
  /** Undefined: not known, so after a restart the process waits for its old Lease to expire. */
  readonly podUid: string | undefined;
  /** Milliseconds for which the old and the new signing key are both in their Secret. */
  readonly keyOverlap: number;
  /** The gateways' Service, and who may use which ports and hosts; absent: no Service is made, and everyone may use everything. */
  readonly gateway?: GatewayConfig;
  /** The sidecar that the webhook injects; absent: there is no webhook. */
  readonly sidecar?: SidecarConfig;
  readonly webhookPort: number;
}

const OBSERVE_PORT = 9801;
const WEBHOOK_PORT = 9443;
const SERVICE_ACCOUNT_NAMESPACE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

export const HELP = `outrigger operator: watches LoadBalancerPolicies and pushes them to the proxies

  --namespace NAME      the operator's own namespace (the pod's)
  --kubeconfig FILE     how to reach the API server (KUBECONFIG, else the pod's service account)
  --bind ADDRESS        bind only this address (all addresses)
  --observe-port PORT   /healthz, /readyz and /metrics (${OBSERVE_PORT})
  --control-port PORT   where proxies accept snapshots (${CONTROL_PORT})
  --pod-name NAME       name of this pod, for the Lease and logs (the host's name)
  --key-overlap TIME    how long a rotated signing key stays trusted, at least (5m)
  --log-level LEVEL     ${LOG_LEVELS.join(', ')} (info)
  --gateway-config FILE JSON: the gateways' Service, and who may use which ports and hosts (no Service; everyone, all)
  --sidecar-config FILE JSON: the sidecar that the webhook injects (no webhook)
  --webhook-port PORT   where the API server calls the webhook (${WEBHOOK_PORT})
  --help

environment, used where the flag is absent
  OUTRIGGER_NAMESPACE   --namespace
  OUTRIGGER_POD_NAME    --pod-name
  OUTRIGGER_POD_UID     UID of this pod: its restarted container acquires the Lease again at once
  KUBECONFIG            --kubeconfig, several files as kubectl takes them
`;

const OPTIONS = {
  namespace: { type: 'string' },
  kubeconfig: { type: 'string' },
  bind: { type: 'string' },
  'observe-port': { type: 'string', default: String(OBSERVE_PORT) },
  'control-port': { type: 'string', default: String(CONTROL_PORT) },
  'pod-name': { type: 'string' },
  'key-overlap': { type: 'string', default: '5m' },
  'log-level': { type: 'string', default: 'info' },
  'gateway-config': { type: 'string' },
  'sidecar-config': { type: 'string' },
  'webhook-port': { type: 'string', default: String(WEBHOOK_PORT) },
  help: { type: 'boolean', default: false },
} as const;

type Flags = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/**
 * The configuration, `help`, or every error, one sentence each.
 *
 * @param podNamespace namespace of the pod's service account; undefined outside of a cluster
 */
export function readConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  podNamespace: () => string | undefined = readPodNamespace,
): Config | 'help' | Errors {
  let flags: Flags;
  try {
    flags = parseArgs({ args: [...argv], options: OPTIONS, strict: true }).values;
  } catch (error) {
    return { errors: [(error as Error).message] };
  }
  if (flags.help === true) return 'help';
  const gateway = fileOf('--gateway-config', flags['gateway-config'], readGatewayConfig);
  const sidecar = fileOf('--sidecar-config', flags['sidecar-config'], readSidecarConfig);
  const config: Config = {
    namespace: flags.namespace ?? env['OUTRIGGER_NAMESPACE'] ?? podNamespace() ?? '',
    kubeconfig: kubeconfigOf(flags.kubeconfig, env),
    bind: flags.bind,
    observePort: Number(flags['observe-port']),
    controlPort: Number(flags['control-port']),
    logLevel: flags['log-level'] as LogLevel,
    podName: flags['pod-name'] ?? env['OUTRIGGER_POD_NAME'] ?? hostname(),
    keyOverlap: durationOf(flags['key-overlap']),
    podUid: env['OUTRIGGER_POD_UID'] || undefined,
    ...(gateway.value && { gateway: gateway.value }),
    ...(sidecar.value && { sidecar: sidecar.value }),
    webhookPort: Number(flags['webhook-port']),
  };
  const errors = [...errorsIn(config, env), ...gateway.errors, ...sidecar.errors];
  return errors.length > 0 ? { errors } : Object.freeze(config);
}

function* errorsIn(config: Config, env: Readonly<Record<string, string | undefined>>): Generator<string> {
  if (config.namespace === '') yield '--namespace must be given outside of a cluster';
  else if (!isDnsLabel(config.namespace)) yield `--namespace must be the name of a namespace, not ${quote(config.namespace)}`;
  if (config.kubeconfig.length === 0 && !env['KUBERNETES_SERVICE_HOST']) {
    yield 'outside of a cluster, --kubeconfig or KUBECONFIG must name the API server';
  }
  if (config.bind !== undefined && isIP(config.bind) === 0) yield `--bind must be an IP address, not ${quote(config.bind)}`;
  for (const [flag, port] of [
    ['--observe-port', config.observePort],
    ['--control-port', config.controlPort],
    ['--webhook-port', config.webhookPort],
  ] as const) {
    if (!Number.isInteger(port) || port < 1 || port > 65535) yield `${flag} must be a whole number from 1 to 65535`;
  }
  if (Number.isNaN(config.keyOverlap)) yield '--key-overlap must be a duration such as 5m or 90s';
  if (!LOG_LEVELS.includes(config.logLevel)) yield `--log-level must be one of ${LOG_LEVELS.join(', ')}`;
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(config.podName)) {
    yield `--pod-name must be the name of a pod, not ${quote(config.podName)}`;
  }
  if (config.podUid !== undefined && !/^[a-z0-9-]{1,64}$/i.test(config.podUid)) {
    yield `OUTRIGGER_POD_UID must be the UID of this pod (downward API: metadata.uid), not ${quote(config.podUid)}`;
  }
}

/** The value of a file that a flag names, with the flag before each error. */
function fileOf<T extends object>(
  flag: string,
  file: string | undefined,
  read: (file: string) => T | Errors,
): { readonly value?: T; readonly errors: readonly string[] } {
  if (file === undefined) return { errors: [] };
  const value = read(file);
  if (!('errors' in value)) return { value, errors: [] };
  return { errors: value.errors.map((error) => `${flag} ${file}: ${error}`) };
}

function kubeconfigOf(flag: string | undefined, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  if (flag !== undefined) return [flag];
  return (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
}

function durationOf(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    return NaN;
  }
}

const quote = (text: string): string => JSON.stringify(text.slice(0, 80));

function readPodNamespace(): string | undefined {
  try {
    return readFileSync(SERVICE_ACCOUNT_NAMESPACE, 'utf8').trim();
  } catch {
    return undefined;
  }
}
