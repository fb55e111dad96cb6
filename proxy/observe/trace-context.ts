/** The trace that a request belongs to, from its field `traceparent` (W3C Trace Context, level 1 and later versions). PURE. */
import type { Fields } from '../message/fields.ts';

export interface TraceContext {
  /** 32 digits of lower-case hex. */
  readonly traceId: string;
  /** 16 digits: the caller's span. */
  readonly spanId: string;
}

/** Version, trace id, parent id and flags; in later versions more may follow, after a hyphen. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-[0-9a-f]{2}$/;
const LENGTH = 55;

/** Undefined: there is no valid one, or more than one. */
export function readTraceContext(fields: Pick<Fields, 'all'>): TraceContext | undefined {
  const [value = '', ...more] = fields.all('traceparent');
  if (more.length > 0 || value.length < LENGTH) return undefined;
  const [, version, traceId, spanId] = TRACEPARENT.exec(value.slice(0, LENGTH)) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined) return undefined;
  if (value.length > LENGTH && (version === '00' || value[LENGTH] !== '-')) return undefined;
  return { traceId, spanId };
}
