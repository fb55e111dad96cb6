/**
 * Requests that ask for another protocol on their connection (RFC 9110 §7.8), WebSocket above all: which of them may have it, and how
 * they are answered. node:http lets go of their sockets: nobody reads, reports errors or closes after an answer, but this file.
 *
 * | what asks | what becomes of it |
 * | --- | --- |
 * | GET of HTTP/1.1 without a body or Expect, where nothing is in progress | the backend is asked |
 * | for HTTP or TLS once more (`h2c`): what came then would pass by routing | served as if it had not asked |
 * | anything else | served as if it had not asked |
 */
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

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

/** The response to such a request. Any but 101 ends the connection: what may have come behind the request is no HTTP. */
export class UpgradeResponse extends ServerResponse {
  /** As the client wrote them. */
  readonly protocols: string;
  /** Ends the tunnel before its time; undefined: there is none. */
  cut: (() => void) | undefined;
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
    // Also, nobody would see the client leave if nobody read.
    client.on('data', this.#keep);
  }

  /** The socket changes hands. Returns it, and what the client has sent so far. */
  switchOver(): { client: Socket; early: readonly Buffer[] } {
    const client = this.#client;
    this.detachSocket(client);
    client.off('timeout', this.#leave).off('end', this.#leave).off('drain', this.#drained).off('data', this.#keep);
    client.setTimeout(0);
    const early = this.#early;
    this.#early = [];
    return { client, early };
  }

  /** Everything ends at once. */
  close(): void {
    if (this.cut) this.cut();
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
