/** For tests: an HTTP server on loopback that answers as the test says, and a client of it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createKubeClient, type KubeClient } from './client.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Handler = (request: Received, response: ServerResponse) => void | Promise<void>;

export interface TestServer {
  readonly url: string;
  readonly client: KubeClient;
  readonly requests: Received[];
  /** Sockets that are open now. */
  connections(): Promise<number>;
}

/** Closed after the test, passed or failed. */
export async function startTestServer(context: TestContext, handler: Handler): Promise<TestServer> {
  const requests: Received[] = [];
  const server = createServer((message, response) => {
    void receive(message).then(async (request) => {
      requests.push(request);
      await handler(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const access = { server: url, headers: {}, tls: {}, proxy: undefined };
  const client = createKubeClient({ current: () => Promise.resolve(access), forget: () => undefined }, 'test');
  context.after(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url,
    client,
    requests,
    connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
  };
}

async function receive(message: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const { pathname, searchParams } = new URL(message.url ?? '/', 'http://x');
  const body = Buffer.concat(chunks).toString('utf8');
  return { method: message.method ?? '', path: pathname, query: searchParams, headers: message.headers, body };
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** A Status object as the API server sends it. */
export const statusOf = (code: number, reason: string, message = reason) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  code,
});

/** Waits until the condition holds; fails after the deadline (ms). */
export async function until(condition: () => boolean | Promise<boolean>, what: string, deadline = 5000): Promise<void> {
  const end = performance.now() + deadline;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`timed out waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
