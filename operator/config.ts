/** Flags and environment → one frozen, validated Config. Every error is collected, so that one start reports all of them. */
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { parseDuration } from './api/duration.ts';
import { COMMON_OPTIONS, commonConfig, commonErrors, quote, readPodNamespace } from './common-config.ts';
import type { CommonConfig, Environment } from './common-config.ts';
import { CONTROL_PORT } from '../proxy/snapshot/ports.ts';
import { readSidecarConfig, type SidecarConfig } from './inject/sidecar-config.ts';
import { LOG_LEVELS } from './observe/log.ts';
import { readGatewayConfig, type GatewayConfig } from './service/gateway-config.ts';
import type { Errors } from './util/json-fields.ts';

export interface Config extends CommonConfig {
  /** The only address to bind; undefined: all addresses. */
  readonly bind: string | undefined;
  readonly observePort: number;
  /** Port of the proxies' control API. */
  readonly controlPort: number;
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

  prepare-uninstall     a command of its own, for the chart's hook; see prepare-uninstall --help

environment, used where the flag is absent
  OUTRIGGER_NAMESPACE   --namespace
  OUTRIGGER_POD_NAME    --pod-name
  OUTRIGGER_POD_UID     UID of this pod: its restarted container acquires the Lease again at once
  KUBECONFIG            --kubeconfig, several files as kubectl takes them
`;

const OPTIONS = {
  ...COMMON_OPTIONS,
  bind: { type: 'string' },
  'observe-port': { type: 'string', default: String(OBSERVE_PORT) },
  'control-port': { type: 'string', default: String(CONTROL_PORT) },
  'key-overlap': { type: 'string', default: '5m' },
  'gateway-config': { type: 'string' },
  'sidecar-config': { type: 'string' },
  'webhook-port': { type: 'string', default: String(WEBHOOK_PORT) },
} as const;

type Flags = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/**
 * The configuration, `help`, or every error, one sentence each.
 *
 * @param podNamespace namespace of the pod's service account; undefined outside of a cluster
 */
export function readConfig(
  argv: readonly string[],
  env: Environment,
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
    ...commonConfig(flags, env, podNamespace),
    bind: flags.bind,
    observePort: Number(flags['observe-port']),
    controlPort: Number(flags['control-port']),
    keyOverlap: durationOf(flags['key-overlap']),
    podUid: env['OUTRIGGER_POD_UID'] || undefined,
    ...(gateway.value && { gateway: gateway.value }),
    ...(sidecar.value && { sidecar: sidecar.value }),
    webhookPort: Number(flags['webhook-port']),
  };
  const errors = [...commonErrors(config, env), ...errorsIn(config), ...gateway.errors, ...sidecar.errors];
  return errors.length > 0 ? { errors } : Object.freeze(config);
}

function* errorsIn(config: Config): Generator<string> {
  if (config.bind !== undefined && isIP(config.bind) === 0) yield `--bind must be an IP address, not ${quote(config.bind)}`;
  for (const [flag, port] of [
    ['--observe-port', config.observePort],
    ['--control-port', config.controlPort],
    ['--webhook-port', config.webhookPort],
  ] as const) {
    if (!Number.isInteger(port) || port < 1 || port > 65535) yield `${flag} must be a whole number from 1 to 65535`;
  }
  if (Number.isNaN(config.keyOverlap)) yield '--key-overlap must be a duration such as 5m or 90s';
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

function durationOf(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    return NaN;
  }
}
