/** The steps of `prepare-uninstall`. */
import type { Logger } from 'pino';
import { accessFrom } from '../kube/api-access.ts';
import { createKubeClient } from '../kube/client.ts';
import { loadKubeConfig } from '../kube/load-kubeconfig.ts';
import type { RetryLimits } from '../util/retry.ts';
import { VERSION } from '../version.ts';
import type { UninstallConfig } from './config.ts';
import { markPolicies } from './mark-policies.ts';
import { releaseLease, stopOperator } from './stop-operator.ts';

const USER_AGENT = `outrigger-uninstall/${VERSION}`;
/** About 8 s in all: the chart's hook creates its permissions just before, which API servers notice a moment later. */
const RETRY = { attempts: 6, base: 250, max: 4000 };

/** Stops the operator, then marks the policies: in this order, since a running operator would correct their statuses. @returns the exit code */
export async function prepareUninstall(
  config: UninstallConfig,
  log: Logger,
  signal: AbortSignal,
  retry: RetryLimits = RETRY,
): Promise<0 | 1> {
  const client = createKubeClient(
    accessFrom(() => loadKubeConfig(config.kubeconfig)),
    USER_AGENT,
  );
  const options = { ...config, client, signal, retry, now: () => Date.now() };
  try {
    const left = await stopOperator(options);
    if (left > 0) log.warn({ pods: left }, 'Pods of the operator have not ended: they may write the statuses of policies again');
    else log.info({ deployment: config.deployment }, 'the operator has ended');
    await releaseLease(options);
    const failed = (policy: string, error: Error): void => log.error({ policy, err: error.message }, 'a policy cannot be marked');
    const result = await markPolicies({ ...options, failed });
    log.info(result, 'the policies say that no proxy serves them');
    return result.failed > 0 ? 1 : 0;
  } catch (error) {
    log.error({ err: (error as Error).message }, 'the uninstallation could not be prepared');
    return 1;
  } finally {
    await client.close();
  }
}
