import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { Readiness } from '../status/status-writer.ts';
import { Metrics } from './metrics.ts';
import { startObserveServer } from './server.ts';
import { createWatchdog } from './watchdog.ts';

test('probes name what is missing, metrics are text, everything else is refused', async (context) => {
  const metrics = new Metrics();
  const state = { alive: undefined as string | undefined, ready: 'not yet' as string | undefined };
  const options = { registry: metrics.registry, notAlive: () => state.alive, notReady: () => state.ready };
  const server = await startObserveServer(options, 0, '127.0.0.1');
  context.after(() => server.close());
  const get = async (path: string, method = 'GET'): Promise<[number, string]> => {
    const answer = await fetch(`http://127.0.0.1:${server.observePort}${path}`, { method });
    return [answer.status, await answer.text()];
  };
  assert.deepEqual(await get('/healthz'), [200, 'ok\n']);
  assert.deepEqual(await get('/readyz?verbose'), [503, 'not yet\n']);
  state.ready = undefined;
  state.alive = 'stalled';
  assert.deepEqual(await get('/readyz'), [200, 'ok\n']);
  assert.deepEqual(await get('/healthz'), [503, 'stalled\n']);
  assert.equal((await get('/'))[0], 404);
  assert.equal((await get('/metrics', 'POST'))[0], 405);
  assert.match((await get('/metrics'))[1], /outrigger_operator_leader 0/);
});

test('a port in use is an error, not a silent start', async (context) => {
  const options = { registry: new Metrics().registry, notAlive: () => undefined, notReady: () => undefined };
  const first = await startObserveServer(options, 0, '127.0.0.1');
  context.after(() => first.close());
  await assert.rejects(startObserveServer(options, first.observePort, '127.0.0.1'), { code: 'EADDRINUSE' });
});

test('every metric of the contract is exposed under its name and labels', async () => {
  const metrics = new Metrics();
  const fresh = await metrics.registry.metrics();
  for (const line of ['pushes_total{result="acked"} 0', 'pushes_total{result="failed"} 0', 'proxies{state="current"} 0']) {
    assert.ok(fresh.includes(`outrigger_operator_${line}\n`), `${line} before anything happened`);
  }
  metrics.reconciled(0.002);
  metrics.pushed('acked');
  metrics.propagated(0.05);
  metrics.proxies({ current: 2, pending: 1, failing: 0 });
  metrics.skew(3);
  metrics.leads(1795306600);
  metrics.contact('Service', 1795306600);
  metrics.restarted('Service');
  metrics.wroteService('applied');
  metrics.outdated(true);
  const text = await metrics.registry.metrics();
  for (const line of [
    'outrigger_operator_reconcile_duration_seconds_count 1',
    'outrigger_operator_pushes_total{result="acked"} 1',
    'outrigger_operator_propagation_seconds_bucket{le="0.05"} 1',
    'outrigger_operator_proxies{state="current"} 2',
    'outrigger_operator_proxies{state="failing"} 0',
    'outrigger_operator_clock_skew_seconds 3',
    'outrigger_operator_leader 1',
    'outrigger_operator_epoch 1795306600',
    'outrigger_operator_watch_last_event_timestamp_seconds{kind="Service"} 1795306600',
    'outrigger_operator_watch_restarts_total{kind="Service"} 1',
    'outrigger_operator_crd_outdated 1',
    'outrigger_operator_gateway_service_writes_total{result="applied"} 1',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
  metrics.leads(undefined);
  assert.match(await metrics.registry.metrics(), /^outrigger_operator_leader 0$/m);
});

test('policies are counted by readiness, and named while they are not ready', async () => {
  const metrics = new Metrics();
  const state = { policies: [] as Readiness[], asked: 0 };
  const is = (name: string, status: Readiness['ready']['status'], reason: string): Readiness => ({
    namespace: 'shop',
    name,
    ready: { type: 'Ready', status, reason, message: '', observedGeneration: 1, lastTransitionTime: '' },
  });
  const scrape = async () => {
    const lines = (await metrics.registry.metrics()).split('\n');
    return lines.filter((line) => /^outrigger_operator_polic(?:ies|y_not_ready)\{/.test(line));
  };
  const counted = (yes: number, no: number, unknown: number) => [
    `outrigger_operator_policies{ready="True"} ${yes}`,
    `outrigger_operator_policies{ready="False"} ${no}`,
    `outrigger_operator_policies{ready="Unknown"} ${unknown}`,
  ];
  const named = (policy: string, reason: string) =>
    `outrigger_operator_policy_not_ready{namespace="shop",policy="${policy}",reason="${reason}"} 1`;
  assert.deepEqual(await scrape(), counted(0, 0, 0), 'before anything is known');
  metrics.policies(() => {
    state.asked += 1;
    return state.policies;
  });
  state.policies = [
    ...[is('web', 'True', 'Ready'), is('night', 'True', 'Idle'), is('new', 'Unknown', 'Pending')],
    ...[is('api', 'False', 'NoEndpoints'), is('pay', 'False', 'AllUnhealthy')],
  ];
  assert.deepEqual(await scrape(), [...counted(2, 2, 1), named('api', 'NoEndpoints'), named('pay', 'AllUnhealthy')]);
  assert.equal(state.asked, 1, 'computed once for both metrics');
  state.policies = [is('web', 'True', 'Ready'), is('api', 'False', 'AllUnhealthy'), is('pay', 'True', 'Ready')];
  assert.deepEqual(await scrape(), [...counted(2, 1, 0), named('api', 'AllUnhealthy')], 'another reason; one that recovered');
  state.policies = [];
  assert.deepEqual(await scrape(), counted(0, 0, 0), 'deleted, or another operator leads');
});

test('CPU, memory, event loop and version of the process are exposed', async () => {
  const { registry } = new Metrics();
  const value = async (name: string) =>
    Number(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(await registry.metrics())?.[1]);
  const { user, system } = process.cpuUsage();
  const cpu = (await value('process_cpu_seconds_total')) - (user + system) / 1e6;
  assert.ok(cpu >= 0 && cpu < 0.1, `${cpu} s more than a moment before`);
  assert.ok((await value('process_resident_memory_bytes')) > 20e6);
  assert.ok(Math.abs((await value('process_start_time_seconds')) - Date.now() / 1000) < 60);
  assert.ok((await value('nodejs_heap_size_used_bytes')) > 1e6);
  const before = await value('outrigger_operator_event_loop_active_seconds_total');
  for (const end = performance.now() + 30; performance.now() < end;);
  await new Promise(setImmediate);
  const after = await value('outrigger_operator_event_loop_active_seconds_total');
  assert.ok(after - before > 0.02 && after < 60, `${before} → ${after}`);
  assert.match(await registry.metrics(), /^outrigger_operator_build_info\{version="\d+\.\d+\.\d+",node="\d+\.\d+\.\d+"\} 1$/m);
});

test('the watchdog names loops without activity', () => {
  let now = 0;
  const watchdog = createWatchdog(100, () => now);
  assert.equal(watchdog.stalled(), undefined);
  watchdog.touch('Service');
  watchdog.touch('Pod');
  now = 100;
  watchdog.touch('Pod');
  assert.equal(watchdog.stalled(), undefined);
  now = 101;
  assert.match(watchdog.stalled() ?? '', /: Service$/);
  watchdog.touch('Service');
  assert.equal(watchdog.stalled(), undefined);
});

test('a line of the log has its level as a word', () => {
  const { status, stdout } = spawnSync(process.execPath, ['-e', LOGS, new URL('log.ts', import.meta.url).href], {
    encoding: 'utf8',
  });
  assert.equal(status, 0);
  const { level, pod, msg } = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([level, pod, msg], ['warn', 'operator-1', 'look']);
});

/** Standard output of this process belongs to the test runner. */
const LOGS = "import(process.argv[1]).then(({ createLog }) => createLog('info', 'operator-1').warn('look'))";
