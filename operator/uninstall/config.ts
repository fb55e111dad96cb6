/** Flags and environment of `prepare-uninstall`. */
import { parseArgs } from 'node:util';
import { COMMON_OPTIONS, commonConfig, commonErrors, quote, readPodNamespace } from '../common-config.ts';
import type { CommonConfig, Environment } from '../common-config.ts';
import { LOG_LEVELS } from '../observe/log.ts';
import type { Errors } from '../util/json-fields.ts';
import { isDnsLabel } from '../util/kubernetes-names.ts';

export const PREPARE_UNINSTALL = 'prepare-uninstall';

export interface UninstallConfig extends CommonConfig {
  /** Name of the operator's Deployment, in the operator's namespace. */
  readonly deployment: string;
}

const DEPLOYMENT = 'outrigger-operator';

export const UNINSTALL_HELP = `outrigger operator ${PREPARE_UNINSTALL}: says in every policy's status that no proxy serves it, before Outrigger is uninstalled

Scales the operator's Deployment to 0 and waits for its Pods to end, so that nothing writes the statuses back; releases the Lease, so that
the next installation leads at once; then marks the policies. The proxies are not touched. Safe to run again.

  --deployment NAME     the operator's Deployment (${DEPLOYMENT})
  --namespace NAME      the operator's own namespace (the pod's)
  --kubeconfig FILE     how to reach the API server (KUBECONFIG, else the pod's service account)
  --pod-name NAME       name of this pod, for logs (the host's name)
  --log-level LEVEL     ${LOG_LEVELS.join(', ')} (info)
  --help

environment, used where the flag is absent
  OUTRIGGER_NAMESPACE   --namespace
  OUTRIGGER_POD_NAME    --pod-name
  KUBECONFIG            --kubeconfig, several files as kubectl takes them

exit code: 0 when every policy is marked, 1 when something failed, 2 for wrong flags
`;

const OPTIONS = { ...COMMON_OPTIONS, deployment: { type: 'string', default: DEPLOYMENT } } as const;

/**
 * The configuration, `help`, or every error, one sentence each.
 *
 * @param argv what follows the command's name
 * @param podNamespace namespace of the pod's service account; undefined outside of a cluster
 */
export function readUninstallConfig(
  argv: readonly string[],
  env: Environment,
  podNamespace: () => string | undefined = readPodNamespace,
): UninstallConfig | 'help' | Errors {
  let flags: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
  try {
    flags = parseArgs({ args: [...argv], options: OPTIONS, strict: true }).values;
  } catch (error) {
    return { errors: [(error as Error).message] };
  }
  if (flags.help) return 'help';
  const config: UninstallConfig = { ...commonConfig(flags, env, podNamespace), deployment: flags.deployment };
  const errors = [...commonErrors(config, env)];
  if (!isDnsLabel(config.deployment)) {
    errors.push(`--deployment must be the name of a Deployment, not ${quote(config.deployment)}`);
  }
  return errors.length > 0 ? { errors } : Object.freeze(config);
}
