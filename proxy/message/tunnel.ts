/** One end of a tunnel: a stream of bytes in both directions, each of which can end on its own. Two ends make a tunnel. */

export interface TunnelListener {
  onData(chunk: Buffer): void;
  /** After a `write` that returned false: more can be written. */
  onDrain(): void;
  /** The peer has ended its direction; it may still receive. */
  onEnd(): void;
  /** Both directions are closed. `failed`: the connection was reset or broke. */
  onClose(failed: boolean): void;
}

export interface TunnelEnd {
  /** Begins to deliver, with the bytes that arrived before. Once. */
  start(listener: TunnelListener): void;
  /** False: wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  pause(): void;
  resume(): void;
  /** Ends the direction to the peer, which may go on sending. */
  end(): void;
  /** Closes both directions in an orderly way: what was written arrives, what still comes is discarded for a bounded time. */
  close(): void;
  /** Closes both directions at once, so that the peer does not take it for an orderly end. */
  reset(): void;
  /** Closes both directions at once. */
  destroy(): void;
  /** The peer has ended its direction, and all of it was delivered. */
  readonly ended: boolean;
  readonly closed: boolean;
  /** Bytes moved in both directions together. */
  readonly progress: number;
  /** Called when this side must end the tunnel early, because its listener drains. */
  onCut: (() => void) | undefined;
}
