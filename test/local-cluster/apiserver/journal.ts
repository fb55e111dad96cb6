/**
 * The append-only file under the store: one line of JSON for each change. A line counts once its newline is written, so a process that
 * is killed in the middle of a write loses at most a change that was not acknowledged.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { KubeObject } from './json.ts';

export interface Change {
  readonly rv: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** Storage key of the kind: `GROUP/PLURAL`. */
  readonly resource: string;
  readonly object: KubeObject;
}

/** Everything as of one version; the changes after it follow in the file. */
export interface Base {
  readonly rv: number;
  readonly objects: readonly { readonly resource: string; readonly object: KubeObject }[];
}

export interface Recorded {
  readonly base: Base;
  readonly changes: readonly Change[];
}

export class Journal {
  readonly #file: string;
  #fd: number | undefined;
  #bytes = 0;

  constructor(directory: string) {
    fs.mkdirSync(directory, { recursive: true });
    this.#file = path.join(directory, 'journal.jsonl');
  }

  /** Bytes in the file; the store compacts it when it grows too large. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Reads the file; a partial last line is dropped, damage anywhere else is an error. */
  read(): Recorded {
    if (!fs.existsSync(this.#file)) return { base: { rv: 0, objects: [] }, changes: [] };
    const lines = fs.readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
    const [first, ...rest] = lines;
    if (first === undefined) return { base: { rv: 0, objects: [] }, changes: [] };
    return { base: JSON.parse(first) as Base, changes: rest.map((line) => JSON.parse(line) as Change) };
  }

  /** Replaces the file in one step: a kill leaves either the old one or the new one. */
  rewrite(recorded: Recorded): void {
    const text = [recorded.base, ...recorded.changes].map((entry) => `${JSON.stringify(entry)}\n`).join('');
    const temporary = `${this.#file}.new`;
    fs.writeFileSync(temporary, text, { mode: 0o600, flush: true });
    this.close();
    fs.renameSync(temporary, this.#file);
    this.#fd = fs.openSync(this.#file, 'a', 0o600);
    this.#bytes = Buffer.byteLength(text);
  }

  append(change: Change): void {
    if (this.#fd === undefined) throw new Error('the journal is closed');
    const line = `${JSON.stringify(change)}\n`;
    fs.appendFileSync(this.#fd, line);
    this.#bytes += Buffer.byteLength(line);
  }

  close(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }
}
