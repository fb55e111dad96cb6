/** The Secret with the signing keys, wired: whoever watches it, and whoever rotates its keys. Decides nothing. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { KubeClient } from '../kube/client.ts';
import { secretsPath } from '../kube/api-paths.ts';
import { createSecretStore, decodeSecret, type Secret } from '../kube/secret-store.ts';
import { createKeyring, type Keyring, type SeenSecret } from './rotation-controller.ts';
import { SIGNING_SECRET } from './key-secret.ts';
import type { KeyCarrier } from '../push/fleet-types.ts';
import { systemClock } from '../util/clock.ts';
import { reflect, REFLECTOR_TIMING, type ReflectorReport } from '../watch/reflector.ts';

export interface RotationOptions {
  readonly client: KubeClient;
  readonly config: Config;
  readonly log: Logger;
  readonly report: ReflectorReport;
  readonly carrier: KeyCarrier;
  readonly leading: () => boolean;
}

export interface Rotation extends Pick<Keyring, 'look' | 'stop'> {
  /** Watches the Secret until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export function createRotation({ client, config, log, report, carrier, leading }: RotationOptions): Rotation {
  const { namespace, keyOverlap: overlap } = config;
  const secrets = createSecretStore(client, namespace);
  const keyring = createKeyring({
    ...{ carrier, leading, overlap, clock: systemClock },
    replace: ({ object }, { data, annotations }) => secrets.replace(object, data, annotations),
    said: (text, details) => log.info(details, text),
    failed: (error) => log.warn({ error: error.message }, 'the signing keys can not be rotated, and stay as they are'),
  });
  const seen = (object: Secret): void => keyring.seen(seenSecret(object));
  return {
    look: () => keyring.look(),
    stop: () => keyring.stop(),
    run: (signal) =>
      reflect<Secret>({
        ...{ kind: 'Secret', path: secretsPath(namespace), query: { fieldSelector: `metadata.name=${SIGNING_SECRET}` } },
        ...{ client, report, signal, random: Math.random, timing: REFLECTOR_TIMING },
        sink: {
          onReplace: (items) => items.forEach(seen),
          onUpsert: seen,
          onDelete: () =>
            log.error(`the Secret ${SIGNING_SECRET} is gone: restore it, or proxies that run will refuse the next operator`),
        },
      }),
  };
}

function seenSecret(object: Secret): SeenSecret {
  return { object, annotations: object.metadata.annotations ?? {}, data: decodeSecret(object) };
}
