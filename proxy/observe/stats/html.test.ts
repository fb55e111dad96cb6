import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { contentSecurityPolicy, toHtml, writePage } from './html.ts';
import { h } from './page/tree.ts';
import { printable } from './text.ts';
import type { StatsView } from './view.ts';

const EVIL = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;</style></title><!--`;

/** A view in which every text is this one. */
function viewOf(text: string): StatsView {
  const time = '2026-11-22T08:00:00.000Z';
  return {
    ...{ version: 2, at: time, filter: text, rejectedLeftOut: 1, routesLeftOut: 1, endpointsLeftOut: 2 },
    proxy: { pod: text, mode: 'gateway', zone: text, version: text, uptimeSeconds: 1, notReady: text, connections: 1 },
    snapshot: { epoch: 1, sequence: 2, digest: text, since: time },
    rejected: [{ policy: text, port: 80, reason: text }],
    totals: { routes: 1, endpoints: 1, healthy: 0, requestsPerSecond: 1, errorRatio: null },
    routes: [
      {
        ...{ port: 80, policy: text, generation: 1, hostnames: [text], hostnamesLeftOut: 1, matches: [text], matchesLeftOut: 1 },
        ...{
          destinations: [{ backend: text, weight: 1, healthy: 0, endpoints: 1, reason: text }],
          destinationsLeftOut: 1,
          redirect: '',
          fallback: text,
        },
        ...{ requestsPerSecond: null, history: [1, 2], requests: 1, errorRatio: 0.5, p50Ms: 1, p99Ms: 1, pending: 0 },
      },
    ],
    backends: [
      {
        ...{ policy: text, backend: text, strategy: text, panic: true, healthy: 0, endpointCount: 1, reason: text },
        endpoints: [
          {
            ...{ name: text, address: text, zone: text, status: 'EJECTED', reason: text, since: time, ejectedUntil: time },
            ...{ weight: 1, fullWeight: 2, active: 0, attempts: 1, share: 1, errorRatio: 1, meanMs: null },
          },
        ],
      },
    ],
  };
}

function pageOf(view: StatsView): string {
  const work = writePage(view);
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

const tagsOf = (html: string) => html.match(/<[^>]*>/g)?.map((tag) => tag.replace(/"[^"]*"/g, '""')) ?? [];

test('whatever the names are, the page has the same tags', () => {
  const expected = tagsOf(pageOf(viewOf('plain')));
  assert.deepEqual(tagsOf(pageOf(viewOf(EVIL))), expected);
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '/', '!', '-', ' ', 'a', '=', '`', '\u2028') }),
      (text) => {
        // Two of these texts may be equal, and then one is not shown: the difference must not come from there.
        assert.deepEqual(tagsOf(pageOf(viewOf(`x${printable(text)}`))), expected);
      },
    ),
    { numRuns: 200 },
  );
});

test('text and attribute values are read back unchanged', () => {
  const read = (html: string) =>
    html.replace(/&(lt|gt|quot|amp|#39);/g, (_, name: string) => ({ lt: '<', gt: '>', quot: '"', amp: '&' })[name] ?? "'");
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(read(toHtml(text)), text);
      const html = toHtml(h('i', { title: text }, text));
      const quoted = /^<i title="([^"]*)">([^<]*)<\/i>$/.exec(html);
      assert.ok(quoted, html);
      assert.deepEqual([read(quoted[1] ?? ''), read(quoted[2] ?? '')], [text, text]);
    }),
  );
});

test('the content security policy allows exactly the script and the style of the page', () => {
  const page = pageOf(viewOf('plain'));
  const policy = contentSecurityPolicy();
  for (const [element, directive] of [
    ['script', 'script-src'],
    ['style', 'style-src'],
  ] as const) {
    const bodies = [...page.matchAll(new RegExp(`<${element}>([^]*?)</${element}>`, 'g'))].map(([, body]) => body ?? '');
    assert.equal(bodies.length, 1);
    const hash = createHash('sha256')
      .update(bodies[0] ?? '')
      .digest('base64');
    assert.ok(policy.includes(`${directive} 'sha256-${hash}'`), directive);
  }
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/);
  assert.doesNotMatch(page, / on[a-z]+=| style=|javascript:|src=|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
});

test('the page without rows is small', () => {
  const empty = { ...viewOf(''), routes: [], backends: [], rejected: [] };
  assert.ok(Buffer.byteLength(pageOf(empty)) <= 30_000);
});
