/**
 * Whether any text matches two regular expressions, each as a whole: a search over both compiled programs at once. Exact, assertions
 * such as `^`, `$` and `\b` included, which is why a state also has the kinds of the previous and of the next character.
 */
import { RE2JS } from 're2js';

/** A compiled expression: the instructions of re2js, of which its types say nothing. */
export interface Program {
  readonly start: number;
  readonly inst: readonly Instruction[];
}

interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  matchRune(rune: number): boolean;
}

/** An example; `empty`: there is none; `undecided`: too many states, or an instruction that is not known here. */
export type Intersection = { readonly example: string } | 'empty' | 'undecided';

/** Values of `Instruction.op`; those from RUNE to RUNE_ANY_NOT_NL consume a character. */
const OP = { ALT: 1, ALT_MATCH: 2, CAPTURE: 3, EMPTY_WIDTH: 4, FAIL: 5, MATCH: 6, NOP: 7, RUNE: 8, RUNE_ANY_NOT_NL: 11 } as const;

/** Bits of `Instruction.arg` of EMPTY_WIDTH. */
const BEGIN_LINE = 1;
const END_LINE = 2;
const BEGIN_TEXT = 4;
const END_TEXT = 8;
const BOUNDARY = 16;
const NO_BOUNDARY = 32;

/** Kinds of characters; EDGE: the begin or end of the text. */
const EDGE = 0;
const NEWLINE = 1;
const WORD = 2;
const OTHER = 3;
const KINDS = [EDGE, NEWLINE, WORD, OTHER] as const;

/** Only texts of Latin-1 are considered: a path or a header has no other characters. */
const CHARACTERS = 256;
const NEWLINE_CODE = 10;
const KIND_OF = Uint8Array.from({ length: CHARACTERS }, (_, code) => {
  if (code === NEWLINE_CODE) return NEWLINE;
  return /[0-9A-Za-z_]/.test(String.fromCharCode(code)) ? WORD : OTHER;
});
/** For programs that do not distinguish them, which therefore need fewer states. */
const ONE_KIND = new Uint8Array(CHARACTERS).fill(OTHER);

/** Usual expressions need less than 1,000 with a path, and few of the largest (500 instructions) more; reached within about 20 ms. */
const MAX_STATES = 30_000;

/** @throws RE2JSException if the text is not a regular expression. */
export function compileProgram(text: string): Program {
  return RE2JS.compile(text).re2().prog as Program;
}

/** States that several searches may use together. */
export interface StateBudget {
  left: number;
}

/** @param budget when it is used up, the result is `undecided` */
export function intersect(a: Program, b: Program, budget: StateBudget = { left: MAX_STATES }): Intersection {
  const search = new Search(a, b, Math.min(MAX_STATES, budget.left));
  const result = search.run();
  budget.left -= search.states;
  return result;
}

/** How a state was reached: from which one, and by which character, if by one. */
interface Step {
  readonly from: number;
  readonly code: number | undefined;
}

class Search {
  readonly #a: Program;
  readonly #b: Program;
  readonly #kindOf: Uint8Array;
  readonly #steps = new Map<number, Step>();
  readonly #queue: number[] = [];
  /** By instruction of `a`, `b` and kind: a character of that kind which both consume; -1: none. */
  readonly #common = new Map<number, number>();
  readonly #maxStates: number;

  constructor(a: Program, b: Program, maxStates: number) {
    this.#maxStates = maxStates;
    this.#a = a;
    this.#b = b;
    this.#kindOf = distinguishesKinds(a) || distinguishesKinds(b) ? KIND_OF : ONE_KIND;
  }

  get states(): number {
    return this.#steps.size;
  }

  run(): Intersection {
    for (const next of KINDS) this.#reach(this.#a.start, this.#b.start, EDGE, next, { from: -1, code: undefined });
    // Breadth first: the queue grows while it is read.
    for (const state of this.#queue) {
      if (this.#steps.size > this.#maxStates) return 'undecided';
      const end = this.#expand(state);
      if (end === 'found') return { example: this.#textOf(state) };
      if (end === 'undecided') return end;
    }
    return 'empty';
  }

  /** `previous` and `next` are the kinds of the characters on both sides; that of `next` is a guess that the next character fulfils. */
  #reach(a: number, b: number, previous: number, next: number, step: Step): void {
    const state = ((a * this.#b.inst.length + b) * KINDS.length + previous) * KINDS.length + next;
    if (this.#steps.has(state)) return;
    this.#steps.set(state, step);
    this.#queue.push(state);
  }

  #expand(state: number): 'found' | 'undecided' | undefined {
    const next = state % KINDS.length;
    const previous = Math.trunc(state / KINDS.length) % KINDS.length;
    const pair = Math.trunc(state / KINDS.length ** 2);
    const [a, b] = [Math.trunc(pair / this.#b.inst.length), pair % this.#b.inst.length];
    const [ofA, ofB] = [this.#a.inst[a] as Instruction, this.#b.inst[b] as Instruction];
    const here = { from: state, code: undefined };
    if (!waits(ofA)) {
      const targets = targetsOf(ofA, previous, next);
      for (const target of targets ?? []) this.#reach(target, b, previous, next, here);
      return targets === undefined ? 'undecided' : undefined;
    }
    if (!waits(ofB)) {
      const targets = targetsOf(ofB, previous, next);
      for (const target of targets ?? []) this.#reach(a, target, previous, next, here);
      return targets === undefined ? 'undecided' : undefined;
    }
    if (ofA.op === OP.MATCH || ofB.op === OP.MATCH) return ofA.op === ofB.op && next === EDGE ? 'found' : undefined;
    const code = this.#commonCharacter(pair, ofA, ofB, next);
    if (code >= 0) for (const after of KINDS) this.#reach(ofA.out, ofB.out, next, after, { from: state, code });
    return undefined;
  }

  #commonCharacter(pair: number, a: Instruction, b: Instruction, kind: number): number {
    const key = pair * KINDS.length + kind;
    let code = this.#common.get(key);
    if (code === undefined) {
      code = this.#kindOf.findIndex((its, one) => its === kind && b.matchRune(one) && a.matchRune(one));
      this.#common.set(key, code);
    }
    return code;
  }

  #textOf(state: number): string {
    const codes: number[] = [];
    for (let step = this.#steps.get(state); step !== undefined; step = this.#steps.get(step.from))
      if (step.code !== undefined) codes.push(step.code);
    return String.fromCharCode(...codes.reverse());
  }
}

/** Whether an assertion of the program depends on more than the ends of the text. */
function distinguishesKinds({ inst }: Program): boolean {
  return inst.some(({ op, arg }) => op === OP.EMPTY_WIDTH && (arg & ~(BEGIN_TEXT | END_TEXT)) !== 0);
}

/** Whether the instruction consumes a character, or the end of the text. */
function waits({ op }: Instruction): boolean {
  return op === OP.MATCH || (op >= OP.RUNE && op <= OP.RUNE_ANY_NOT_NL);
}

/** Where an instruction that consumes nothing leads; undefined: it is not known. */
function targetsOf({ op, out, arg }: Instruction, previous: number, next: number): readonly number[] | undefined {
  switch (op) {
    case OP.ALT:
    case OP.ALT_MATCH:
      return [out, arg];
    case OP.CAPTURE:
    case OP.NOP:
      return [out];
    case OP.EMPTY_WIDTH:
      return (arg & ~assertionsThatHold(previous, next)) === 0 ? [out] : [];
    case OP.FAIL:
      return [];
    default:
      return undefined;
  }
}

function assertionsThatHold(previous: number, next: number): number {
  const begin = previous === EDGE ? BEGIN_TEXT | BEGIN_LINE : previous === NEWLINE ? BEGIN_LINE : 0;
  const end = next === EDGE ? END_TEXT | END_LINE : next === NEWLINE ? END_LINE : 0;
  return begin | end | ((previous === WORD) === (next === WORD) ? NO_BOUNDARY : BOUNDARY);
}
