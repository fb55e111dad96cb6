import { parseDuration } from '../api/duration.ts';
import { parseQuantity } from '../api/quantity.ts';

/** Something that a user has to change: the condition's reason, and a sentence. */
export interface Problem {
  readonly reason: string;
  readonly message: string;
}

/** Parses single values of one policy and collects every problem instead of stopping at the first. */
export class Reader {
  readonly problems: Problem[] = [];

  /** Milliseconds; 0 where the text is no duration, which is then a problem. */
  duration(field: string, text: string): number {
    return this.#parse(field, () => parseDuration(text));
  }

  /** Bytes; 0 where the text is no size, which is then a problem. */
  quantity(field: string, text: string): number {
    return this.#parse(field, () => parseQuantity(text));
  }

  fail(reason: string, message: string): void {
    this.problems.push({ reason, message });
  }

  #parse(field: string, parse: () => number): number {
    try {
      return parse();
    } catch (error) {
      this.fail('UnsupportedValue', `${field}: ${error instanceof Error ? error.message : String(error)}`);
      return 0;
    }
  }
}
