/** Backends of the tests: real HTTP servers in this process, each on an address of its own, whose answers a test can set. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressBlock } from '../local-cluster/pods.ts';

export const BACKEND_PORT = 8080;

export class Backend {
  readonly name: string;
  readonly address: string;
  /** UID of the Pod object that represents it. */
  readonly uid: string;
  /** Requests received. */
  hits = 0;
  /** Answers a request; default: 200 and its name. */
  respond: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.end(this.name);
  readonly #server: Server;

  private constructor(name: string, address: string, uid: string) {
    this.name = name;
    this.address = address;
    this.uid = uid;
    this.#server = createServer((request, response) => {
      this.hits += 1;
      this.respond(request, response);
    });
  }

  static async start(name: string, uid: string, addresses: AddressBlock): Promise<Backend> {
    const backend = new Backend(name, addresses.take(), uid);
    await new Promise<void>((resolve, reject) => {
      backend.#server.once('error', reject).listen(BACKEND_PORT, backend.address, resolve);
    });
    return backend;
  }

  /** Closes at once, with every open connection. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
