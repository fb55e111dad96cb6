export interface ProbeResult {
  readonly ok: boolean;
  /** The evidence in words: `HTTP 500`, `connection refused`. */
  readonly detail: string;
}

/** One way of probing one endpoint. Runs never overlap. */
export interface Probe {
  /** Runs one probe; ends at once on abort and leaves no open socket. Rejects with the system's error. */
  run(signal: AbortSignal): Promise<ProbeResult>;
  /** Closes connections kept between runs. */
  close(): void;
}

/** Runs a probe with a deadline (ms), until `stop` aborts. Never rejects. */
export async function runProbe(probe: Probe, timeout: number, stop: AbortController): Promise<ProbeResult> {
  const timer = setTimeout(() => stop.abort(), timeout);
  timer.unref();
  try {
    return await probe.run(stop.signal);
  } catch (error) {
    return { ok: false, detail: stop.signal.aborted ? 'timeout' : describe(error) };
  } finally {
    clearTimeout(timer);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ERR_HTTP2_SESSION_ERROR: 'connection closed',
  ERR_HTTP2_GOAWAY_SESSION: 'connection closed',
  ERR_HTTP2_STREAM_ERROR: 'stream reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

/** By error code, never by message text. */
function describe(error: unknown): string {
  const code = errorCode(error);
  if (code.startsWith('HPE_') || code === 'ERR_HTTP2_ERROR') return 'malformed response';
  return WORDS[code] ?? `probe failed: ${code}`;
}

/** The code of a system or Node error; `unknown` without one. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
