/** One end of a tunnel: a stream of bytes in both directions, each of which can end by itself. Two ends make a tunnel. */

export interface TunnelListener {
  onData(chunk: Buffer): void;
  /** After a `write` that returned false: there is room again. */
  onDrain(): void;
  /** The peer has ended what it sends; it may still receive. */
  onEnd(): void;
  /** Nothing comes or goes any more. `failed`: the connection was reset, or broke. */
  onClose(failed: boolean): void;
}

export interface TunnelEnd {
  /** Begins to deliver; what came before that comes first. Once. */
  start(listener: TunnelListener): void;
  /** False: wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  pause(): void;
  resume(): void;
  /** Ends what we send; the peer may go on sending. */
  end(): void;
  /** Ends both directions in good order: what was written arrives, what still comes is discarded for a bounded time. */
  close(): void;
  /** Ends both directions at once, so that the peer cannot take it for an end in good order. */
  reset(): void;
  /** Ends both directions at once, without telling more than that. */
  destroy(): void;
  /** The peer has ended what it sends, and all of it was delivered. */
  readonly ended: boolean;
  readonly closed: boolean;
  /** Bytes that have moved in either direction. */
  readonly progress: number;
  /** Called when this side must end the tunnel before its time (its listener drains); undefined: nothing to call. */
  onCut: (() => void) | undefined;
}
