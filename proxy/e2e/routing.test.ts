/** Matches, header changes, rewrites and redirects, over real sockets. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import type { HeaderModifier, Match, Route } from '../snapshot/types.ts';
import { closedPort, endpoint, get, httpBackend, opener, rawRequest, scriptedBackend, statusOf } from '../testing.ts';
import type { TestProxy } from '../testing.ts';

const { start, track } = opener();

/** The last request that the backend received. */
let received: Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'> = { rawHeaders: [], headers: {} };
const echo = track(
  await httpBackend((req, res) => {
    received = req;
    res.writeHead(200, { 'x-backend': 'here', 'X-Mode': ['a', 'b'], 'set-cookie': ['s=1', 't=2'] }).end('served');
  }),
);

function proxyWith(route: Partial<Route>): Promise<TestProxy> {
  return start({ endpoints: [endpoint(echo.port)], route });
}

const modifier = (more: Partial<HeaderModifier>): HeaderModifier => ({ set: [], add: [], remove: [], ...more });
const matching = (...matches: Match[]): Pick<Route, 'matches'> => ({ matches });
const ask = (port: number, host: string, path = '/') =>
  rawRequest(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

describe('matches', () => {
  test('a path and a header by regular expression', async () => {
    const proxy = await proxyWith(
      matching({
        path: { type: 'RegularExpression', value: '/v[0-9]+/items' },
        headers: [{ name: 'x-user', value: '[0-9]*7', type: 'RegularExpression' }],
      }),
    );
    assert.equal(statusOf(await get(proxy.port, '/v2/items?all', 'X-User: 27\r\n')), 200);
    assert.equal(received.url, '/v2/items?all');
    assert.equal(statusOf(await get(proxy.port, '/v2/items/1', 'X-User: 27\r\n')), 404);
    assert.equal(statusOf(await get(proxy.port, '/v2/items', 'X-User: 28\r\n')), 404);
    assert.equal(statusOf(await get(proxy.port, '/v2/items')), 404);
  });

  test('the protocol that a client asks to switch to', async () => {
    const proxy = await proxyWith(matching({ headers: [{ name: 'upgrade', value: 'websocket' }] }));
    const ask = (fields: string) => rawRequest(proxy.port, `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    assert.equal(statusOf(await ask('Connection: Upgrade\r\nUpgrade: websocket\r\n')), 200);
    assert.equal(statusOf(await ask('Connection: Upgrade, close\r\nUpgrade: other\r\n')), 404);
    assert.equal(statusOf(await ask('Connection: close\r\n')), 404);
  });

  test('a policy with an expression that does not compile is rejected by name, and no other', async () => {
    const proxy = await proxyWith({});
    await proxy.apply({ endpoints: [endpoint(echo.port)], route: matching({ path: { type: 'RegularExpression', value: '(' } }) });
    const [rejected] = proxy.runtime.rejected();
    assert.deepEqual([rejected?.policy, rejected?.listener], ['default/p', proxy.port]);
    assert.match(rejected?.reason ?? '', /^matches: .*missing closing \)/);
    assert.match(await get(proxy.port), /404[\s\S]*no-route/);
    await proxy.apply({ endpoints: [endpoint(echo.port)] });
    assert.deepEqual(proxy.runtime.rejected(), []);
  });

  test('a Host with a port, in upper case, with a final dot, or as an address', async () => {
    const proxy = await proxyWith({ hostnames: ['shop.test', '*.wild.test'] });
    for (const host of ['shop.test', 'shop.test:1234', 'SHOP.Test', 'shop.test.', 'Shop.TEST.:80', 'A.WILD.test:9'])
      assert.equal(statusOf(await ask(proxy.port, host)), 200, host);
    for (const host of ['[::1]', '[::1]:8080', '[2001:DB8::1]:80', '127.0.0.1:80', 'wild.test'])
      assert.equal(statusOf(await ask(proxy.port, host)), 404, `${host} is not a hostname of the policy`);
    for (const host of ['::1', '[::1', '[::1]x', 'shop.test:99999', 'shop.test:http', 'a@shop.test', 'shop.test/x'])
      assert.equal(statusOf(await ask(proxy.port, host)), 400, `${host} is malformed`);
  });

  test('a policy without hostnames serves an IPv6 Host, which is forwarded unchanged', async () => {
    const proxy = await proxyWith({});
    assert.equal(statusOf(await ask(proxy.port, '[::1]:8080')), 200);
    assert.equal(received.headers.host, '[::1]:8080');
  });
});

describe('header modifiers', () => {
  test('requests', async () => {
    const proxy = await proxyWith({
      requestHeaderModifier: modifier({
        set: [{ name: 'x-env', value: 'prod' }],
        add: [
          { name: 'x-tag', value: 'b' },
          { name: 'cookie', value: 'c=3' },
        ],
        remove: ['x-secret'],
      }),
    });
    await get(proxy.port, '/', 'X-Env: forged\r\nX-Env: twice\r\nX-Tag: a\r\nX-Secret: 1\r\nCookie: a=1\r\nX-Other: o\r\n');
    const { headers } = received;
    assert.deepEqual(
      [headers['x-env'], headers['x-tag'], headers['x-secret'], headers.cookie, headers['x-other']],
      ['prod', 'a, b', undefined, 'a=1; c=3', 'o'],
    );
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  });

  test('a header that the route sets does not change the recorded request', async () => {
    const proxy = await proxyWith({ requestHeaderModifier: modifier({ set: [{ name: 'user-agent', value: 'proxy' }] }) });
    await get(proxy.port, '/', 'User-Agent: client\r\n');
    assert.equal(received.headers['user-agent'], 'proxy');
    assert.equal(proxy.records[0]?.exchange.request.fields.get('user-agent'), 'client');
  });

  test('Connection cannot remove a header that the route sets', async () => {
    const proxy = await proxyWith({ requestHeaderModifier: modifier({ set: [{ name: 'x-env', value: 'prod' }] }) });
    await rawRequest(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, x-env\r\nX-Env: 1\r\n\r\n');
    assert.equal(received.headers['x-env'], 'prod');
  });

  test('responses of backends, whichever try, and not local replies', async () => {
    const busy = track(await scriptedBackend('HTTP/1.1 503 Busy\r\nx-backend: busy\r\ncontent-length: 0\r\n\r\n'));
    const route = {
      responseHeaderModifier: modifier({
        set: [{ name: 'x-mode', value: 'c' }],
        add: [{ name: 'set-cookie', value: 'u=3' }],
        remove: ['x-backend'],
      }),
    };
    const proxy = await start({ endpoints: [endpoint(busy.port), endpoint(echo.port)], route });
    for (let i = 0; i < 2; i++) {
      const answer = await get(proxy.port);
      const [head = '', body] = answer.split('\r\n\r\n');
      assert.match(head, /^HTTP\/1\.1 200 OK/);
      assert.equal(head.match(/set-cookie: \w=\d/gi)?.join(), 'set-cookie: s=1,set-cookie: t=2,set-cookie: u=3');
      assert.equal(head.match(/x-mode: \w/gi)?.join(), 'x-mode: c');
      assert.doesNotMatch(head, /x-backend/i);
      assert.match(body ?? '', /served/);
    }
    await proxy.apply({ endpoints: [endpoint(busy.port)], route });
    assert.doesNotMatch(await get(proxy.port), /x-backend/, 'the kept response of an earlier try is changed, too');
    await proxy.apply({ endpoints: [endpoint(await closedPort())], route });
    assert.doesNotMatch(await get(proxy.port), /x-mode/);
  });
});

describe('urlRewrite', () => {
  test('path and host; logs and routing use what the client sent', async () => {
    const proxy = await proxyWith({
      ...matching({ path: { type: 'PathPrefix', value: '/api/' } }),
      urlRewrite: { hostname: 'internal.test', path: { type: 'ReplacePrefixMatch', value: '/v2' } },
    });
    assert.equal(statusOf(await get(proxy.port, '/api/items?x=1&y')), 200);
    assert.deepEqual(
      [received.url, received.headers.host, received.headers['x-forwarded-host']],
      ['/v2/items?x=1&y', 'internal.test', 'test.example'],
    );
    const recorded = proxy.records[0]?.exchange.request;
    assert.deepEqual([recorded?.path, recorded?.host], ['/api/items', 'test.example']);
    assert.equal(received.rawHeaders.filter((name) => name.toLowerCase() === 'host').length, 1);
  });

  test('every try gets the rewritten request', async () => {
    const busy = track(await scriptedBackend('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n'));
    const proxy = await start({
      endpoints: [endpoint(busy.port), endpoint(echo.port)],
      route: { urlRewrite: { path: { type: 'ReplaceFullPath', value: '/only' } } },
    });
    for (let i = 0; i < 2; i++) {
      assert.equal(statusOf(await get(proxy.port, '/a?b')), 200);
      assert.equal(received.url, '/only?b');
    }
  });

  test('a dangerous path is refused before any rewrite', async () => {
    const proxy = await proxyWith({ urlRewrite: { path: { type: 'ReplacePrefixMatch', value: '/v2' } } });
    for (const path of ['/../x', '/%2e%2e/x', '/a/..%2fb', '/a%00'])
      assert.equal(statusOf(await get(proxy.port, path)), 400, path);
  });

  test('OPTIONS * is not rewritten', async () => {
    const proxy = await proxyWith({ urlRewrite: { path: { type: 'ReplaceFullPath', value: '/x' } } });
    await rawRequest(proxy.port, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.equal(received.url, '*');
  });
});

describe('requestRedirect', () => {
  const https = { destinations: [], requestRedirect: { scheme: 'https', statusCode: 301 } } satisfies Partial<Route>;
  const located = (answer: string) => /\r\nlocation: (.*)\r\n/i.exec(answer)?.[1];

  test('is answered by the proxy, changed by responseHeaderModifier, and counted', async () => {
    const responseHeaderModifier = modifier({ set: [{ name: 'cache-control', value: 'no-store' }] });
    const proxy = await proxyWith({ ...https, responseHeaderModifier });
    const answer = await ask(proxy.port, 'Shop.test:8080', '/a/b?c=d');
    assert.match(answer, /^HTTP\/1\.1 301 Moved Permanently\r\n/);
    assert.equal(located(answer), 'https://shop.test/a/b?c=d');
    assert.match(answer, /cache-control: no-store\r\n/);
    assert.match(answer, /content-length: 0\r\n/);
    assert.doesNotMatch(answer, /outrigger-reason/);
    const [record] = proxy.records;
    assert.deepEqual([record?.status, record?.reason, record?.tries, record?.end.how], [301, undefined, 0, 'whole']);
    assert.match(await proxy.metrics(), /outrigger_requests_total\{[^}]*policy="p"[^}]*code="301"[^}]*\} 1/);
  });

  test('prefix, port and every status', async () => {
    for (const statusCode of [301, 302, 303, 307, 308] as const) {
      const proxy = await proxyWith({
        ...matching({ path: { type: 'PathPrefix', value: '/old' } }),
        destinations: [],
        requestRedirect: { hostname: 'new.test', path: { type: 'ReplacePrefixMatch', value: '/new' }, statusCode },
      });
      const answer = await ask(proxy.port, 'old.test', '/old/x');
      assert.equal(statusOf(answer), statusCode);
      assert.equal(located(answer), `http://new.test:${proxy.port}/new/x`);
      assert.equal(statusOf(await ask(proxy.port, 'old.test', '/older')), 404);
    }
  });

  test('an unread body ends the connection; without a body it is kept', async () => {
    const proxy = await proxyWith(https);
    const post = await rawRequest(proxy.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhel', /\r\n\r\n/);
    assert.equal(located(post), 'https://a/');
    assert.match(post, /connection: close/i);
    const two = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    assert.deepEqual((await rawRequest(proxy.port, two)).match(/location: .*(?=\r)/g), [
      'location: https://a/1',
      'location: https://a/2',
    ]);
  });

  test('HTTP/1.0 without a host gets a path', async () => {
    const proxy = await proxyWith(https);
    assert.equal(located(await rawRequest(proxy.port, 'GET /x HTTP/1.0\r\n\r\n')), '/x');
  });
});
