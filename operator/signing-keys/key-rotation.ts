/** The rotation of the signing keys, connected to the API server: the watch of the Secret, and its writes. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { KubeClient } from '../kube/client.ts';
import { secretsPath } from '../kube/api-paths.ts';
import { createSecretStore, decodeSecret, type Secret } from '../kube/secret-store.ts';
import { createRotationController, type RotationController, type ObservedSecret } from './rotation-controller.ts';
import { SIGNING_SECRET } from './key-secret.ts';
import type { KeyDistribution } from '../push/fleet-types.ts';
import { systemClock } from '../util/clock.ts';
import { reflect, REFLECTOR_TIMING, type ReflectorReport } from '../watch/reflector.ts';

export interface KeyRotationOptions {
  readonly client: KubeClient;
  readonly config: Config;
  readonly log: Logger;
  readonly report: ReflectorReport;
  readonly distribution: KeyDistribution;
  readonly leading: () => boolean;
}

export interface KeyRotation extends Pick<RotationController, 'reconcile' | 'stop'> {
  /** Watches the Secret until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export function createKeyRotation({ client, config, log, report, distribution, leading }: KeyRotationOptions): KeyRotation {
  const { namespace, keyOverlap: overlap } = config;
  const secrets = createSecretStore(client, namespace);
  const controller = createRotationController({
    ...{ distribution, leading, overlap, clock: systemClock },
    replace: ({ object }, { data, annotations }) => secrets.replace(object, data, annotations),
    progress: (text, details) => log.info(details, text),
    failed: (error) => log.warn({ error: error.message }, 'the signing keys cannot be rotated, and stay as they are'),
  });
  const observe = (object: Secret): void => controller.observe(observedSecret(object));
  return {
    reconcile: () => controller.reconcile(),
    stop: () => controller.stop(),
    run: (signal) =>
      reflect<Secret>({
        ...{ kind: 'Secret', path: secretsPath(namespace), query: { fieldSelector: `metadata.name=${SIGNING_SECRET}` } },
        ...{ client, report, signal, random: Math.random, timing: REFLECTOR_TIMING },
        sink: {
          onReplace: (items) => items.forEach(observe),
          onUpsert: observe,
          onDelete: () =>
            log.error(`the Secret ${SIGNING_SECRET} is gone: restore it, or running proxies will refuse the next operator`),
        },
      }),
  };
}

function observedSecret(object: Secret): ObservedSecret {
  return { object, annotations: object.metadata.annotations ?? {}, data: decodeSecret(object) };
}
