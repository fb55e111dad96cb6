/** From a request to an answer: the user, the part of the API, failures. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Users } from '../access/user.ts';
import type { JsonObject } from '../json.ts';
import type { Registry } from '../registry.ts';
import { PageNotFound, badRequest, methodNotAllowed, unauthorized } from '../status.ts';
import type { Store } from '../store.ts';
import { aggregated, coreVersions, groupList, oneGroup, resourceList, versionInfo } from './discovery.ts';
import { wantsAggregated } from './negotiate.ts';
import { openApiDocument, openApiIndex } from './openapi.ts';
import { parsePath } from './paths.ts';
import { failure, send, sendCached } from './reply.ts';
import type { Resources } from './resources.ts';

export interface RouterParts {
  readonly users: Users;
  readonly report: (error: unknown) => void;
  readonly store: Store;
  readonly registry: Registry;
  readonly resources: Resources;
}

const DISCOVERY_TYPE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const OPENAPI_V2_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
/** An OpenAPI v2 document in protobuf with only `swagger: "2.0"`, which is enough for kubectl. */
const OPENAPI_V2 = Buffer.from([0x0a, 0x03, ...Buffer.from('2.0')]);
const HEALTH = new Set(['/healthz', '/livez', '/readyz']);

export class Router {
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  /** Answers; never throws. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => response.destroy());
    try {
      await this.#route(request, response);
    } catch (error) {
      // Do not wait for the rest of a refused body.
      if (!request.complete) response.shouldKeepAlive = false;
      if (response.headersSent || response.destroyed) response.destroy();
      else send(response, failure(error, this.#parts.report));
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!URL.canParse(request.url ?? '', 'http://localhost')) throw badRequest('the request URI is not a URL');
    const url = new URL(request.url ?? '', 'http://localhost');
    const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname;
    if (HEALTH.has(path)) return send(response, { code: 200, body: 'ok' });
    if (path === '/version') return send(response, { code: 200, body: versionInfo });
    const user = this.#parts.users.of(request.headers.authorization, new Date());
    if (user === undefined) throw unauthorized();
    const resource = parsePath(path);
    if (resource === undefined) return this.#describe(request, response, path);
    const reply = await this.#parts.resources.handle(request, response, { path: resource, query: url.searchParams, user });
    if (reply !== undefined) send(response, reply);
  }

  /** Discovery and OpenAPI. */
  #describe(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (request.method !== 'GET') throw methodNotAllowed();
    const { registry, store } = this.#parts;
    const kinds = registry.all();
    const combined = wantsAggregated(request.headers.accept);
    if ((path === '/api' || path === '/apis') && combined) {
      return sendCached(request, response, aggregated(kinds, path === '/api'), DISCOVERY_TYPE);
    }
    if (path === '/openapi/v2') {
      return send(response, { code: 200, body: OPENAPI_V2, headers: { 'content-type': OPENAPI_V2_TYPE } });
    }
    if (path === '/openapi/v3') return sendCached(request, response, openApiIndex(store, kinds), 'text/plain; charset=utf-8');
    const body = this.#document(request, path);
    if (body === undefined) throw new PageNotFound();
    sendCached(request, response, body, 'application/json');
  }

  #document(request: IncomingMessage, path: string): JsonObject | undefined {
    const { registry, store } = this.#parts;
    const kinds = registry.all();
    const [, root, group, version, ...rest] = path.split('/');
    if (path.startsWith('/openapi/v3/')) return openApiDocument(store, kinds, path.slice('/openapi/v3/'.length));
    if (path === '/api') return coreVersions(request.headers.host ?? '');
    if (path === '/apis') return groupList(kinds);
    if (rest.length > 0 || group === undefined) return undefined;
    if (root === 'api') return version === undefined ? resourceList('', group, kinds) : undefined;
    if (root !== 'apis') return undefined;
    return version === undefined ? oneGroup(group, kinds) : resourceList(group, version, kinds);
  }
}
