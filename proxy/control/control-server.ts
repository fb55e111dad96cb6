import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { PushApi } from './push-api.ts';
import { SnapshotState } from './snapshot-state.ts';
import type { AppliedSnapshot } from './snapshot-state.ts';
import type { ControlLog } from './log.ts';
import type { DataPlane } from './data-plane.ts';
import type { ControlMetrics } from './control-metrics.ts';
import { StatusNews } from './status-news.ts';
import { createSnapshotStore } from './snapshot-store.ts';

export interface ControlServerOptions {
  /** UID of the pod: the audience of every token, and `pod` in every response. */
  readonly podUid: string;
  readonly dataPlane: DataPlane;
  readonly metrics: ControlMetrics;
  /** Directory for the fence and the last good snapshot; created if it is missing. */
  readonly stateDir: string;
  /** Raw Ed25519 public keys in base64url; trusted until a snapshot is in force. */
  readonly bootstrapKeys: readonly string[];
  readonly log: ControlLog;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The push API server of a proxy. */
export interface ControlServer {
  /** Listens; port 0 picks a free port. Rejects if the address cannot be bound. */
  start(bind: string, port: number): Promise<AddressInfo>;
  /** Applies the last good snapshot from disk; false if there is none. Call once, before `start`. */
  restore(): Promise<boolean>;
  /** Whether a snapshot is in force. */
  ready(): boolean;
  /** The snapshot in force, if any. */
  applied(): Pick<AppliedSnapshot, 'epoch' | 'sequence' | 'digest' | 'since'> | undefined;
  /** Stops listening and closes every connection; settles when a snapshot in progress is applied and saved. */
  close(): Promise<void>;
}

/** Limits on clients that hold resources: bytes, milliseconds, counts. */
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 30_000,
  /** Longer than the operator leaves between two status requests (at most 36 s), so that it can reuse its connection. */
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 1_000,
};
const MAX_CONNECTIONS = 64;

/** Makes the control API server of one proxy. Does nothing before `restore` and `start`. */
export function createControlServer(options: ControlServerOptions): ControlServer {
  const { podUid, dataPlane, metrics, bootstrapKeys, log, now } = options;
  const store = createSnapshotStore(options.stateDir, log);
  const news = new StatusNews();
  const changed = () => news.changed();
  dataPlane.onNews(changed);
  const state = new SnapshotState({ dataPlane, store, metrics, log, bootstrapKeys, now, changed });
  const api = new PushApi({ podUid, state, dataPlane, news, metrics, log, now });
  const server = createServer(LIMITS, (req, res) => void api.handle(req, res));
  server.maxConnections = MAX_CONNECTIONS;
  // Without a listener, Node requests the body before the token is checked.
  server.on('checkContinue', (req, res) => void api.handle(req, res));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseUnparsed(error, socket, metrics));
  return {
    start: (bind, port) => listen(server, bind, port),
    restore: () => state.restore(),
    ready: () => state.applied !== undefined,
    applied: () => state.applied,
    close: async () => {
      news.close();
      await Promise.all([close(server), state.settled()]);
    },
  };
}

/** Requests that are not HTTP, have too large a head or take too long. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Duplex, metrics: ControlMetrics): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  metrics.rejected('malformed');
  const status = UNPARSED[error.code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

const UNPARSED: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

function listen(server: Server, bind: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, bind, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
