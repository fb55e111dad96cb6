import type { KubernetesObject } from '../api/kubernetes.ts';
import type { Clock } from '../util/clock.ts';
import { parseKeys, readSigningKeys } from './key-secret.ts';
import { nextStep, type KeySecret } from './rotation-steps.ts';
import type { KeyCarrier } from '../push/fleet-types.ts';
import { generateKey } from './signer.ts';

/** The Secret as it was seen: what a change of it is bound to. */
export interface SeenSecret extends KeySecret {
  readonly object: KubernetesObject;
}

export interface KeyringOptions {
  readonly carrier: KeyCarrier;
  /** Writes `next` in the place of exactly the version that was observed. False: the Secret is another version by now. */
  readonly replace: (observed: SeenSecret, next: KeySecret) => Promise<boolean>;
  readonly leading: () => boolean;
  /** Milliseconds for which both keys are in the Secret: mounted files follow it no sooner than kubelets renew them. */
  readonly overlap: number;
  /** What is going on, in words, once. */
  readonly said: (text: string, details: object) => void;
  readonly failed: (error: Error) => void;
  readonly clock: Clock;
}

/** Follows the Secret with the signing keys, and while leading takes a rotation from step to step. */
export interface Keyring {
  /** The Secret is like this. */
  seen(secret: SeenSecret): void;
  /** Leading has begun, or a proxy has acknowledged something. */
  look(): void;
  stop(): void;
}

/** Milliseconds: between two looks at what is being waited for, and after a failure. */
const AGAIN = 1000;
const AFTER_FAILURE = 10_000;

export function createKeyring(options: KeyringOptions): Keyring {
  return new RotatingKeyring(options);
}

class RotatingKeyring implements Keyring {
  readonly #options: KeyringOptions;
  #secret: SeenSecret | undefined;
  /** When each key was first seen in `keys`, in ms. */
  readonly #since = new Map<string, number>();
  #busy = false;
  #stopped = false;
  #cancel: (() => void) | undefined;
  #last = '';

  constructor(options: KeyringOptions) {
    this.#options = options;
  }

  seen(secret: SeenSecret): void {
    const { carrier, clock, failed } = this.#options;
    try {
      const keys = readSigningKeys(secret.data);
      const published = parseKeys(secret.data['keys'] ?? '');
      for (const key of this.#since.keys()) if (!published.includes(key)) this.#since.delete(key);
      for (const key of published) if (!this.#since.has(key)) this.#since.set(key, clock.now());
      this.#secret = secret;
      carrier.trust(keys);
    } catch (error) {
      // What was good before stays in use.
      this.#secret = undefined;
      failed(error as Error);
    }
    this.look();
  }

  look(): void {
    const { leading, carrier, overlap, clock } = this.#options;
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#secret === undefined || this.#busy || this.#stopped || !leading()) return;
    const lacking = (publicKey: string): readonly string[] => carrier.lacking(publicKey);
    const newest = Math.max(...this.#since.values());
    const step = nextStep(this.#secret, { overlapped: clock.now() - newest >= overlap, lacking, makeKey: generateKey });
    switch (step.kind) {
      case 'rest':
        return;
      case 'overlap':
        this.#say('all proxies trust the next signing key; the present one stays until files that pods have mounted are renewed');
        return this.#later();
      case 'proxies':
        this.#say('proxies have yet to trust the next signing key', { proxies: step.names });
        return this.#later();
      case 'announce':
      case 'retire':
        return void this.#write(this.#secret, step);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #later(ms = AGAIN): void {
    this.#cancel ??= this.#options.clock.after(ms, () => this.look());
  }

  async #write(seen: SeenSecret, step: KeySecret & { readonly kind: string; readonly publicKey: string }): Promise<void> {
    const { replace, failed } = this.#options;
    this.#busy = true;
    let again = AGAIN;
    try {
      // Another replica was faster: the watch will bring what it wrote.
      if (!(await replace(seen, step))) return;
      this.#say(`rotating the signing key: ${step.kind === 'announce' ? 'a new one is announced' : 'the old one is retired'}`, {
        publicKey: step.publicKey,
      });
      // The watch brings what was written; until then nothing must be written over it.
      if (this.#secret === seen) this.#secret = undefined;
    } catch (error) {
      again = AFTER_FAILURE;
      failed(error as Error);
    } finally {
      this.#busy = false;
      if (!this.#stopped) this.#later(again);
    }
  }

  #say(text: string, details: object = {}): void {
    const line = `${text} ${JSON.stringify(details)}`;
    if (line !== this.#last) this.#options.said(text, details);
    this.#last = line;
  }
}
