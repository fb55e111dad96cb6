/** The webhook of one replica: certificates, server, and what the API server knows of them. Decides nothing by itself. */
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
  /** The operator's own. */
  readonly namespace: string;
  readonly port: number;
  readonly bind: string | undefined;
  /** What a sidecar that starts now has to trust. */
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
  /** Undefined once it serves. */
  readonly problem: string | undefined;
  /** Something may be due: this replica leads now. */
  reconcile(): void;
  /** Serves until the signal aborts. Never rejects: what fails, be it the port, is tried again. */
  run(signal: AbortSignal): Promise<void>;
}

/** Milliseconds between two looks at the Secret, in which the leader may have renewed what we serve. */
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
  #material: CertificateSet | undefined;
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
      // The signal.
    } finally {
      this.problem = 'the webhook has ended';
      await Promise.all([watching, this.#server?.close()]);
    }
  }

  /** The bundle goes to the API server before anything is served that only it can verify. */
  async #reconcile(): Promise<void> {
    const { leading, now } = this.#options;
    const published = (bundle: string): boolean => this.#configuration.hasBundle(bundle);
    const [secrets, names, serving] = [this.#secrets, this.#names, this.#material];
    const material = await ensureCertificates({ secrets, names, serving, leading, published, now });
    if (leading()) await this.#configuration.ensureBundle(material.bundle);
    await this.#present(material);
  }

  async #present(material: CertificateSet): Promise<void> {
    const { port, bind, metrics } = this.#options;
    if (this.#material?.cert === material.cert) return;
    if (this.#server) this.#server.present(material);
    else this.#server = await startWebhookServer({ port, bind, certificate: material, review: (text) => this.#review(text) });
    this.#material = material;
    this.problem = undefined;
    metrics.webhookCertificate(new X509Certificate(material.cert).validToDate.getTime() / 1000);
  }

  #review(text: string): string | undefined {
    const reviewed = review(text, this.#sidecarNow());
    this.#options.metrics.injected(reviewed?.result ?? 'invalid');
    return reviewed?.body;
  }

  /** Made anew only when the keys are others. */
  #sidecarNow(): Sidecar {
    const keys = this.#options.trustedKeys();
    const text = keys.join();
    if (this.#sidecar?.keys !== text) this.#sidecar = { keys: text, sidecar: createSidecar(this.#options.config, keys) };
    return this.#sidecar.sidecar;
  }
}
