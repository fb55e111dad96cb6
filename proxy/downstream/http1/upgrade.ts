/**
 * Requests that ask for another protocol on their connection (RFC 9110 §7.8), WebSocket above all: which of them may have it, and how
 * they are answered. node:http lets go of their sockets: only this file reads, handles errors and closes after a response.
 *
 * | what asks | what becomes of it |
 * | --- | --- |
 * | GET of HTTP/1.1 without a body or Expect, where nothing is in progress | the backend is asked |
 * | for HTTP or TLS once more (`h2c`): what came then would bypass routing | served as if it had not asked |
 * | anything else | served as if it had not asked |
 */
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ResponseHead } from '../../message/response-head.ts';
import type { TunnelEnd } from '../../message/tunnel.ts';
import { SocketTunnelEnd } from '../../socket/socket-tunnel-end.ts';

const PROTOCOL = "[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?";
const PROTOCOLS = new RegExp(`^${PROTOCOL}(?:[ \\t]*,[ \\t]*${PROTOCOL})*$`);
const HTTP_AGAIN = /(?:^|[,\s])(?:h2c?|http|tls)(?:[/,\s]|$)/i;
const LONGEST = 256;
/** Of what a client sends before it has its answer; after that it is no longer read. */
const MAX_EARLY = 64 * 1024;

/** Whether a request that asks for an upgrade may have one. */
export function mayUpgrade({ method, httpVersion, headers }: IncomingMessage): boolean {
  const { upgrade, expect } = headers;
  if (method !== 'GET' || httpVersion !== '1.1' || upgrade === undefined || expect !== undefined) return false;
  if ('content-length' in headers || 'transfer-encoding' in headers) return false;
  return upgrade.length <= LONGEST && PROTOCOLS.test(upgrade) && !HTTP_AGAIN.test(upgrade);
}

/** The response to such a request. Any but 101 ends the connection: what may have come behind the request is not HTTP. */
export class UpgradeResponse extends ServerResponse {
  /** As the client wrote them. */
  readonly protocols: string;
  /** Undefined: there is none yet. */
  #tunnel: TunnelEnd | undefined;
  #client: Socket;
  #early: Buffer[];
  #earlyBytes: number;

  /** @param head what came with the request, behind it. */
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
    // It is also read so that it is noticed when the client leaves.
    client.on('data', this.#keep);
  }

  /** Sends the 101; from then on the socket is the client's end of a tunnel. What the client has sent so far comes first. */
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

  /** Everything ends at once. */
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

  /** As node:http does it after the last response of a connection. */
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
