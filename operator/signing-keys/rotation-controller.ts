import type { KubernetesObject } from '../api/kubernetes.ts';
import type { Clock } from '../util/clock.ts';
import { parseKeys, readSigningKeys } from './key-secret.ts';
import { nextRotationStep, type KeySecret } from './rotation-steps.ts';
import type { KeyDistribution } from '../push/fleet-types.ts';
import { generateKey } from './signer.ts';

/** The Secret as it was observed: a change is bound to this version. */
export interface ObservedSecret extends KeySecret {
  readonly object: KubernetesObject;
}

export interface RotationControllerOptions {
  readonly distribution: KeyDistribution;
  /** Writes `next` in the place of exactly the version that was observed. False: the Secret is another version by now. */
  readonly replace: (observed: ObservedSecret, next: KeySecret) => Promise<boolean>;
  readonly leading: () => boolean;
  /** Milliseconds for which both keys are in the Secret: kubelets update mounted files only after a while. */
  readonly overlap: number;
  /** What the rotation does or waits for, once for each change. */
  readonly progress: (text: string, details: object) => void;
  readonly failed: (error: Error) => void;
  readonly clock: Clock;
}

/** Follows the Secret with the signing keys, and while leading takes the steps of a rotation. */
export interface RotationController {
  /** Takes the present Secret. */
  observe(secret: ObservedSecret): void;
  /** Takes the step that is due: a term has begun, or a proxy has acknowledged something. */
  reconcile(): void;
  stop(): void;
}

/** Milliseconds between two reconciliations while waiting, and after a failure. */
const WAIT = 1000;
const AFTER_FAILURE = 10_000;

export function createRotationController(options: RotationControllerOptions): RotationController {
  return new KeyRotationController(options);
}

class KeyRotationController implements RotationController {
  readonly #options: RotationControllerOptions;
  #secret: ObservedSecret | undefined;
  /** When each key was first seen in `keys`, in monotonic ms. */
  readonly #publishedSince = new Map<string, number>();
  #busy = false;
  #stopped = false;
  #cancel: (() => void) | undefined;
  #lastReported = '';

  constructor(options: RotationControllerOptions) {
    this.#options = options;
  }

  observe(secret: ObservedSecret): void {
    const { distribution, clock, failed } = this.#options;
    try {
      const keys = readSigningKeys(secret.data);
      const published = parseKeys(secret.data['keys'] ?? '');
      for (const key of this.#publishedSince.keys()) if (!published.includes(key)) this.#publishedSince.delete(key);
      for (const key of published) if (!this.#publishedSince.has(key)) this.#publishedSince.set(key, clock.now());
      this.#secret = secret;
      distribution.setKeys(keys);
    } catch (error) {
      // The previous keys stay in use.
      this.#secret = undefined;
      failed(error as Error);
    }
    this.reconcile();
  }

  reconcile(): void {
    const { leading, distribution, overlap, clock } = this.#options;
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#secret === undefined || this.#busy || this.#stopped || !leading()) return;
    const proxiesMissingKey = (publicKey: string): readonly string[] => distribution.proxiesMissingKey(publicKey);
    const newest = Math.max(...this.#publishedSince.values());
    const step = nextRotationStep(this.#secret, {
      overlapped: clock.now() - newest >= overlap,
      proxiesMissingKey,
      makeKey: generateKey,
    });
    switch (step.kind) {
      case 'idle':
        return;
      case 'overlap':
        this.#report(
          'all proxies trust the next signing key; the present one stays until the files that pods have mounted are updated',
        );
        return this.#later();
      case 'proxies':
        this.#report('waiting for proxies to trust the next signing key', { proxies: step.names });
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

  #later(ms = WAIT): void {
    this.#cancel ??= this.#options.clock.after(ms, () => this.reconcile());
  }

  async #write(observed: ObservedSecret, step: KeySecret & { readonly kind: string; readonly publicKey: string }): Promise<void> {
    const { replace, failed } = this.#options;
    this.#busy = true;
    let again = WAIT;
    try {
      // Another replica was faster: the watch will bring what it wrote.
      if (!(await replace(observed, step))) return;
      this.#report(
        `rotating the signing key: ${step.kind === 'announce' ? 'a new one is announced' : 'the old one is retired'}`,
        {
          publicKey: step.publicKey,
        },
      );
      // The watch brings the written version; nothing is written before.
      if (this.#secret === observed) this.#secret = undefined;
    } catch (error) {
      again = AFTER_FAILURE;
      failed(error as Error);
    } finally {
      this.#busy = false;
      if (!this.#stopped) this.#later(again);
    }
  }

  #report(text: string, details: object = {}): void {
    const line = `${text} ${JSON.stringify(details)}`;
    if (line !== this.#lastReported) this.#options.progress(text, details);
    this.#lastReported = line;
  }
}
