/** Modes of a faulty backend; see faulty-backend.ts. */
const MODES = ['normal', 'slow', 'hang', 'half', 'reset', 'refuse'] as const;
export type Mode = (typeof MODES)[number];

/** Delay of a slow backend. */
export const SLOW_MS = 200;

export function isMode(text: string): text is Mode {
  return (MODES as readonly string[]).includes(text);
}
