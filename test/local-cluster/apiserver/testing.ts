/** A server in a temporary folder and a small client, for the tests beside it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Agent, fetch } from 'undici';
import type { Headers } from 'undici';
import { parse } from 'yaml';
import { asString, at } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import { startApiServer } from './server.ts';
import type { ApiServer, ApiServerOptions } from './server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

const TOKEN = 'a-test-token';
export const POLICIES = '/apis/outrigger.dev/v1alpha1/namespaces/shop/loadbalancerpolicies';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export class TestServer {
  readonly stateDir: string;
  readonly token = TOKEN;
  #server: ApiServer;
  /** Trusts the certificate of a server with TLS. */
  readonly #agent: Agent;

  private constructor(stateDir: string, server: ApiServer) {
    this.stateDir = stateDir;
    this.#server = server;
    const { certificate: ca } = server;
    this.#agent = new Agent(ca === undefined ? {} : { connect: { ca } });
  }

  static async start(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
    const stateDir = options.stateDir ?? fs.mkdtempSync(path.join(os.tmpdir(), 'outrigger-apiserver-'));
    const server = await startApiServer({ token: TOKEN, ...options, stateDir });
    return new TestServer(stateDir, server);
  }

  get url(): string {
    return this.#server.url;
  }

  get certificate(): string | undefined {
    return this.#server.certificate;
  }

  /** Stops the server and starts it on the same state. */
  async restart(options: Partial<ApiServerOptions> = {}): Promise<void> {
    await this.#server.close();
    this.#server = await startApiServer({ token: TOKEN, ...options, stateDir: this.stateDir });
  }

  async close(): Promise<void> {
    await this.#server.close();
    await this.#agent.destroy();
    fs.rmSync(this.stateDir, { recursive: true, force: true });
  }

  request(method: string, url: string, body?: Json, headers: Record<string, string> = {}): Promise<Answer> {
    const sent = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    return this.send(method, url, sent, headers);
  }

  /** With an unencoded body. */
  async send(method: string, url: string, sent?: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${url}`, {
      dispatcher: this.#agent,
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'user-agent': 'test/1', ...(sent === undefined ? {} : JSON_TYPE), ...headers },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').startsWith('application/json');
    return { status: response.status, headers: response.headers, body: json ? (JSON.parse(text) as Json) : text };
  }

  /** A request that must succeed; @returns its body. */
  async must(method: string, url: string, body?: Json, headers?: Record<string, string>): Promise<JsonObject> {
    const answer = await this.request(method, url, body, headers);
    assert.ok(answer.status < 300, `${method} ${url}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as JsonObject;
  }

  patch(url: string, body: Json, type = 'application/merge-patch+json'): Promise<Answer> {
    return this.request('PATCH', url, body, { 'content-type': type });
  }

  /** Reads a watch until it has sent `count` events, or ends. */
  async watch(url: string, count: number, headers: Record<string, string> = {}): Promise<JsonObject[]> {
    const stop = AbortSignal.timeout(5000);
    const response = await fetch(`${this.url}${url}`, {
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${TOKEN}`, ...headers },
      signal: stop,
    });
    const events: JsonObject[] = [];
    let rest = '';
    for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      events.push(...lines.map((line) => JSON.parse(line) as JsonObject));
      if (events.length >= count) break;
    }
    return events.slice(0, count);
  }

  async createNamespace(name: string): Promise<void> {
    await this.must('POST', '/api/v1/namespaces?fieldManager=kubectl-create', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
  }

  /** The namespace `shop` and the recorded draft of the policy CRD, established. */
  async createPolicyKind(): Promise<void> {
    await this.createNamespace('shop');
    const crd = parse(fs.readFileSync(new URL('./fixtures/policy-crd.yaml', import.meta.url), 'utf8')) as Json;
    await this.createKind(crd);
  }

  async createKind(crd: Json): Promise<void> {
    const { metadata } = await this.must('POST', CRDS, crd);
    await this.established(asString(at(metadata, 'name')));
  }

  async established(name: string): Promise<void> {
    const deadline = Date.now() + 5000;
    for (;;) {
      const { status } = await this.must('GET', `${CRDS}/${name}`);
      if (JSON.stringify(status).includes('Established')) return;
      assert.ok(Date.now() < deadline, `${name} was not established`);
    }
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };
