/** Authorizes a request, and writes it to the audit log. */
import fs from 'node:fs';
import type { Store } from '../store.ts';
import type { Call } from './call.ts';
import { isAllowed, refusal } from './rbac.ts';
import type { User } from './user.ts';

/** Distinct calls that are remembered, so that each is written once. */
const MOST_REMEMBERED = 10_000;

export class Gate {
  readonly #store: Store;
  readonly #file: number | undefined;
  readonly #written = new Set<string>();

  /** @param auditLog gets a line of JSON for each call that differs from all before */
  constructor(store: Store, auditLog: string | undefined) {
    this.#store = store;
    this.#file = auditLog === undefined ? undefined : fs.openSync(auditLog, 'a', 0o600);
  }

  /** @throws 403 */
  pass(user: User, call: Call): void {
    const allowed = isAllowed(this.#store, user, call);
    this.#note(`${JSON.stringify({ user: user.username, ...call, allowed })}\n`);
    if (!allowed) throw refusal(user, call);
  }

  close(): void {
    if (this.#file !== undefined) fs.closeSync(this.#file);
  }

  #note(line: string): void {
    if (this.#file === undefined || this.#written.has(line)) return;
    if (this.#written.size >= MOST_REMEMBERED) this.#written.clear();
    this.#written.add(line);
    fs.writeSync(this.#file, line);
  }
}
