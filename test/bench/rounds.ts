/** Interleaved rounds: everything is measured once in each, so that what slows the machine down for a while affects all of them. */
import type { Row } from './bench.ts';
import { spread, type Spread } from './stats.ts';

export interface Titled {
  readonly title: string;
}

/** Samples by title, in the order of the rounds. */
export type Samples<S> = ReadonlyMap<string, readonly S[]>;

export interface RoundSettings<E extends Titled, S> {
  readonly rounds: number;
  /** Rounds before these that are discarded: code is compiled and connections are opened in them. */
  readonly warmUp: number;
  readonly measure: (one: E) => Promise<S>;
  /** A sample in the note that a round ends with. */
  readonly show: (sample: S) => string;
}

/** Measures all of them one after another in every round, in alternating order. */
export async function measureRounds<E extends Titled, S>(
  entrants: readonly E[],
  { rounds, warmUp, measure, show }: RoundSettings<E, S>,
  note: (text: string) => void,
): Promise<Samples<S>> {
  const samples = new Map(entrants.map(({ title }) => [title, [] as S[]]));
  for (let round = -warmUp; round < rounds; round += 1) {
    const latest = new Map<string, string>();
    for (const one of round % 2 === 0 ? entrants : entrants.toReversed()) {
      const sample = await measure(one);
      if (round >= 0) samples.get(one.title)?.push(sample);
      latest.set(one.title, show(sample));
    }
    if (round >= 0)
      note(`round ${round + 1} of ${rounds}: ${entrants.map(({ title }) => `${title} ${latest.get(title)}`).join(', ')}`);
  }
  return samples;
}

/** The spread of a value of one over the same value of the other, within each round. @throws RangeError when there are no rounds. */
export function ratioOf<S>(samples: Samples<S>, title: string, over: string, value: (sample: S) => number): Spread {
  return compareRounds(samples, title, over, (one, other) => value(one) / value(other));
}

/** As `ratioOf`, with the difference. */
export function differenceOf<S>(samples: Samples<S>, title: string, minus: string, value: (sample: S) => number): Spread {
  return compareRounds(samples, title, minus, (one, other) => value(one) - value(other));
}

/** The bound of a row that must not exceed it. */
export function atMost(bound: number, value: number, unit = ''): Required<Pick<Row, 'bound'>> {
  return { bound: { text: `≤ ${bound}${unit}`, met: value <= bound } };
}

export const formatMs = ({ median, low, high }: Spread): string =>
  `${median.toFixed(2)} ms (quartiles ${low.toFixed(2)}–${high.toFixed(2)})`;

function compareRounds<S>(samples: Samples<S>, title: string, other: string, compare: (one: S, other: S) => number): Spread {
  const others = samples.get(other) ?? [];
  return spread((samples.get(title) ?? []).map((one, i) => compare(one, others[i] as S)));
}
