/** Replays requests of real clients to a real kube-apiserver 1.36.2 and compares the answers, value by value. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { isObject } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import { TestServer } from './testing.ts';

interface Exchange {
  readonly step: string;
  readonly request: { readonly method: string; readonly url: string; readonly body?: Json } & Record<string, Json>;
  readonly response: { readonly status: number; readonly body?: Json; readonly stream?: JsonObject[] } & Record<string, Json>;
}

const file = new URL('./fixtures/recordings.jsonl', import.meta.url);
const exchanges = fs
  .readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Exchange);

/** Values that the server chooses: from its first occurrence on, a recorded value is mapped to ours. */
const CHOSEN = new Set(['uid', 'resourceVersion', 'continue']);
const TIMES = new Set(['creationTimestamp', 'deletionTimestamp', 'time', 'lastTransitionTime']);

/** The mapping of recorded values to ours, from pairs of answers. */
class Translation {
  readonly #ours = new Map<string, string>();

  learn(recorded: Json | undefined, ours: Json | undefined): void {
    if (Array.isArray(recorded) && Array.isArray(ours)) recorded.forEach((item, i) => this.learn(item, ours[i]));
    if (!isObject(recorded) || !isObject(ours)) return;
    const generated = isObject(recorded) && typeof recorded['generateName'] === 'string';
    for (const [key, value] of Object.entries(recorded)) {
      const mine = ours[key];
      const chosen = CHOSEN.has(key) || (generated && key === 'name');
      if (chosen && typeof value === 'string' && value !== '' && typeof mine === 'string') this.#ours.set(value, mine);
      else this.learn(value, mine);
    }
  }

  /** A request with our values in place of the recorded ones. */
  body(value: Json): Json {
    if (Array.isArray(value)) return value.map((item) => this.body(item));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [
        key,
        CHOSEN.has(key) && typeof child === 'string' ? (this.#ours.get(child) ?? child) : this.body(child),
      ]),
    );
  }

  url(url: string): string {
    return url.replace(
      /(continue|resourceVersion)=([^&]+)/,
      (_all, name: string, value: string) => `${name}=${this.#ours.get(value) ?? value}`,
    );
  }

  /** The same for JSON patches and other text. */
  text(text: string): string {
    let out = text;
    for (const [recorded, ours] of this.#ours) out = out.replaceAll(`"${recorded}"`, `"${ours}"`);
    return out;
  }
}

/** Replaces what differs from run to run. */
function comparable(value: Json | undefined, key = ''): Json {
  if (CHOSEN.has(key) || TIMES.has(key)) return value === undefined || value === '' ? (value ?? null) : '*';
  if (typeof value === 'string') return stable(value);
  // In order of time, by the second: which of two managers wrote within the same second differs from run to run.
  if (Array.isArray(value) && key === 'managedFields') return value.map((item) => comparable(item)).sort(byManager);
  if (Array.isArray(value)) return value.map((item) => comparable(item));
  if (!isObject(value)) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, comparable(child, name)]));
}

function byManager(a: Json, b: Json): number {
  const text = (entry: Json) =>
    isObject(entry) ? JSON.stringify([entry['manager'], entry['operation'], entry['subresource']]) : '';
  return text(a) < text(b) ? -1 : 1;
}

function stable(text: string): string {
  if (text === 'kas') return 'kube-apiserver';
  if (/^\d+s$/.test(text)) return '#s';
  if (/^10\.96\.\d+\.\d+$/.test(text)) return '10.96.#.#';
  if (/^g-[a-z0-9]{5}$/.test(text)) return 'g-#';
  // The refusal of a patch quotes the whole object; keys come in another order there.
  return text.includes('invalid: patch: ') || text.startsWith('Invalid value: "{') ? text.replace(/\{.*\}/, '{}') : text;
}

describe('recorded exchanges', () => {
  let server: TestServer;
  const translation = new Translation();
  before(async () => {
    server = await TestServer.start({ bookmarkInterval: 40 });
    await server.createNamespace('shop');
  });
  after(() => server.close());

  for (const { step, request, response } of exchanges) {
    const { method, url } = request;
    it(`${step}: ${method} ${url.slice(0, 120)}`, async () => {
      const headers = Object.fromEntries(
        ['accept', 'content-type', 'user-agent'].flatMap((name) => {
          const value = request[name];
          return typeof value === 'string' ? [[name, value]] : [];
        }),
      );
      if (response.stream !== undefined) {
        const events = await server.watch(translation.url(url), response.stream.length, headers);
        assert.deepEqual(comparable(events), comparable(response.stream));
        return;
      }
      const { body } = request;
      const sent =
        body === undefined
          ? undefined
          : typeof body === 'string'
            ? translation.text(body)
            : JSON.stringify(translation.body(body));
      const answer = await server.request(method, translation.url(url), sent, headers);
      translation.learn(response.body, answer.body);
      assert.deepEqual(
        { status: answer.status, warning: answer.headers.get('warning') ?? undefined, type: answer.headers.get('content-type') },
        { status: response.status, warning: response['warning'], type: response['content-type'] },
        JSON.stringify(answer.body),
      );
      assert.deepEqual(comparable(answer.body), comparable(response.body));
      if (url.includes('/customresourcedefinitions?')) await server.established('loadbalancerpolicies.outrigger.dev');
    });
  }
});
