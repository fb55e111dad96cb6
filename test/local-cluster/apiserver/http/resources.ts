/** Requests about objects: which verb on which kind, then the operation. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { callOf } from '../access/call.ts';
import type { Gate } from '../access/gate.ts';
import type { User, Users } from '../access/user.ts';
import { createAdmitted } from '../admission/create.ts';
import type { Json } from '../json.ts';
import type { Cluster, Kind } from '../kinds.ts';
import { list } from '../list.ts';
import { create } from '../ops/create.ts';
import { deleteOptions, remove } from '../ops/delete.ts';
import { writeOptions } from '../ops/options.ts';
import type { WriteOptions, WriteResult } from '../ops/options.ts';
import { APPLY, patch } from '../ops/patch.ts';
import { find, keyOfTarget, update } from '../ops/update.ts';
import type { Target } from '../ops/update.ts';
import type { Registry } from '../registry.ts';
import { selector } from '../selectors.ts';
import { PageNotFound, methodNotAllowed, noSuchResource } from '../status.ts';
import { listOf, oneOf } from '../view.ts';
import { Watch } from '../watch.ts';
import { parseBody, parseOptions, readBody, textOf } from './body.ts';
import type { Body } from './body.ts';
import { viewOf } from './negotiate.ts';
import type { ResourcePath } from './paths.ts';
import { warningHeaders } from './reply.ts';
import type { Reply } from './reply.ts';
import { scale } from './scale.ts';
import { requestToken } from './token.ts';

const TOKEN = 'serviceaccounts/token';

export interface ResourcesParts {
  readonly cluster: Cluster;
  readonly registry: Registry;
  readonly gate: Gate;
  readonly users: Users;
  /** Milliseconds. */
  readonly bookmarkInterval: number;
}

/** The target and the user of a request. */
export interface Asked {
  readonly path: ResourcePath;
  readonly query: URLSearchParams;
  readonly user: User;
}

export class Resources {
  readonly #cluster: Cluster;
  readonly #registry: Registry;
  readonly #gate: Gate;
  readonly #users: Users;
  readonly #bookmarkInterval: number;
  readonly #watches = new Map<Watch, Kind>();

  constructor({ cluster, registry, gate, users, bookmarkInterval }: ResourcesParts) {
    this.#cluster = cluster;
    this.#registry = registry;
    this.#gate = gate;
    this.#users = users;
    this.#bookmarkInterval = bookmarkInterval;
  }

  /** @returns the answer, or undefined when a watch has taken over the response */
  async handle(request: IncomingMessage, response: ServerResponse, asked: Asked): Promise<Reply | undefined> {
    const { path, query, user } = asked;
    const method = request.method ?? 'GET';
    const call = callOf(method, path, query);
    this.#gate.pass(user, call);
    const kind = this.#kindOf(path);
    if (call.resource === TOKEN && method === 'POST') return this.#token(request, kind, path);
    if (path.subresource === 'scale' && kind.hasScale && path.name !== undefined) {
      const target = { kind, namespace: path.namespace, name: path.name };
      return scale(this.#cluster, target, method, await readBody(request), writeOptions(query, agentOf(request), ''));
    }
    const subresource = subresourceOf(kind, path);
    if (method === 'GET' || method === 'HEAD') return this.#read(request, response, kind, path, query);
    const namespace = kind.namespaced ? path.namespace : undefined;
    if (kind.namespaced && namespace === undefined && method !== 'DELETE') throw methodNotAllowed();
    const body = await readBody(request);
    const options = writeOptions(query, agentOf(request), subresource);
    if (path.name === undefined) {
      if (method === 'DELETE') return this.#deleteCollection(request, kind, namespace, query, body);
      if (method !== 'POST') throw methodNotAllowed();
      return this.#create(request, asked, kind, namespace, parseBody(kind, body), options);
    }
    const target: Target = { kind, namespace, name: path.name };
    // A PUT or an apply of an object that does not exist may create it, which also needs the right to create. Of a subresource it
    // never creates anything: the answer is 404, whatever the rights.
    const mayCreate = subresource === '' && (body.type === APPLY || (method === 'PUT' && kind.createOnUpdate));
    if (mayCreate && this.#cluster.store.get(kind.resource, keyOfTarget(target)) === undefined) {
      this.#gate.pass(user, { ...call, verb: 'create' });
    }
    if (method === 'PUT')
      return this.#written(request, kind, query, update(this.#cluster, target, parseBody(kind, body), options));
    if (method === 'PATCH')
      return this.#written(request, kind, query, patch(this.#cluster, target, body.type, textOf(body), options));
    if (method !== 'DELETE' || subresource !== '') throw methodNotAllowed();
    return { code: 200, body: remove(this.#cluster, target, deleteOptions(parseOptions(body), query)) };
  }

  /** Webhooks are called for Pods only: nothing needs more here. */
  async #create(
    request: IncomingMessage,
    { query, user }: Asked,
    kind: Kind,
    namespace: string | undefined,
    body: Json,
    options: WriteOptions,
  ): Promise<Reply> {
    const question = { kind, user, dryRun: options.dryRun, query };
    const result =
      kind.resource === '/pods'
        ? await createAdmitted(this.#cluster, namespace, body, options, question)
        : create(this.#cluster, kind, namespace, body, options);
    return this.#written(request, kind, query, result);
  }

  async #token(request: IncomingMessage, kind: Kind, { namespace = '', name = '' }: ResourcePath): Promise<Reply> {
    const body = await readBody(request);
    return requestToken(this.#cluster, this.#users, kind, namespace, name, parseBody(kind, body));
  }

  /** Ends every watch, or those of the given kind. */
  endWatches(kind?: Pick<Kind, 'resource'>): void {
    for (const [watch, watched] of this.#watches) if (kind === undefined || watched.resource === kind.resource) watch.end();
  }

  #kindOf({ group, version, plural }: ResourcePath): Kind {
    const kind = this.#registry.lookup(group, version, plural);
    if (kind !== undefined) return kind;
    const builtIn = this.#registry.all().some((one) => !one.custom && one.group === group && one.version === version);
    throw builtIn ? noSuchResource() : new PageNotFound();
  }

  #read(
    request: IncomingMessage,
    response: ServerResponse,
    kind: Kind,
    path: ResourcePath,
    query: URLSearchParams,
  ): Reply | undefined {
    const view = viewOf(request.headers.accept, query);
    const namespace = kind.namespaced ? path.namespace : undefined;
    const { name } = path;
    const watching = query.get('watch') === 'true' || query.get('watch') === '1';
    if (watching) {
      const one = { kind, namespace, ...(name === undefined ? {} : { name }), query, view };
      const watch = new Watch(this.#cluster, one, response);
      this.#watches.set(watch, kind);
      response.on('close', () => this.#watches.delete(watch));
      watch.start(this.#bookmarkInterval);
      return undefined;
    }
    if (name === undefined) return { code: 200, body: list(this.#cluster, kind, namespace, query, view) };
    if (kind.namespaced && namespace === undefined) throw new PageNotFound();
    return { code: 200, body: oneOf(kind, find(this.#cluster, { kind, namespace, name }), view, this.#cluster.now()) };
  }

  #written(request: IncomingMessage, kind: Kind, query: URLSearchParams, result: WriteResult): Reply {
    const view = viewOf(request.headers.accept, query);
    return {
      code: result.created ? 201 : 200,
      body: oneOf(kind, result.object, view, this.#cluster.now()),
      headers: warningHeaders(result.warnings),
    };
  }

  #deleteCollection(
    request: IncomingMessage,
    kind: Kind,
    namespace: string | undefined,
    query: URLSearchParams,
    body: Body,
  ): Reply {
    if (kind.namespaced && namespace === undefined) throw methodNotAllowed();
    const options = deleteOptions(parseOptions(body), query);
    const test = selector(kind, query);
    const { store } = this.#cluster;
    const objects = store
      .list(kind.resource, namespace)
      .map((object) => kind.fromStored(object))
      .filter(test);
    for (const { metadata } of objects) remove(this.#cluster, { kind, namespace, name: metadata.name }, options);
    const view = viewOf(request.headers.accept, query);
    return { code: 200, body: listOf(kind, objects, { resourceVersion: String(store.revision) }, view, this.#cluster.now()) };
  }
}

function agentOf(request: IncomingMessage): string {
  return request.headers['user-agent'] ?? '';
}

function subresourceOf(kind: Kind, path: ResourcePath): '' | 'status' {
  if (path.subresource === undefined) return '';
  if (path.subresource === 'status' && kind.hasStatus) return 'status';
  throw kind.custom ? new PageNotFound() : noSuchResource();
}
