/** The webhook of one replica: connects certificates, server and webhook configuration. */
import { X509Certificate } from 'node:crypto';
import { retryUntilSuccess } from '../util/retry.ts';
import { sleep } from '../util/sleep.ts';
import type { KubeClient } from '../kube/client.ts';
import { createSecretStore } from '../kube/secret-store.ts';
import type { ReflectorReport } from '../watch/reflector.ts';
import { ensureCertificates } from './certificate/ensure-certificates.ts';
import { createWebhookConfiguration } from './webhook-configuration.ts';
import { review, type InjectionResult } from './admission-review.ts';
import { startWebhookServer, type WebhookServer } from './webhook-server.ts';
import { createSidecar, type Sidecar } from './sidecar-container.ts';
import type { CertificateSet } from './certificate/certificate-set.ts';
import type { SidecarConfig } from './sidecar-config.ts';

export interface WebhookMetrics {
  injected(result: InjectionResult | 'invalid'): void;
  /** @param expiry of the serving certificate, in Unix seconds */
  webhookCertificate(expiry: number): void;
}

export interface WebhookOptions {
  readonly client: KubeClient;
  readonly config: SidecarConfig;
  /** The operator's own namespace. */
  readonly namespace: string;
  readonly port: number;
  readonly bind: string | undefined;
  /** Keys that a sidecar that starts now must trust. */
  readonly trustedKeys: () => readonly string[];
  readonly leading: () => boolean;
  readonly report: ReflectorReport;
  readonly metrics: WebhookMetrics;
  /** Something failed and is tried again. */
  readonly failed: (error: Error) => void;
  readonly random: () => number;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface Webhook {
  /** Why it does not serve; undefined once it does. */
  readonly problem: string | undefined;
  /** A term has begun, or the configuration has changed. */
  reconcile(): void;
  /** Serves until the signal aborts. Never rejects: what fails, even binding the port, is tried again. */
  run(signal: AbortSignal): Promise<void>;
}

/** Milliseconds between two reads of the Secret, in which the leader may have renewed the certificates. */
const RECONCILE_EVERY = 60_000;

export function createWebhook(options: WebhookOptions): Webhook {
  return new InjectionWebhook(options);
}

class InjectionWebhook implements Webhook {
  problem: string | undefined = 'the webhook has no certificate yet';
  readonly #options: WebhookOptions;
  readonly #configuration;
  readonly #secrets;
  readonly #names: readonly string[];
  #server: WebhookServer | undefined;
  #certificates: CertificateSet | undefined;
  #sidecar: { readonly keys: string; readonly sidecar: Sidecar } | undefined;
  #wake = new AbortController();

  constructor(options: WebhookOptions) {
    const { client, config, namespace, report, random } = options;
    this.#options = options;
    const { configuration: name, service } = config.webhook;
    this.#names = [`${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`];
    this.#configuration = createWebhookConfiguration({ client, name, report, random, changed: () => this.reconcile() });
    this.#secrets = createSecretStore(client, namespace);
  }

  reconcile(): void {
    this.#wake.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { failed } = this.#options;
    const watching = this.#configuration.run(signal);
    try {
      while (!signal.aborted) {
        this.#wake = new AbortController();
        await retryUntilSuccess(() => this.#reconcile(), failed, signal);
        await sleep(RECONCILE_EVERY, AbortSignal.any([signal, this.#wake.signal]));
      }
    } catch {
      // The signal aborted.
    } finally {
      this.problem = 'the webhook has stopped';
      await Promise.all([watching, this.#server?.close()]);
    }
  }

  /** The API server gets the bundle before a certificate is served that needs it. */
  async #reconcile(): Promise<void> {
    const { leading, now } = this.#options;
    const published = (bundle: string): boolean => this.#configuration.hasBundle(bundle);
    const [secrets, names, serving] = [this.#secrets, this.#names, this.#certificates];
    const certificates = await ensureCertificates({ secrets, names, serving, leading, published, now });
    if (leading()) await this.#configuration.ensureBundle(certificates.bundle);
    await this.#present(certificates);
  }

  async #present(certificates: CertificateSet): Promise<void> {
    const { port, bind, metrics } = this.#options;
    if (this.#certificates?.cert === certificates.cert) return;
    if (this.#server) this.#server.present(certificates);
    else this.#server = await startWebhookServer({ port, bind, certificate: certificates, review: (text) => this.#review(text) });
    this.#certificates = certificates;
    this.problem = undefined;
    metrics.webhookCertificate(new X509Certificate(certificates.cert).validToDate.getTime() / 1000);
  }

  #review(text: string): string | undefined {
    const reviewed = review(text, this.#sidecarNow());
    this.#options.metrics.injected(reviewed?.result ?? 'invalid');
    return reviewed?.body;
  }

  /** Made again only when the keys change. */
  #sidecarNow(): Sidecar {
    const keys = this.#options.trustedKeys();
    const text = keys.join();
    if (this.#sidecar?.keys !== text) this.#sidecar = { keys: text, sidecar: createSidecar(this.#options.config, keys) };
    return this.#sidecar.sidecar;
  }
}
