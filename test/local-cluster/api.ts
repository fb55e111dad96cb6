/** The few calls to a Kubernetes API server that the cluster's own parts and the tests need, as raw JSON over HTTP. */

import { Agent, fetch, type Response } from 'undici';

/** An object as the API carries it; callers know which kind they asked for. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
      readonly controller?: boolean;
    }[];
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** Any answer but 2xx. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const MERGE_PATCH = 'application/merge-patch+json';

export class Api {
  readonly url: string;
  /** PEM to trust instead of the system's. */
  readonly ca: string | undefined;
  readonly #token: string | undefined;
  readonly #agent: Agent;

  /** `url` without a slash at its end; `token`, where there is one, goes into every request; `ca` as above. */
  constructor(url: string, token?: string, ca?: string) {
    this.url = url;
    this.ca = ca;
    this.#token = token;
    this.#agent = new Agent({ bodyTimeout: 0, ...(ca === undefined ? {} : { connect: { ca } }) });
  }

  get<T extends object = ApiObject>(path: string): Promise<T> {
    return this.#json('GET', path);
  }

  create<T extends object = ApiObject>(path: string, body: object): Promise<T> {
    return this.#json('POST', path, body);
  }

  update<T extends object = ApiObject>(path: string, body: object): Promise<T> {
    return this.#json('PUT', path, body);
  }

  /** JSON merge patch: members replace, null removes, lists are replaced whole. */
  patch<T extends object = ApiObject>(path: string, body: object): Promise<T> {
    return this.#json('PATCH', path, body, MERGE_PATCH);
  }

  delete(path: string, options: object = {}): Promise<object> {
    return this.#json('DELETE', path, options);
  }

  /** Undefined on 404. */
  async find<T extends object = ApiObject>(path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Events since `resourceVersion`; ends when the server ends the stream. @throws when the connection breaks or `signal` aborts. */
  async *watch<T>(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const response = await this.#send(
      'GET',
      `${path}?watch=true&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`,
      undefined,
      undefined,
      signal,
    );
    let rest = '';
    for await (const chunk of (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as WatchEvent<T>;
    }
  }

  async #json<T>(method: string, path: string, body?: object, type?: string): Promise<T> {
    const response = await this.#send(method, path, body, type, AbortSignal.timeout(10_000));
    return (await response.json()) as T;
  }

  async #send(
    method: string,
    path: string,
    body: object | undefined,
    type: string | undefined,
    signal: AbortSignal,
  ): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (this.#token !== undefined) headers['authorization'] = `Bearer ${this.#token}`;
    if (body) headers['content-type'] = type ?? 'application/json';
    const content = body ? { body: JSON.stringify(body) } : {};
    const response = await fetch(this.url + path, { method, headers, signal, dispatcher: this.#agent, ...content });
    if (response.ok) return response;
    throw new ApiError(response.status, `${method} ${path}: ${response.status} ${await response.text()}`);
  }
}
