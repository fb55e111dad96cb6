/** Questions that wait for news: beside pushes, at their own pace, and what ends them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { until } from '../../proxy/control/testing.ts';
import { endpoint, poolPart } from '../../proxy/snapshot/testing.ts';
import type { Fleet } from './fleet-types.ts';
import type { ProxyClient } from './proxy-client.ts';
import type { ProxyReport } from './proxy-report.ts';
import type { PushTiming } from './proxy-state.ts';
import type { WaitingProxy } from './test-waiting-proxy.ts';
import { content, Rig, target, translation } from './testing.ts';

const EPOCH = 1_795_305_600;
const [A, B, C] = [1, 2, 3].map((n) => content([poolPart([endpoint(n)])])) as [Content, Content, Content];
type Content = ReturnType<typeof content>;

/** Polls come only every hour, so what is known early is known by a question that waited. */
const TIMING = { newsPause: 5 };
const SICK = [{ pool: 'p', endpoint: 'e', reason: 'probe' as const, detail: 'HTTP 404, expected 200-399', check: 'GET /' }];
const DEGRADED = [{ policy: 'default/web', state: 'unavailable' as const }];

interface Scene {
  readonly rig: Rig;
  readonly fleet: ReturnType<Rig['fleet']>;
  readonly proxy: WaitingProxy;
  /** Makes the proxy have this content; resolves when it has acknowledged it. */
  readonly want: (content: Content) => Promise<void>;
  readonly report: () => ProxyReport | undefined;
}

interface Setting {
  readonly timing?: Partial<PushTiming>;
  readonly client?: (rig: Rig) => ProxyClient;
  readonly before?: (proxy: WaitingProxy) => void;
}

/** A fleet with one proxy that has the content A. */
async function scene(t: TestContext, { timing, client, before }: Setting = {}): Promise<Scene> {
  const rig = new Rig(t);
  const { proxy, address } = await rig.waitingProxy('one');
  before?.(proxy);
  const fleet = rig.fleet({ ...TIMING, ...timing }, client?.(rig));
  const report = () => fleet.reports().get('one');
  const want = async (wanted: Content): Promise<void> => {
    fleet.setDesired(translation([target('one', address)], wanted), performance.now());
    await until(() => report()?.current === true);
  };
  fleet.setEpoch(EPOCH);
  await want(A);
  return { rig, fleet, proxy, want, report };
}

const waits = (proxy: WaitingProxy): Promise<void> => until(() => proxy.held.length === 1);

test('news is known without polling, and is an event; the token is for the whole request target', async (t) => {
  const { rig, proxy, report } = await scene(t);
  await waits(proxy);
  assert.deepEqual([report()?.unhealthy, report()?.degraded], [[], []]);
  const { changed } = rig;
  proxy.tell({ degraded: DEGRADED });
  await until(() => report()?.degraded?.length === 1 && rig.changed > changed);
  await waits(proxy);
  proxy.tell({ unhealthy: SICK });
  await until(() => report()?.unhealthy?.length === 1);
  assert.deepEqual([report()?.unhealthy, report()?.degraded], [SICK, DEGRADED]);
  assert.equal(proxy.asked.filter((asked) => asked === 'plain').length, 1);
  assert.equal(proxy.refused, 0);
});

test('an acknowledgement says which policies are degraded, before any question', async (t) => {
  const { report, proxy } = await scene(t, {
    timing: { newsPause: 3_600_000 },
    before: (waiting) => waiting.tell({ degraded: DEGRADED }),
  });
  assert.deepEqual(report()?.degraded, DEGRADED);
  assert.deepEqual(proxy.asked, []);
});

test('a push goes out while a question waits, and the question goes on', async (t) => {
  const { proxy, want } = await scene(t, { before: (waiting) => (waiting.pushIsNews = false) });
  await waits(proxy);
  const { length } = proxy.asked;
  await want(B);
  await want(C);
  assert.deepEqual([proxy.applied.length, proxy.asked.length, proxy.aborted, proxy.held.length], [3, length, 0, 1]);
});

test('an answer without news is followed by the next question, and is no event', async (t) => {
  const { rig, proxy } = await scene(t);
  await waits(proxy);
  const { changed } = rig;
  for (let i = 0; i < 3; i++) {
    const { length } = proxy.asked;
    proxy.answerAll();
    await until(() => proxy.asked.length === length + 1);
    await waits(proxy);
    assert.equal(proxy.asked.at(-1), proxy.asked.at(-2));
  }
  assert.equal(rig.changed, changed);
});

test('an older proxy is polled, and never asked to wait', async (t) => {
  const older = (proxy: WaitingProxy): void => void (proxy.canWait = false);
  const { proxy, report } = await scene(t, { timing: { statusInterval: 10, firstStatus: 10 }, before: older });
  await until(() => proxy.asked.length === 5);
  assert.deepEqual(new Set(proxy.asked), new Set(['plain']));
  assert.equal(report()?.degraded, undefined);
  assert.deepEqual(report()?.unhealthy, []);
});

test('a proxy that no longer knows the question is polled', async (t) => {
  const { proxy, report } = await scene(t, { timing: { statusInterval: 10 } });
  await waits(proxy);
  proxy.canWait = false;
  proxy.answerAll();
  await until(() => proxy.asked.slice(-3).join() === 'plain,plain,plain');
  assert.equal(report()?.error, undefined);
});

test('news without end is asked for at the pace of the pause', async (t) => {
  const restless = (proxy: WaitingProxy): void => {
    const push = proxy.asked.push.bind(proxy.asked);
    proxy.asked.push = (...after) => {
      times.push(performance.now());
      proxy.tell();
      return push(...after);
    };
  };
  const times: number[] = [];
  const { proxy } = await scene(t, { timing: { newsPause: 50 }, before: restless });
  await until(() => times.length === 6);
  // 0.8 of the pause at least; timers may be a millisecond early.
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  assert.ok(Math.min(...gaps) >= 0.8 * 50 - 2, gaps.join());
  assert.equal(new Set(proxy.asked).size, 6, 'ever new revisions');
});

test('a question that is never answered ends, is no error, and is followed by a plain one; pushes go on', async (t) => {
  const timeouts = { push: 10_000, status: 5_000, wait: 40 };
  const { proxy, report, want } = await scene(t, { client: (rig) => rig.client({ timeouts }) });
  for (const [i, wanted] of [B, C, A].entries()) {
    await until(() => proxy.aborted > i);
    await want(wanted);
    assert.equal(report()?.error, undefined);
  }
  await until(() => proxy.asked.filter((asked) => asked === 'plain').length >= 3);
});

test('an answer of another pod does not count', async (t) => {
  const { proxy, report } = await scene(t);
  await waits(proxy);
  proxy.uid = 'two';
  proxy.tell({ unhealthy: SICK });
  await until(() => report()?.error !== undefined);
  assert.equal(report()?.error, 'another pod answers at this address');
  assert.deepEqual(report()?.unhealthy, []);
  proxy.uid = 'one';
  await until(() => report()?.unhealthy?.length === 1 && report()?.error === undefined);
});

for (const [what, end] of [
  ['the end of the term', (fleet) => fleet.setEpoch(undefined)],
  ['the end of the proxy', (fleet) => fleet.setDesired(translation([], A), performance.now())],
] satisfies [string, (fleet: Fleet) => void][])
  test(`${what} ends its question, and none follows`, async (t) => {
    const { fleet, proxy } = await scene(t);
    await waits(proxy);
    const { length } = proxy.asked;
    end(fleet);
    await until(() => proxy.aborted === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(proxy.asked.length, length);
  });

test('a new container ends the question; the next one is plain, and after its acknowledgement', async (t) => {
  const { rig, fleet, proxy } = await scene(t);
  await waits(proxy);
  const { length } = proxy.asked;
  const address = rig.sent[0]?.address ?? '';
  fleet.setDesired(translation([target('one', address, { container: 'c2' })], A), performance.now());
  await until(() => proxy.aborted === 1 && proxy.applied.length === 2);
  await waits(proxy);
  assert.equal(proxy.asked[length], 'plain');
});

test('a question under an earlier epoch is asked again under the new one', async (t) => {
  const { rig, fleet, proxy, report } = await scene(t);
  await waits(proxy);
  fleet.setEpoch(EPOCH + 1);
  await until(() => proxy.aborted === 1 && report()?.acked?.epoch === EPOCH + 1);
  await waits(proxy);
  assert.deepEqual(rig.fenced, []);
  proxy.applied.push({ epoch: EPOCH + 2, sequence: 1, digest: 'ab'.repeat(32) });
  proxy.tell();
  await until(() => rig.fenced.length === 1);
});

test('stop ends a question at once, while a push may still finish', async (t) => {
  let closed = false;
  const client = (rig: Rig): ProxyClient => {
    const real = rig.client();
    return {
      ...real,
      close: () => {
        closed = true;
        return real.close();
      },
    };
  };
  const { fleet, proxy, want } = await scene(t, { client, before: (waiting) => (waiting.pushIsNews = false) });
  await waits(proxy);
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  proxy.beforeAck = () => opened;
  void want(B).catch(() => undefined);
  await until(() => proxy.unanswered === 1);
  const stopped = fleet.stop();
  await until(() => proxy.aborted === 1);
  assert.ok(!closed, 'connections are closed later, and all of them');
  open();
  await stopped;
  assert.equal(proxy.held.length, 0);
});

test('an answer that overtakes the acknowledgement of a push is no drift', async (t) => {
  const { proxy, want, report } = await scene(t);
  for (const wanted of [B, C]) {
    await waits(proxy);
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    proxy.beforeAck = () => opened;
    const { acked } = report() ?? {};
    const wanting = want(wanted);
    // The push is news, so the question is answered while the push is not; and so is nothing that follows.
    await until(() => proxy.unanswered === 1 && proxy.held.length === 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(report()?.acked, acked, 'still what was acknowledged');
    proxy.tell({ unhealthy: report()?.unhealthy?.length === 0 ? SICK : [] });
    open();
    await wanting;
  }
  await until(() => report()?.unhealthy?.length === 0);
  assert.equal(proxy.applied.length, 3, 'nothing is pushed twice');
});

test('an answer from before a push that is read after its acknowledgement changes nothing', async (t) => {
  const { proxy, want, report } = await scene(t, { before: (waiting) => (waiting.pushIsNews = false) });
  await waits(proxy);
  proxy.answers = false;
  proxy.tell({ degraded: DEGRADED });
  await want(B);
  assert.deepEqual(report()?.degraded, DEGRADED);
  const { length } = proxy.asked;
  proxy.answerAll(true);
  await until(() => proxy.asked.length === length + 1);
  assert.deepEqual([report()?.current, report()?.degraded], [true, DEGRADED]);
  assert.equal(proxy.applied.length, 2, 'no drift, so nothing is pushed again');
});

test('drift is news, and is corrected', async (t) => {
  const { proxy, report } = await scene(t);
  await waits(proxy);
  proxy.lose();
  await until(() => proxy.applied.length === 1);
  await until(() => report()?.current === true);
});
