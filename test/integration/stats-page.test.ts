/** The stats page in headless Chromium, of a proxy under load. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { startStatsProxy, type StatsProxy, type TestPolicy } from '../../proxy/observe/stats/testing.ts';
import { endpoint, get, httpBackend, PASSIVE } from '../../proxy/testing.ts';
import { Cleanup } from '../bench/cleanup.ts';
import { problemWithChromium, startBrowser, type Browser } from './browser.ts';

const skip = problemWithChromium() ?? false;
const scope = new Cleanup();
let browser: Browser;
before(async () => {
  if (skip === false) browser = await startBrowser(scope);
});
after(() => scope.run());

const EVIL = `<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=2</script>'"&`;
const CHECK = {
  type: 'HTTP',
  path: '/',
  method: 'GET',
  interval: 50,
  timeout: 50,
  unhealthyThreshold: 2,
  healthyThreshold: 2,
} as const;
const ACTIVE = { ...CHECK, expectedStatuses: [{ from: 200, to: 299 }] };

/** A proxy with two backends, one of which a test can make fail, and a little load. */
async function startServing(...more: readonly TestPolicy[]): Promise<{ proxy: StatsProxy; fall: (sick: boolean) => void }> {
  let sick = false;
  const fine = await httpBackend((_req, res) => res.end('fine'));
  const shaky = await httpBackend((_req, res) => res.writeHead(sick ? 500 : 200).end());
  scope.defer(() => fine.close());
  scope.defer(() => shaky.close());
  const endpoints = [
    endpoint(fine.port, { hashKey: 'web-1:80', zone: 'zone-a' }),
    endpoint(shaky.port, { hashKey: 'web-2:80', zone: 'zone-b' }),
  ];
  const web: TestPolicy = {
    policy: 'shop/web',
    backends: { 'shop/web:80': endpoints },
    part: { loadBalancer: { type: 'RoundRobin' }, healthCheck: { active: ACTIVE, passive: PASSIVE } },
  };
  const proxy = await startStatsProxy([web, ...more], { interval: 200, pod: `gateway ${EVIL}` });
  scope.defer(() => proxy.close());
  const timer = setInterval(() => void get(proxy.port), 20);
  scope.defer(() => clearInterval(timer));
  return { proxy, fall: (to) => void (sick = to) };
}

test('it shows routes and endpoints, refreshes itself, and logs nothing to the console', { skip }, async () => {
  const { proxy, fall } = await startServing();
  const page = await browser.open();
  await page.go(proxy.origin);
  assert.equal(await page.evaluate('location.pathname'), '/stats');
  await page.until('shares are known', `/50%/.test(document.querySelector('article').innerText)`);
  const text = await page.text();
  for (const part of [
    'shop/web',
    String(proxy.port),
    'every host',
    'shop/web:80',
    '2/2 healthy',
    'web-1:80',
    'zone-b',
    '● UP',
    'RoundRobin',
    'live',
  ])
    assert.ok(text.includes(part), `${part} is not in ${text}`);
  await page.until(
    'there is a line of requests',
    `document.querySelector('.spark polyline:not(.base)').getAttribute('points').split(' ').length > 5`,
  );
  // An element that did not change is still the same node, so a selection in it stays.
  await page.evaluate(`globalThis.row = document.querySelector('article tbody tr'), undefined`);
  fall(true);
  await page.until(
    'it shows that one is down, and why',
    `/✕ DOWN.*check: HTTP 500/s.test(document.querySelector('article').innerText)`,
  );
  assert.match(await page.text('h3'), /1\/2 healthy/);
  fall(false);
  await page.until('it is up again', `!/DOWN/.test(document.querySelector('article').innerText)`);
  assert.equal(
    await page.evaluate(`globalThis.row.isConnected && globalThis.row === document.querySelector('article tbody tr')`),
    true,
  );
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(
    [...new Set(page.asked.map((url) => new URL(url).origin))].filter((origin) => origin !== 'null'),
    [proxy.origin],
  );
});

test('names that contain markup are shown as text, also after a refresh', { skip }, async () => {
  const { proxy } = await startServing({
    policy: `shop/${EVIL}`,
    backends: { [`shop/${EVIL}`]: [endpoint(1, { hashKey: EVIL, zone: EVIL })] },
    route: {
      hostnames: [`${EVIL}.example`],
      matches: [{ headers: [{ name: EVIL, value: EVIL }], path: { type: 'Exact', value: `/${EVIL}` } }],
    },
  });
  const page = await browser.open();
  await page.go(`${proxy.origin}/stats?q=${encodeURIComponent('onerror="globalThis.hacked=1">')}`);
  const harmless = `document.querySelectorAll('img, main script, body script').length === 1 && globalThis.hacked === undefined`;
  const shown = `document.body.innerText.split('<img src=x onerror="globalThis.hacked=1">').length > 6`;
  assert.equal(await page.evaluate(`${harmless} && ${shown}`), true);
  await page.evaluate(`globalThis.asked = performance.getEntriesByType('resource').length, undefined`);
  await page.until('it was refreshed', `performance.getEntriesByType('resource').length > globalThis.asked + 1`);
  assert.equal(await page.evaluate(`${harmless} && ${shown}`), true);
  assert.deepEqual(page.complaints, []);
  assert.equal(await page.evaluate(`document.getElementById('filter').value`), 'onerror="globalThis.hacked=1">');
});

test('by keyboard: the filter narrows what is shown and is kept in the URL; the page can be paused', { skip }, async () => {
  const { proxy } = await startServing();
  const page = await browser.open();
  await page.go(`${proxy.origin}/stats`);
  await page.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.id'), 'filter');
  await page.type('zone-b');
  await page.until('one endpoint is left', `document.querySelectorAll('article tbody tr').length === 1`);
  assert.match(await page.text('article tbody'), /web-2:80/);
  assert.equal(await page.evaluate('location.search'), '?q=zone-b');
  await page.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.id'), 'pause');
  await page.evaluate('document.activeElement.click()');
  assert.equal(await page.evaluate(`document.getElementById('pause').getAttribute('aria-pressed')`), 'true');
  await page.until('it shows that it is paused', `document.getElementById('state').innerText.includes('paused')`);
  await page.evaluate('document.activeElement.click()');
  await page.until('it goes on', `document.getElementById('state').innerText.includes('live')`);
});

test('light and dark differ, both are legible; nothing is wider than a phone', { skip }, async () => {
  const { proxy } = await startServing({
    policy: 'a-namespace-with-a-long-name/a-policy-with-a-very-long-name-that-goes-on-and-on',
    backends: {
      'a-namespace-with-a-long-name/service-with-a-long-name:8080': [endpoint(1, { hashKey: `pod-${'x'.repeat(80)}:8080` })],
    },
    route: {
      hostnames: ['a-host-with-a-long-name.in.a.long.domain.example'],
      matches: [{ path: { type: 'Exact', value: `/${'y'.repeat(120)}` } }],
    },
  });
  const page = await browser.open();
  const seen: { background: string; contrast: number }[] = [];
  for (const scheme of ['light', 'dark'] as const) {
    await page.prefer(scheme);
    await page.go(`${proxy.origin}/stats`);
    seen.push({
      background: await page.evaluate('getComputedStyle(document.body).backgroundColor'),
      contrast: await page.evaluate(LEAST_CONTRAST),
    });
    for (const width of [360, 768, 1280]) {
      await page.resize(width, 800);
      assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= width, `${scheme}, ${width}`);
    }
  }
  assert.notEqual(seen[0]?.background, seen[1]?.background);
  for (const { contrast } of seen) assert.ok(contrast >= 4.5, `contrast ${contrast}`);
  assert.deepEqual(page.complaints, []);
});

test('without scripts it shows the current state, and the filter works; without a proxy it says so', { skip }, async () => {
  const { proxy } = await startServing();
  const page = await browser.open();
  await page.scripts(false);
  await page.go(`${proxy.origin}/stats?q=zone-a`);
  const text = await page.text();
  for (const part of ['web-1:80', 'Filter', 'as of loading']) assert.ok(text.includes(part), `${part} is not in ${text}`);
  assert.ok(!text.includes('web-2:80'));
  assert.equal(await page.evaluate(`document.querySelector('form button').offsetWidth > 0`), true);
  await page.scripts(true);
  await page.go(`${proxy.origin}/stats`);
  await page.until('it is live', `document.getElementById('state').innerText.includes('live')`);
  await proxy.close();
  await page.until('it shows that the proxy does not answer', `/no answer/.test(document.getElementById('state').innerText)`);
});

/** The lowest contrast of any text with its background (WCAG), in the page. */
const LEAST_CONTRAST = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const over = (...colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) (canvas.fillStyle = colour, canvas.fillRect(0, 0, 1, 1));
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  let least = 21;
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || !element.offsetParent) continue;
    const behind = [];
    for (let at = element; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
    const [a, b] = [light(over(...behind, getComputedStyle(element).color)), light(over(...behind))];
    least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return least;
})()`;
