/** What proxies in front state about the client's connection: what backends receive, and where redirects and cookies follow it. */
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { endpoint, httpBackend, opener, statusOf } from '../testing.ts';
import type { ProxySpec } from '../testing.ts';
import type { ClientAddress, RequestRedirect } from '../snapshot/types.ts';

const { start, track } = opener();
let received: IncomingHttpHeaders = {};
const backend = track(
  await httpBackend((req, res) => {
    received = req.headers;
    res.end('ok');
  }),
);

const SESSION = { policyUid: 'uid', name: 'sid', ttl: 0, sameSite: 'Lax' } as const;
const TO_NEW = { statusCode: 301, path: { type: 'ReplaceFullPath', value: '/new' } } as const;

async function ask(from: string, port: number, host: string, fields: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  socket.setEncoding('latin1').write(`GET /old?q HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${fields}\r\n`);
  let text = '';
  for await (const chunk of socket) text += chunk as string;
  return text;
}

/** A proxy that serves, and one that redirects. */
async function pair(clientAddress: ClientAddress | undefined, redirect: Partial<RequestRedirect> = {}) {
  const spec = (route: ProxySpec['route']): ProxySpec => ({
    endpoints: [endpoint(backend.port)],
    ...(clientAddress && { listener: { clientAddress } }),
    ...(route && { route }),
  });
  const serving = await start(spec({ sessionPersistence: SESSION }));
  const redirecting = await start(spec({ requestRedirect: { ...TO_NEW, ...redirect } }));
  return {
    port: serving.port,
    redirectPort: redirecting.port,
    /** What the backend receives, and whether the client's cookie is Secure. */
    serve: async (fields: string, host = 'shop.test', from = '127.0.0.1') => {
      const answer = await ask(from, serving.port, host, fields);
      assert.equal(statusOf(answer), 200);
      const { 'x-forwarded-for': list, 'x-forwarded-proto': proto, 'x-forwarded-port': port } = received;
      assert.ok(!('forwarded' in received));
      const client = serving.records.at(-1)?.exchange.clientAddress;
      return { client, list, proto, port, host: received['x-forwarded-host'], secure: /^set-cookie: .*; Secure/im.test(answer) };
    },
    locate: async (fields: string, host = 'shop.test', from = '127.0.0.1') => {
      const answer = await ask(from, redirecting.port, host, fields);
      assert.equal(statusOf(answer), 301);
      return /^location: (.*)\r$/im.exec(answer)?.[1];
    },
  };
}

const TRUSTING: readonly ClientAddress[] = [{ trustedHops: 1 }, { trustedCIDRs: ['127.0.0.1/32', '10.0.0.0/8'] }];
const PROTO = 'X-Forwarded-Proto: https\r\n';
const PORT = 'X-Forwarded-Port: 8443\r\n';
const LIST = 'X-Forwarded-For: 203.0.113.9\r\n';

/** What a trusted peer at 127.0.0.1 sends, and what comes of it. `port` absent: the listener's. `host`: of the request. */
interface Case {
  readonly what: string;
  readonly fields: string;
  readonly host?: string;
  readonly proto: string;
  readonly port?: string;
  readonly origin: string;
  readonly forwardedHost?: string;
  readonly client?: string;
}
const CASES: readonly Case[] = [
  { what: 'proto and port', fields: LIST + PROTO + PORT, proto: 'https', port: '8443', origin: 'https://shop.test:8443' },
  {
    what: 'its default port',
    fields: `${LIST + PROTO}X-Forwarded-Port: 443\r\n`,
    proto: 'https',
    port: '443',
    origin: 'https://shop.test',
  },
  { what: 'wss', fields: 'X-Forwarded-Proto: wss\r\n', proto: 'wss', port: '443', origin: 'https://shop.test' },
  { what: 'proto alone', fields: LIST + PROTO, proto: 'https', port: '443', origin: 'https://shop.test' },
  {
    what: 'proto alone, and a port in Host',
    fields: LIST + PROTO,
    host: 'shop.test:8443',
    proto: 'https',
    port: '8443',
    origin: 'https://shop.test:8443',
  },
  { what: 'http alone', fields: 'X-Forwarded-Proto: http\r\n', proto: 'http', port: '80', origin: 'http://shop.test' },
  { what: 'port alone', fields: LIST + PORT, proto: 'http', port: '8443', origin: 'http://shop.test:8443' },
  { what: 'neither', fields: LIST, proto: 'http', origin: 'http://shop.test' },
  { what: 'neither, and a port in Host', fields: LIST, host: 'shop.test:1', proto: 'http', origin: 'http://shop.test' },
  { what: 'repeated', fields: LIST + PROTO + PROTO, proto: 'http', origin: 'http://shop.test' },
  {
    what: 'malformed',
    fields: `${LIST}X-Forwarded-Proto: https, http\r\nX-Forwarded-Port: x\r\n`,
    proto: 'http',
    origin: 'http://shop.test',
  },
  {
    what: 'another host, which Location never names',
    fields: `${LIST + PROTO}X-Forwarded-Host: evil.test\r\n`,
    proto: 'https',
    port: '443',
    origin: 'https://shop.test',
    forwardedHost: 'evil.test',
  },
  {
    what: 'Forwarded',
    fields: 'Forwarded: for=203.0.113.9;proto=https\r\n',
    proto: 'https',
    port: '443',
    origin: 'https://shop.test',
  },
  {
    what: 'Forwarded with host',
    fields: 'Forwarded: for=6.6.6.6;proto=http\r\nForwarded: for="203.0.113.9:1";host="evil.test:8443";proto=https\r\n',
    proto: 'https',
    port: '8443',
    origin: 'https://shop.test:8443',
    forwardedHost: 'evil.test:8443',
  },
  { what: 'Forwarded without proto', fields: 'Forwarded: for=203.0.113.9\r\n', proto: 'http', origin: 'http://shop.test' },
  {
    what: 'Forwarded that is malformed',
    fields: 'Forwarded: for=203.0.113.9;proto=https,"\r\n',
    proto: 'http',
    origin: 'http://shop.test',
  },
  {
    what: 'Forwarded of a client beside X-Forwarded-For',
    fields: `${LIST}Forwarded: for=6.6.6.6;proto=https;host=evil.test\r\n`,
    proto: 'http',
    origin: 'http://shop.test',
    client: '203.0.113.9',
  },
];
const FROM_CLIENT = '203.0.113.9';

for (const clientAddress of TRUSTING) {
  const { port, redirectPort, serve, locate } = await pair(clientAddress);
  describe(`a peer that is trusted by ${JSON.stringify(clientAddress)} sends`, () => {
    for (const c of CASES)
      test(c.what, async () => {
        const { host = 'shop.test', proto } = c;
        const got = await serve(c.fields, host);
        const secure = c.origin.startsWith('https:');
        assert.deepEqual(
          { proto: got.proto, port: got.port, host: got.host, secure: got.secure },
          { proto, port: c.port ?? String(port), host: c.forwardedHost ?? host, secure },
        );
        assert.equal(await locate(c.fields, host), `${c.origin}${c.port === undefined ? `:${redirectPort}` : ''}/new?q`);
      });

    test('the client, in either field', async () => {
      for (const field of [LIST, `Forwarded: for="${FROM_CLIENT}:4711"\r\n`, `Forwarded: by=_x;FOR=${FROM_CLIENT}\r\n`]) {
        const { client, list } = await serve(field);
        assert.deepEqual([client, list], [FROM_CLIENT, `${FROM_CLIENT}, 127.0.0.1`]);
      }
      const { client, list } = await serve('Forwarded: for=6.6.6.6, for="a, b"\r\n');
      assert.deepEqual([client, list], ['127.0.0.1', '6.6.6.6, unknown, 127.0.0.1']);
    });
  });
}

test('several proxies in front: the outermost trusted one describes the client’s connection', async () => {
  const field = 'Forwarded: for=6.6.6.6;proto=http, for=203.0.113.9;proto=https;host="a.test:444", for=10.0.0.7;proto=http\r\n';
  for (const clientAddress of [{ trustedHops: 2 }, { trustedCIDRs: ['127.0.0.0/8', '10.0.0.0/8'] }]) {
    const { serve, locate } = await pair(clientAddress);
    const list = '6.6.6.6, 203.0.113.9, 10.0.0.7, 127.0.0.1';
    assert.deepEqual(await serve(field), {
      client: FROM_CLIENT,
      list,
      proto: 'https',
      port: '444',
      host: 'a.test:444',
      secure: true,
    });
    assert.equal(await locate(field), 'https://shop.test:444/new?q');
  }
});

for (const [what, clientAddress, from] of [
  ['without clientAddress', undefined, '127.0.0.1'],
  ['outside the ranges', TRUSTING[1], '127.0.0.9'],
] as const)
  test(`a peer ${what} states nothing, whatever it sends`, async () => {
    const { port, redirectPort, serve, locate } = await pair(clientAddress);
    for (const { what: sent, fields } of CASES) {
      const own = { client: from, list: from, proto: 'http', port: String(port), host: 'shop.test:8443', secure: false };
      assert.deepEqual(await serve(fields, 'shop.test:8443', from), own, sent);
      assert.equal(await locate(fields, 'shop.test', from), `http://shop.test:${redirectPort}/new?q`, sent);
    }
  });

test('what a redirect names itself comes first: its port, then the default of its scheme', async () => {
  const cases: readonly [redirect: Partial<RequestRedirect>, location: string][] = [
    [{ scheme: 'http' }, 'http://shop.test/new?q'],
    [{ scheme: 'https' }, 'https://shop.test/new?q'],
    [{ port: 444 }, 'https://shop.test:444/new?q'],
    [{ scheme: 'http', port: 443 }, 'http://shop.test:443/new?q'],
    [{ hostname: 'new.test' }, 'https://new.test:8443/new?q'],
  ];
  for (const [redirect, location] of cases) {
    const { locate } = await pair({ trustedHops: 1 }, redirect);
    assert.equal(await locate(PROTO + PORT), location);
  }
});
