/** The path that is matched is the path that is forwarded, however the client spells it; what is refused reaches no backend. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { eventually, POOL } from '../testing.ts';
import type { ProxySpec } from '../testing.ts';
import { route } from '../test-status.ts';
import { OK, PAIRS, stage, UPSTREAMS } from './test-engines.ts';
import type { PathCase } from './test-paths.ts';
import { PATHS } from './test-paths.ts';
import { talk } from './test-hostile.ts';
import { readResponses } from './test-strict.ts';
import type { Request } from './test-strict.ts';
import type { PathNormalization, Route } from '../snapshot/types.ts';

/** A route that tells the backend its name. */
function named(name: string, path: string): Route {
  return route({
    policy: `default/${name}`,
    matches: [{ path: { type: 'PathPrefix', value: path } }],
    destinations: [{ pool: POOL, weight: 1 }],
    requestHeaderModifier: { set: [{ name: 'x-route', value: name }], add: [], remove: [] },
  });
}

function specOf(pathNormalization: PathNormalization): Partial<ProxySpec> {
  return { listener: { pathNormalization, routes: [named('admin', '/admin'), named('rest', '/')] } };
}

const reached = ({ fields, target }: Request) => `${fields.find(([name]) => name === 'x-route')?.[1]} ${target}`;

/** Another client, with a connection of its own. */
function bystander(port: number) {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let asked = 0;
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  return {
    ask: async () => {
      asked++;
      socket.write('GET /bystander HTTP/1.1\r\nHost: a\r\n\r\n');
      await eventually(() => text.split('HTTP/1.1 200 OK').length - 1 === asked);
    },
    close: () => socket.destroy(),
  };
}

const statuses = (text: string) => readResponses(text, [], true).messages.map(({ status }) => status);
const titleOf = ({ how, target, reaches }: PathCase) =>
  `${target} reaches ${reaches ?? 'none'} (${Object.values(how).join(', ')})`;

for (const downstream of new Set(PAIRS.map((pair) => pair.downstream))) {
  for (const upstream of UPSTREAMS) {
    for (const c of PATHS) {
      test(`${downstream.name} + ${upstream.name}: ${titleOf(c)}`, () =>
        stage({ upstream, downstream }, OK, specOf(c.how), async ({ proxy, backend }) => {
          const send = `GET ${c.target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
          const { text, ended } = await talk(proxy.port, { send });
          assert.deepEqual([statuses(text), ended], [[c.reaches === undefined ? 400 : 200], 'closed'], text);
          assert.deepEqual(backend.requests().map(reached), c.reaches === undefined ? [] : [c.reaches]);
        }));
    }
  }
}

for (const { name, upstream, downstream } of PAIRS) {
  for (const target of ['/%zz', '/%', '/%4', '/admin%2Fx']) {
    test(`${name}: ${target} is refused, and others are untouched: earlier requests and other connections`, () => {
      const how = { decodeUnreserved: true, mergeSlashes: true, encodedSlash: 'Reject' } as const;
      return stage({ upstream, downstream }, OK, specOf(how), async ({ proxy, backend }) => {
        const other = bystander(proxy.port);
        await other.ask();
        const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
        const { text, ended } = await talk(proxy.port, { send: get('/admin') + get(target) + get('/after') });
        assert.deepEqual([statuses(text), ended], [[200, 400], 'closed'], text);
        await other.ask();
        other.close();
        assert.deepEqual(backend.requests().map(reached), ['rest /bystander', 'admin /admin', 'rest /bystander']);
      });
    });
  }
}
