import type { Listener as ListenerSpec, Rejected } from './snapshot/types.ts';

/** What is logged about policies that this proxy cannot serve. */
export interface ListenerLog {
  /** Once for each reason, however often the port is tried again. */
  rejected(r: Rejected): void;
  /** A policy that was rejected is served after all. */
  accepted(policy: string, listener: number): void;
}

/** The rejected policies of the last review, so that each change is logged once. */
export class Rejections {
  readonly #log: ListenerLog;
  #known: ReadonlyMap<string, Rejected> = new Map();

  constructor(log: ListenerLog) {
    this.#log = log;
  }

  /** Logs what is different, and returns whether anything is. `wanted`: the listeners of the snapshot in force. */
  review(rejected: readonly Rejected[], wanted: readonly ListenerSpec[]): boolean {
    const before = this.#known;
    const now = new Map(rejected.map((r) => [keyOf(r.policy, r.listener), r]));
    this.#known = now;
    const news = [...now].filter(([key, { reason }]) => before.get(key)?.reason !== reason);
    const gone = [...before].filter(([key]) => !now.has(key));
    for (const [, r] of news) this.#log.rejected(r);
    if (gone.length > 0) this.#logAccepted(gone, wanted);
    return news.length + gone.length > 0;
  }

  /** What was deleted, or moved to another port, is not served there. */
  #logAccepted(gone: readonly (readonly [string, Rejected])[], wanted: readonly ListenerSpec[]): void {
    const served = new Set(wanted.flatMap(({ port, routes }) => routes.map(({ policy }) => keyOf(policy, port))));
    for (const [key, { policy, listener }] of gone) if (served.has(key)) this.#log.accepted(policy, listener);
  }
}

function keyOf(policy: string, port: number): string {
  return `${policy} ${port}`;
}
