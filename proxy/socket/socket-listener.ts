/**
 * Events of a socket for one object. The functions that a socket calls are the same for all sockets: most connections are idle, and there
 * may be tens of thousands of them, each with five functions otherwise.
 */
import type { Socket } from 'node:net';

export interface SocketListener {
  onData(chunk: Buffer): void;
  /** The peer has closed its half. */
  onEnd(): void;
  /** More can be written. */
  onDrain(): void;
  /** @param error the code or the message of the error that has closed it. */
  onError(error: string): void;
  onClose(): void;
}

const LISTENER = Symbol('listener');
interface Listened extends Socket {
  [LISTENER]: SocketListener;
}

export function listenTo(socket: Socket, listener: SocketListener): void {
  (socket as Listened)[LISTENER] = listener;
  socket.on('data', onData).on('end', onEnd).on('drain', onDrain).on('error', onError).on('close', onClose);
}

/** Another reader takes over; errors and the close are still reported. */
export function stopReading(socket: Socket): void {
  socket.off('data', onData).off('end', onEnd).off('drain', onDrain);
}

function onData(this: Socket, chunk: Buffer): void {
  (this as Listened)[LISTENER].onData(chunk);
}

function onEnd(this: Socket): void {
  (this as Listened)[LISTENER].onEnd();
}

function onDrain(this: Socket): void {
  (this as Listened)[LISTENER].onDrain();
}

function onError(this: Socket, error: NodeJS.ErrnoException): void {
  (this as Listened)[LISTENER].onError(error.code ?? error.message);
}

function onClose(this: Socket): void {
  (this as Listened)[LISTENER].onClose();
}
