/** A backend on raw sockets, which keeps every byte that it receives, and answers with given bytes. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { readRequests } from './plain-reader.ts';

/** What the backend answers to each request, once it is whole. */
export interface Answer {
  /** Several pieces are sent one after the other: the first one, then the others once the client has received a part of it. */
  readonly send?: string | readonly string[];
  /** What happens to the connection after that; `keep` unless given. */
  readonly then?: 'keep' | 'end' | 'reset';
}

const OK: Answer = { send: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' };
const OK_HEAD: Answer = { send: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' };

export class RecordingBackend {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #texts: { text: string }[] = [];
  /** The answer to each request; undefined: 200 with a body. */
  answer: Answer | undefined;
  /** Resolves once the client of the case has received something. */
  clientHasBytes: () => Promise<void> = () => Promise.resolve();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(): Promise<RecordingBackend> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    const backend = new RecordingBackend(server);
    server.on('connection', (socket) => backend.#serve(socket));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What each connection with any bytes received, in the order in which they were opened. */
  received(): readonly string[] {
    return this.#texts.map(({ text }) => text).filter((text) => text !== '');
  }

  /**
   * Ends every connection, and waits until the proxy has ended them too: then everything that it sent has arrived, and it has none left
   * that it could use for the next case.
   */
  async settle(): Promise<void> {
    await Promise.all(
      [...this.#open].map(async (socket) => {
        const closed = new Promise((resolve) => socket.once('close', resolve));
        socket.end();
        await closed;
      }),
    );
  }

  forget(): void {
    this.#texts = [];
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    const record = { text: '' };
    let answered = 0;
    this.#open.add(socket);
    this.#texts.push(record);
    socket.on('error', () => undefined).on('close', () => this.#open.delete(socket));
    socket.on('end', () => socket.end());
    socket.on('data', (bytes: Buffer) => {
      record.text += bytes.toString('latin1');
      for (const { method } of readRequests(record.text).messages.slice(answered)) {
        answered += 1;
        void this.#play(socket, this.answer ?? (method === 'HEAD' ? OK_HEAD : OK));
      }
    });
  }

  async #play(socket: Socket, { send = '', then }: Answer): Promise<void> {
    const [first = '', ...others] = typeof send === 'string' ? [send] : send;
    socket.write(first, 'latin1');
    if (/^HTTP\/1\.1 [2-9].*\r\n\r\n/s.test(first) && others.length > 0) await this.clientHasBytes();
    for (const piece of others) {
      await turn();
      if (socket.destroyed) return;
      socket.write(piece, 'latin1');
    }
    if (then === 'end') socket.end();
    else if (then === 'reset') socket.resetAndDestroy();
  }
}
