import type { Call, KubeClient } from '../kube/client.ts';
import { splitLines } from './line-splitter.ts';

export interface WatchLimits {
  /** Milliseconds without a line after which the connection counts as dead. API servers send a bookmark about once a minute. */
  readonly silence: number;
  /** Milliseconds after which the server should have ended the watch. */
  readonly total: number;
  /** Longest line in bytes. */
  readonly line: number;
}

/** An open WATCH. */
export interface WatchConnection {
  /** Ends when the server ends it; throws when it is cut, silent for too long, or aborted. */
  readonly lines: AsyncIterable<string>;
  /** Closes the connection and stops the timers. Idempotent. */
  close(): void;
}

/** Opens a WATCH with a limit on silence. Resolves with the head of the answer. */
export async function openWatch(
  client: Pick<KubeClient, 'stream'>,
  call: Call,
  limits: WatchLimits,
  signal: AbortSignal,
): Promise<WatchConnection> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal.reason);
  const silent = (): void => controller.abort(new Error('the watch was silent for too long'));
  signal.addEventListener('abort', stop, { once: true });
  const timers = [setTimeout(silent, limits.silence), setTimeout(silent, limits.total)];
  const close = (): void => {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    controller.abort();
  };
  try {
    const stream = await client.stream({ ...call, signal: controller.signal });
    return { lines: withCallback(splitLines(stream, limits.line), () => timers[0]?.refresh()), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function* withCallback(source: AsyncIterable<string>, each: () => void): AsyncGenerator<string> {
  for await (const line of source) {
    each();
    yield line;
  }
}
