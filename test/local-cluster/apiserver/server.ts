/** The API server as a value: open the state, listen, answer. `main.ts` runs it as a process. */
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Gate } from './access/gate.ts';
import { Users } from './access/user.ts';
import { identityIn } from './certificate.ts';
import type { Identity } from './certificate.ts';
import { Controllers } from './controllers.ts';
import { crdKind } from './crd/kind.ts';
import { Router } from './http/router.ts';
import { Resources } from './http/resources.ts';
import { asObject, asString } from './json.ts';
import { builtInKinds } from './builtin/table.ts';
import type { Cluster } from './kinds.ts';
import { create } from './ops/create.ts';
import { Registry } from './registry.ts';
import { Store } from './store.ts';

export interface ApiServerOptions {
  /** Address to listen on; default 127.0.0.1. */
  readonly bind?: string;
  /** 0 (the default) lets the system choose. */
  readonly port?: number;
  /** Folder of the journal; a server that is started on it has the state of the last one. */
  readonly stateDir: string;
  /** Bearer token of the administrator; service accounts get tokens of their own. */
  readonly token: string;
  /** Serve https with a certificate of its own, kept in the state directory; default plain HTTP. */
  readonly tls?: boolean;
  /** Loopback addresses starting with this may be endpoints; default `127.1.0.`. */
  readonly testPodPrefix?: string;
  /** Changes kept for watches and older pages; default 1000. */
  readonly history?: number;
  /** Milliseconds between watch bookmarks; default 60 000. */
  readonly bookmarkInterval?: number;
  /** A file that gets a line of JSON for each distinct call: user, verb, resource, and whether it was allowed. */
  readonly auditLog?: string;
  /** Called with failures of the server itself; default: prints to standard error. */
  readonly report?: (error: unknown) => void;
}

export interface ApiServer {
  readonly url: string;
  /** PEM that clients must trust; only with `tls`. */
  readonly certificate?: string;
  close(): Promise<void>;
}

const NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const store = new Store({ directory: options.stateDir, history: options.history ?? 1000 });
  const cluster: Cluster = { store, testPodPrefix: options.testPodPrefix ?? '127.1.0.', now: () => new Date() };
  seed(cluster);
  const registry = new Registry(store);
  const users = new Users(store, options.token, options.stateDir);
  const gate = new Gate(store, options.auditLog);
  const bookmarkInterval = options.bookmarkInterval ?? 60_000;
  const resources = new Resources({ cluster, registry, gate, users, bookmarkInterval });
  const controllers = new Controllers(cluster, registry);
  store.subscribe((event) => {
    if (event.resource !== crdKind.resource || event.type !== 'DELETED') return;
    const spec = asObject(event.object['spec']);
    resources.endWatches({ resource: `${asString(spec['group'])}/${asString(asObject(spec['names'])['plural'])}` });
  });
  const report = options.report ?? ((error: unknown) => console.error(error));
  const router = new Router({ users, report, store, registry, resources });
  const identity = options.tls === true ? identityIn(options.stateDir, cluster.now()) : undefined;
  const server = serverFor(identity, (request, response) => void router.handle(request, response));
  const release = (): void => {
    controllers.close();
    resources.endWatches();
    store.close();
    gate.close();
  };
  const stopServing = await listen(server, options).catch((error: unknown) => {
    release();
    throw error;
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${identity === undefined ? 'http' : 'https'}://${options.bind ?? '127.0.0.1'}:${port}`,
    ...(identity === undefined ? {} : { certificate: identity.certificate }),
    close: async () => {
      resources.endWatches();
      await stopServing();
      release();
    },
  };
}

function serverFor(identity: Identity | undefined, listener: RequestListener): Server {
  const limits = { requestTimeout: 60_000, headersTimeout: 10_000, keepAliveTimeout: 60_000 };
  if (identity === undefined) return createServer(limits, listener);
  return createTlsServer({ ...limits, key: identity.key, cert: identity.certificate }, listener);
}

/** @returns a function that closes the server and every connection */
async function listen(server: Server, options: ApiServerOptions): Promise<() => Promise<void>> {
  server.listen(options.port ?? 0, options.bind ?? '127.0.0.1');
  await once(server, 'listening');
  return async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
}

/** The namespaces of every cluster. */
function seed(cluster: Cluster): void {
  const kind = builtInKinds.find((one) => one.resource === '/namespaces');
  for (const name of NAMESPACES) {
    if (kind === undefined || cluster.store.get('/namespaces', name) !== undefined) continue;
    const options = { manager: 'kube-apiserver', dryRun: false, validation: 'Strict', force: false, subresource: '' } as const;
    create(cluster, kind, undefined, { metadata: { name } }, options);
  }
}
