/**
 * Requests that ask for another protocol on their connection (RFC 9110 §7.8), mostly WebSocket: which of them are forwarded as such,
 * and how they are answered. node:http detaches from their sockets: this file reads, handles errors and closes after a response.
 *
 * | request | handling |
 * | --- | --- |
 * | GET of HTTP/1.1 without a body (`Content-Length: 0`) or Expect, while no other request is in progress | the backend is asked |
 * | for HTTP or TLS (`h2c`): requests inside the tunnel would bypass routing | served as an ordinary request |
 * | anything else | served as an ordinary request, after which the connection closes (http1/request-head.ts) |
 */
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { MAX_EARLY } from '../http-server-settings.ts';
import { requestedProtocols } from '../../http1/upgrade-request.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import type { TunnelEnd } from '../../message/tunnel.ts';
import { SocketTunnelEnd } from '../../socket/socket-tunnel-end.ts';

/** Whether a request with Upgrade is forwarded as one. */
export function mayUpgrade({ method = '', httpVersionMinor: minor, headers }: IncomingMessage): boolean {
  const { connection, upgrade, expect, 'content-length': length, 'transfer-encoding': coding } = headers;
  return requestedProtocols({ connection, upgrade, length, coding, expect }, method, minor) !== undefined;
}

/** The response to such a request. Any other than 101 closes the connection: bytes after the request may not be HTTP. */
export class UpgradeResponse extends ServerResponse {
  /** The value of Upgrade. */
  readonly protocols: string;
  /** Undefined until it is open. */
  #tunnel: TunnelEnd | undefined;
  #client: Socket;
  #early: Buffer[];
  #earlyBytes: number;

  /** @param head bytes that arrived after the request. */
  constructor(req: IncomingMessage, client: Socket, head: Buffer) {
    super(req);
    this.protocols = req.headers.upgrade as string;
    this.#client = client;
    this.#early = head.length > 0 ? [head] : [];
    this.#earlyBytes = head.length;
    this.assignSocket(client);
    this.on('finish', () => this.#finished());
    client.on('error', () => client.destroy());
    client.on('timeout', this.#leave);
    client.on('end', this.#leave);
    client.on('drain', this.#drained);
    // The socket is read so that the end of the connection is noticed.
    client.on('data', this.#keep);
  }

  /** Sends the 101; from then on the socket is the client's end of a tunnel, which begins with the bytes sent so far. */
  openTunnel({ status, fields, protocol }: ResponseHead): TunnelEnd {
    const client = this.#client;
    this.detachSocket(client);
    client.off('timeout', this.#leave).off('end', this.#leave).off('drain', this.#drained).off('data', this.#keep);
    client.setTimeout(0);
    client.write(formatHead(status, fields.list(), protocol ?? this.protocols));
    this.#tunnel = new SocketTunnelEnd(client, this.#early);
    this.#early = [];
    return this.#tunnel;
  }

  /** Closes at once. */
  close(): void {
    if (this.#tunnel?.onCut) this.#tunnel.onCut();
    else this.#client.destroy();
  }

  #leave = (): void => void this.#client.destroy();
  #drained = (): void => void this.emit('drain');
  #keep = (chunk: Buffer): void => {
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > MAX_EARLY) this.#client.pause();
  };

  /** What node:http does after the last response of a connection. */
  #finished(): void {
    this.detachSocket(this.#client);
    process.nextTick(() => this.emit('close'));
    this.#client.destroySoon();
  }
}

function formatHead(status: number, fields: readonly string[], protocol: string): Buffer {
  const lines = [`HTTP/1.1 ${status} Switching Protocols`, 'Connection: Upgrade', `Upgrade: ${protocol}`];
  for (let i = 0; i + 1 < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
