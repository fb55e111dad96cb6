/** The parts of the operator that need more than a line to be made, and what all of them share. */
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { createWebhook, type Webhook } from './inject/webhook.ts';
import type { KubeClient } from './kube/client.ts';
import type { Candidate } from './leader/lease.ts';
import type { Metrics } from './observe/metrics.ts';
import type { Watchdog } from './observe/watchdog.ts';
import { createProxyClient, podOrigin } from './push/proxy-client.ts';
import { createFleet } from './push/fleet.ts';
import type { SigningKeys } from './signing-keys/key-secret.ts';
import type { Fleet, KeyCarrier } from './push/seam.ts';
import { createGatewayService, type GatewayService, type GatewayServiceOptions } from './service/gateway-service.ts';
import type { ReflectorReport } from './watch/reflector.ts';

/** What the stages share. */
export interface Context {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly watchdog: Watchdog;
  readonly client: KubeClient;
  /** This process, by a UUID. */
  readonly candidate: Candidate;
  readonly signal: AbortSignal;
  /** What is still missing until the operator is ready; undefined: nothing. */
  notReady: () => string | undefined;
}

/** Undefined without `--gateway-config`. */
export function wireService(
  { client, config, log, metrics, candidate }: Context,
  events: Pick<GatewayServiceOptions, 'leading' | 'again'>,
): GatewayService | undefined {
  if (config.gateway === undefined) return undefined;
  return createGatewayService({
    client,
    config: config.gateway,
    namespace: config.namespace,
    instance: candidate.identity,
    wrote: (result) => metrics.wroteService(result),
    failed: warn(log, 'the gateway Service could not be written and is tried again'),
    ...events,
    random: Math.random,
    now: Date.now,
  });
}

/** Undefined without `--sidecar-config`. */
export function wireWebhook(
  { client, config, log, metrics }: Context,
  report: ReflectorReport,
  leading: () => boolean,
  trustedKeys: () => readonly string[],
): Webhook | undefined {
  if (config.sidecar === undefined) return undefined;
  return createWebhook({
    ...{ client, report, leading, trustedKeys, metrics, random: Math.random, now: Date.now },
    config: config.sidecar,
    namespace: config.namespace,
    port: config.webhookPort,
    bind: config.bind,
    failed: warn(log, 'the webhook can not serve, or renew its certificate, and tries again'),
  });
}

export function reportOf({ metrics, watchdog, log }: Context): ReflectorReport {
  return {
    heard(kind) {
      metrics.heard(kind, Date.now() / 1000);
      watchdog.seen(kind);
    },
    failed(kind, error) {
      metrics.restarted(kind);
      watchdog.seen(kind);
      log.warn({ kind, error: error.message }, 'list or watch failed and is tried again');
    },
  };
}

export function wireFleet(
  { config, metrics }: Context,
  keys: SigningKeys,
  leading: () => boolean,
  events: Parameters<typeof createFleet>[0]['events'],
): Fleet & KeyCarrier {
  const origin = (address: string): string => {
    const url = new URL(podOrigin(address));
    url.port = String(config.controlPort);
    return url.origin;
  };
  return createFleet({
    keys,
    client: createProxyClient({ origin }),
    events,
    leading,
    metrics,
    now: () => performance.now(),
    unixNow: Date.now,
    random: Math.random,
  });
}

export function warn(log: Logger, what: string): (error: Error) => void {
  return (error) => log.warn({ error: error.message }, what);
}
