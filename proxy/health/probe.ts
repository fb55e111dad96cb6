export interface ProbeResult {
  readonly ok: boolean;
  /** The evidence in words: `HTTP 500`, `connection refused`. */
  readonly detail: string;
}

/** One way of asking one endpoint. Runs never overlap. */
export interface Probe {
  /** One probe; when the signal fires it ends at once and leaves no busy socket. Rejects with what the system said. */
  run(signal: AbortSignal): Promise<ProbeResult>;
  /** Closes what is kept between runs. */
  close(): void;
}

/** Runs a probe under its deadline (ms), until `stop` fires. Never rejects. */
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

/** By code, never by message. */
function describe(error: unknown): string {
  const code = errorCode(error);
  if (code.startsWith('HPE_') || code === 'ERR_HTTP2_ERROR') return 'malformed response';
  return WORDS[code] ?? `probe failed: ${code}`;
}

/** The system's or Node's code of an error, `unknown` without one. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
