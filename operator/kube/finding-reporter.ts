/** Events about what is wrong with objects for as long as it lasts: one for each finding. */
import { systemClock, type Clock } from '../util/clock.ts';
import { createCoalescer } from '../util/coalesce.ts';
import { isStatus } from './api-error.ts';
import type { EventDraft, EventRecorder, Regarding } from './event-recorder.ts';

export interface Finding {
  /** Of the Event's name. The same finding always has the same one, and no other of the object has it. */
  readonly id: string;
  readonly regarding: Regarding & { readonly uid: string };
  readonly event: EventDraft;
}

export interface FindingReporterOptions {
  /** Everything that is wrong now. Called at most once a second. */
  readonly find: () => readonly Finding[];
  /** Only the leader writes Events; checked before every write. */
  readonly leading: () => boolean;
  readonly events: EventRecorder;
  /** An Event could not be written and is tried again. */
  readonly failed: (error: Error) => void;
  readonly clock?: Clock;
}

export interface FindingReporter {
  /** What `find` returns may have changed, or a term has begun. */
  reconcile(): void;
  /** Aborts a write in progress, and writes nothing more. */
  stop(): Promise<void>;
}

/** Milliseconds between two rounds. */
const INTERVAL = 1000;
const RETRY = 10_000;
/** Events that a round writes at most: a wrong Pod template may have thousands of Pods. */
const MAX_WRITTEN = 10;

export function createFindingReporter(options: FindingReporterOptions): FindingReporter {
  return new Reporter(options);
}

class Reporter implements FindingReporter {
  readonly #options: FindingReporterOptions;
  readonly #clock: Clock;
  readonly #rounds;
  readonly #stopped = new AbortController();
  /** Findings with an Event, by `keyOf`. */
  readonly #reported = new Set<string>();
  #reporting: Promise<void> = Promise.resolve();
  #cancelRetry: (() => void) | undefined;

  constructor(options: FindingReporterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#rounds = createCoalescer(INTERVAL, () => this.#report(), this.#clock);
  }

  reconcile(): void {
    if (!this.#stopped.signal.aborted) this.#rounds.trigger();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#rounds.stop();
    this.#cancelRetry?.();
    await this.#reporting;
  }

  /** Rounds run one after the other, so that no Event is written twice. */
  #report(): void {
    const findings = this.#options.find();
    const present = new Set(findings.map(keyOf));
    for (const key of this.#reported) if (!present.has(key)) this.#reported.delete(key);
    this.#reporting = this.#reporting.then(() => this.#write(findings)).catch((error: unknown) => this.#retry(error as Error));
  }

  async #write(findings: readonly Finding[]): Promise<void> {
    let written = 0;
    for (const finding of findings) {
      const key = keyOf(finding);
      if (this.#reported.has(key)) continue;
      if (!this.#options.leading() || this.#stopped.signal.aborted) return;
      if (written === MAX_WRITTEN) return this.reconcile();
      await this.#record(finding);
      this.#reported.add(key);
      written += 1;
    }
  }

  /** The name of the Event is fixed, so that one by the operator that led before is a conflict: it has been written. */
  async #record({ regarding, event, id }: Finding): Promise<void> {
    await this.#options.events.record(regarding, event, this.#stopped.signal, id).catch((error: unknown) => {
      if (!isStatus(error, 409)) throw error;
    });
  }

  #retry(error: Error): void {
    if (this.#stopped.signal.aborted) return;
    this.#options.failed(error);
    this.#cancelRetry?.();
    this.#cancelRetry = this.#clock.after(RETRY, () => this.reconcile());
  }
}

function keyOf({ regarding, id }: Finding): string {
  return `${regarding.uid} ${id}`;
}
