/** Bytes are kept, both ways: values above ASCII, the case of names, and the lines of repeated fields in their order. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { talk } from './test-hostile.ts';
import { PAIRS, stage } from './test-engines.ts';
import type { Pair, Stage } from './test-engines.ts';
import { readResponses } from './test-strict.ts';

type Field = readonly [name: string, value: string];

/** Each of these is sent with each body, in a request and in a response. */
const FIELDS: readonly (readonly [what: string, fields: readonly Field[]])[] = [
  ['values above ASCII', [['X-Name', '\xe4\xc3\xa4\xff']]],
  ['a raw file name', [['Content-Disposition', 'attachment; filename="\xe4.txt"']]],
  ['names in any case', [['X-UPPER', '1'], ['x-lower', '2'], ['eTAG', '"3"']]], // prettier-ignore
  ['repeated names', [['x-a', '1'], ['X-B', '2'], ['X-A', '3'], ['x-a', '']]], // prettier-ignore
  ['repeated cookies', [['Cookie', 'a=1'], ['X-B', '2'], ['cookie', 'b=2']]], // prettier-ignore
];

const BODIES = {
  'without a body': ['Content-Length: 0\r\n', ''],
  'with a length': ['Content-Length: 2\r\n', 'hi'],
  'in chunks': ['Transfer-Encoding: chunked\r\n', '2\r\nhi\r\n0\r\n\r\n'],
} as const;
type Framed = keyof typeof BODIES;

/** What an engine sends instead of `fields`; the statuses of its client; or nothing, if it keeps them. */
interface Exemption {
  readonly why: string;
  readonly sends?: readonly Field[];
  readonly status?: number;
}

const GROUPED = 'node:http writes the lines of a field together, under the first spelling of its name';

/** Upstream engines, by what is sent. */
const UPSTREAM_EXEMPTIONS: Readonly<Record<string, Readonly<Record<string, Exemption>>>> = {
  'http-proxy': {
    'repeated names': { why: GROUPED, sends: [['x-a', '1'], ['x-a', '3'], ['x-a', ''], ['X-B', '2']] }, // prettier-ignore
    'repeated cookies': { why: 'node:http joins cookies', sends: [['Cookie', 'a=1; b=2'], ['X-B', '2']] }, // prettier-ignore
  },
};

/** Downstream engines, by what is sent and the body. */
const DOWNSTREAM_EXEMPTIONS: Readonly<Record<string, Readonly<Record<string, Exemption>>>> = {
  'node-http': {
    'a raw file name, with a length': { why: 'node:http takes the value for text after a Content-Length', status: 502 },
  },
};

function lines(fields: readonly Field[]): string {
  return fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

/** Those of the names that were sent. */
function among(received: readonly Field[], sent: readonly Field[]): Field[] {
  const names = new Set(sent.map(([name]) => name.toLowerCase()));
  return received.filter(([name]) => names.has(name.toLowerCase()));
}

async function requestFields({ proxy, backend }: Stage, fields: readonly Field[], framed: Framed): Promise<Field[]> {
  const [framing, body] = BODIES[framed];
  backend.script = { send: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' };
  // The framing comes before the fields and, in a response, after them.
  await talk(proxy.port, { send: `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${framing}${lines(fields)}\r\n${body}` });
  return among(backend.requests().at(-1)?.fields ?? [], fields);
}

async function responseOf({ proxy, backend }: Stage, head: string, body: string) {
  backend.script = { send: `HTTP/1.1 200 OK\r\n${head}\r\n${body}` };
  const { text } = await talk(proxy.port, { send: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' });
  return readResponses(text, ['GET'], true).messages.at(-1);
}

const QUIET = { send: '' };
const on = (pair: Pair, run: (s: Stage) => Promise<void>) => stage(pair, QUIET, {}, run);

for (const pair of PAIRS) {
  describe(pair.name, () => {
    for (const [what, fields] of FIELDS) {
      for (const framed of Object.keys(BODIES) as Framed[]) {
        const { sends = fields, why } = UPSTREAM_EXEMPTIONS[pair.upstream.name]?.[what] ?? {};
        test(`${what} in a request ${framed}${why === undefined ? '' : ` (${why})`}`, () =>
          on(pair, async (s) => assert.deepEqual(await requestFields(s, fields, framed), sends)));

        const exemption = DOWNSTREAM_EXEMPTIONS[pair.downstream.name]?.[`${what}, ${framed}`];
        test(`${what} in a response ${framed}${exemption ? ` (${exemption.why})` : ''}`, () =>
          on(pair, async (s) => {
            const [framing, body] = BODIES[framed];
            for (const head of [lines(fields) + framing, framing + lines(fields)]) {
              const response = await responseOf(s, head, body);
              const { status = 200 } = (head.startsWith(framing) ? exemption : undefined) ?? {};
              assert.equal(response?.status, status, head);
              if (status === 200) assert.deepEqual(among(response.fields, fields), fields, head);
            }
          }));
      }
    }
  });
}

test('http1 + http1: any fields in any order', async () => {
  const pair = PAIRS.find(({ name }) => name === 'http1 + http1') ?? assert.fail();
  const token = fc.stringMatching(/^[Xx]-[!#$%&'*+.^`|~0-9A-Za-z-]{1,20}$/);
  const value = fc.stringMatching(/^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]{0,30}[!-~\x80-\xff])?)?$/);
  const lists = fc.array(fc.tuple(token, value), { maxLength: 12 });
  const framings = fc.constantFrom(...(Object.keys(BODIES) as Framed[]));
  await on(pair, (s) =>
    fc.assert(
      fc.asyncProperty(lists, framings, fc.nat(12), async (fields, framed, at) => {
        // The proxy’s own names.
        fc.pre(fields.every(([name]) => !/^x-(?:forwarded-|request-id$)/i.test(name)));
        assert.deepEqual(await requestFields(s, fields, framed), fields);
        const [framing, body] = BODIES[framed];
        const head = lines(fields.slice(0, at)) + framing + lines(fields.slice(at));
        assert.deepEqual(among((await responseOf(s, head, body))?.fields ?? [], fields), fields);
      }),
      { numRuns: 60 },
    ),
  );
});
