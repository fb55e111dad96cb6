/** The result of a fault as one row. */
import type { Row } from '../bench/bench.ts';
import type { Disturbance } from '../bench/no-fault.ts';
import { summarise, type RateReport, type Summary } from '../bench/rate-report.ts';

/** A row that is met when no request has failed. Prints the first failures. */
export function noFailureRow(
  report: RateReport,
  { description: done, sufficient: enough }: Disturbance,
  note: (text: string) => void,
): Row {
  report.samples.forEach(note);
  const summary = summarise(report);
  const { failed, sent } = summary;
  const kinds = failed > 0 ? ` ${JSON.stringify({ ...report.byFailure, broken: report.broken })}` : '';
  return {
    what: `failed GETs, ${done}`,
    number: `${failed} of ${sent}${kinds}; ${quantiles(summary)}`,
    bound: { text: '0', met: failed === 0 && sent > 0 && enough },
  };
}

export function quantiles({ p50, p99, p999, max }: Summary): string {
  return `p50 ${ms(p50)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, max ${ms(max)} ms`;
}

export const ms = (value: number) => value.toFixed(value < 10 ? 1 : 0);
