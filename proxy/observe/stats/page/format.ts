/** Formats numbers and durations. */

const NOT_KNOWN = '–';
type Maybe = number | null;

function short(n: number): string {
  if (n >= 10) return String(Math.round(n));
  return String(Math.round(n * (n < 1 ? 100 : 10)) / (n < 1 ? 100 : 10));
}

export function count(n: Maybe): string {
  if (n === null) return NOT_KNOWN;
  if (n >= 999_500) return `${short(n / 1e6)}M`;
  return n >= 10_000 ? `${short(n / 1e3)}k` : short(n);
}

export function percent(ratio: Maybe): string {
  if (ratio === null) return NOT_KNOWN;
  if (ratio > 0 && ratio < 0.001) return '<0.1%';
  return `${short(ratio * 100)}%`;
}

export function duration(ms: Maybe): string {
  if (ms === null) return NOT_KNOWN;
  return ms < 1000 ? `${short(ms)} ms` : `${short(ms / 1000)} s`;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** The largest unit of which there are at least two. */
export function lasting(seconds: number): string {
  for (const [unit, length] of UNITS) if (seconds >= 2 * length) return `${Math.floor(seconds / length)} ${unit}`;
  return `${Math.max(0, Math.floor(seconds))} s`;
}

/** Between two ISO 8601 times of the proxy: the clock of the browser is not used. */
export function between(from: string, to: string): string {
  return lasting((Date.parse(to) - Date.parse(from)) / 1000);
}
