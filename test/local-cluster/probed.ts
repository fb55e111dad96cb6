import { Container } from './container.ts';
import type { Launch } from './expand.ts';
import type { ContainerSpec, Probe, RestartPolicy } from './pod-types.ts';
import { HttpProbe } from './probe.ts';

export interface ProbedOptions {
  readonly launch: Launch;
  readonly logFile: string;
  readonly podIP: string;
  /** A plain init container: the next one starts when it exits with 0. */
  readonly isInit: boolean;
  readonly restart: RestartPolicy;
  /** Of the pod: time for the process to end when a probe restarts it, ms. */
  readonly graceMs: number;
  readonly changed: () => void;
}

/** A container with its probes: the others begin when the startup probe has passed; a failing startup or liveness probe restarts it. */
export class ProbedContainer {
  readonly container: Container;
  readonly #spec: ContainerSpec;
  readonly #startup: HttpProbe | undefined;
  readonly #liveness: HttpProbe | undefined;
  readonly #readiness: HttpProbe | undefined;
  readonly #settled = Promise.withResolvers<void>();
  readonly #options: ProbedOptions;
  #started = false;

  /** @throws Error for an unsupported probe */
  constructor(spec: ContainerSpec, options: ProbedOptions) {
    this.#spec = spec;
    this.#options = options;
    const { launch, logFile, podIP, restart, graceMs, changed } = options;
    const probe = (of: Probe | undefined, events: { changed: () => void; failed?: () => void }) =>
      of && new HttpProbe(of, spec, podIP, events);
    const failed = () => {
      this.#startup?.stop();
      this.#liveness?.stop();
      this.container.restart(graceMs);
    };
    this.#startup = probe(spec.startupProbe, { changed: () => this.#begin(), failed });
    this.#liveness = probe(spec.livenessProbe, { changed: () => undefined, failed });
    this.#readiness = probe(spec.readinessProbe, { changed });
    this.container = new Container(launch, logFile, () => this.#containerChanged(), restart);
  }

  /** Running, with a passed startup probe. */
  get started(): boolean {
    return this.#started;
  }

  get ready(): boolean {
    return this.#started && (this.#readiness?.passing ?? true);
  }

  /** A plain init container exited with 0. */
  get done(): boolean {
    return this.#options.isInit && this.container.succeeded;
  }

  /** Starts it; resolves when the next one may start, or when it was stopped before. */
  async start(): Promise<void> {
    this.container.start();
    await this.#settled.promise;
  }

  async stop(graceMs: number): Promise<void> {
    await this.container.stop(graceMs);
    this.#settled.resolve();
  }

  #containerChanged(): void {
    this.#liveness?.stop();
    this.#readiness?.stop();
    this.#startup?.stop();
    this.#started = false;
    if (this.container.running && !this.#options.isInit) {
      if (this.#startup) this.#startup.start();
      else return this.#begin();
    }
    if (this.done || this.container.finished) this.#settled.resolve();
    this.#options.changed();
  }

  #begin(): void {
    this.#startup?.stop();
    this.#started = true;
    this.#readiness?.start();
    this.#liveness?.start(true, (this.#spec.livenessProbe?.initialDelaySeconds ?? 0) * 1000);
    this.#settled.resolve();
    this.#options.changed();
  }
}
