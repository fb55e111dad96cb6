import { pino, type Logger } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines on standard output, with the level as a word. Of an error only the message is logged: the error object may contain tokens. */
export function createLog(level: LogLevel, pod: string): Logger {
  const formatters = { level: (word: string) => ({ level: word }) };
  return pino({ level, formatters, base: { pod }, timestamp: pino.stdTimeFunctions.isoTime });
}
