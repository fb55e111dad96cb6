/** Starts and stops the operator, in order. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { accessFrom } from './kube/api-access.ts';
import { createKubeClient } from './kube/client.ts';
import { loadKubeConfig } from './kube/load-kubeconfig.ts';
import { createSecretStore } from './kube/secret-store.ts';
import { candidateOf } from './leader/lease.ts';
import { Metrics } from './observe/metrics.ts';
import { startObserveServer } from './observe/server.ts';
import { createWatchdog } from './observe/watchdog.ts';
import { ensureSigningKeys } from './signing-keys/key-secret.ts';
import { retryUntilSuccess } from './util/retry.ts';
import { crdVersionOptions, watchCrdVersion } from './crd-version.ts';
import { warn, wire, type Context } from './wiring.ts';
import { VERSION } from './version.ts';

export interface Operator {
  readonly observePort: number;
  /** Stops pushing at once, releases the Lease, and closes everything. */
  stop(): Promise<void>;
}

const USER_AGENT = `outrigger-operator/${VERSION}`;
/** Milliseconds; a watch lasts ten minutes at most, and a list takes less. */
const STALLED_AFTER = 15 * 60_000;

/** Resolves as soon as the observe port listens. Everything else starts when the API server answers, however long that takes. */
export async function startOperator(config: Config, log: Logger): Promise<Operator> {
  const controller = new AbortController();
  const context: Context = {
    config,
    log,
    metrics: new Metrics(),
    watchdog: createWatchdog(STALLED_AFTER, () => performance.now()),
    client: createKubeClient(
      accessFrom(() => loadKubeConfig(config.kubeconfig)),
      USER_AGENT,
    ),
    candidate: candidateOf(config.namespace, config.podName, config.podUid, randomUUID()),
    signal: controller.signal,
    notReady: () => 'the signing key has not been read yet',
  };
  const { registry } = context.metrics;
  const probes = { registry, notAlive: () => context.watchdog.stalled(), notReady: () => context.notReady() };
  const observe = await startObserveServer(probes, config.observePort, config.bind);
  const operating = operate(context);
  return {
    observePort: observe.observePort,
    async stop() {
      controller.abort();
      await operating;
      await observe.close();
      await context.client.close();
    },
  };
}

/** Key → caches → Lease → until the signal aborts. */
async function operate(context: Context): Promise<void> {
  const { client, config, log, metrics, signal } = context;
  const secrets = createSecretStore(client, config.namespace);
  const failed = warn(log, 'the signing key cannot be read or created yet');
  const keys = await retryUntilSuccess(() => ensureSigningKeys(secrets), failed, signal).catch(() => undefined);
  if (keys === undefined) return;
  const stages = wire(context, keys);
  const { inventory, fleet, status, gateway, reconciler, election, rotation, webhook, uninjected, annotations, synced } = stages;
  context.notReady = () => 'not everything has been listed yet';
  const stopped = aborted(signal).then(() => {
    reconciler.stop();
    rotation.stop();
    election.stop();
    return Promise.all([gateway?.stop(), status.stop(), annotations.stop(), fleet.stop()]);
  });
  const crdVersion = watchCrdVersion(crdVersionOptions(client, log, metrics), signal);
  const others = [crdVersion, uninjected.run(signal), webhook?.run(signal)];
  const listed = election.watch((round) => Promise.all([inventory.run(round), rotation.run(round)]), signal);
  const watching = Promise.all([listed, ...others]);
  await Promise.race([synced, stopped]);
  if (!signal.aborted) {
    log.info('everything has been listed once');
    context.notReady = () => election.leader.problem ?? webhook?.problem;
  }
  await election.leader.run(signal);
  await Promise.all([watching, stopped]);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
