/** Under load and some faults no panel of any dashboard is empty, and the series of every alert exist. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type ServerResponse } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import test, { after, before } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { until } from '../local-cluster/cluster.ts';
import { dataPanels, readAlerts, readDashboards, withoutThreshold } from '../monitoring/chart-files.ts';
import { ask, Load } from './client.ts';
import { Harness } from './harness.ts';
import type { PolicySpec } from './objects.ts';
import { problemWith, startPrometheus, type Prometheus, type Target } from './prometheus.ts';

/** Replaces Grafana's interval variables: ten scrapes. */
const RATE_INTERVAL = '10s';
const NOISE_MS = 100;
/** Until everything has happened and was scraped twice. */
const SHOWN_WITHIN_MS = 30_000;
/** Until a proxy has been asked for its status, and its answer was scraped. */
const REPORTED_WITHIN_MS = 60_000;
/** Between two queries. */
const AGAIN_MS = 500;
const PORTS = { web: 8601, limited: 8602, empty: 8603, blocked: 8604, unready: 8605 } as const;

const to = (service: string) => [{ name: service, port: 80 }];
const SPECS: Readonly<Record<keyof typeof PORTS, PolicySpec>> = {
  web: {
    listener: { port: PORTS.web },
    backendRefs: to('web'),
    healthCheck: { passive: { consecutive5xx: 3, baseEjectionTime: '1s' } },
    retry: { attempts: 1, retryOn: ['connect-failure', '503'], budget: { percent: 1, minPerSecond: 1 } },
  },
  limited: {
    listener: { port: PORTS.limited },
    backendRefs: to('slow'),
    healthCheck: { active: { type: 'HTTP', path: '/', interval: '1s' } },
    circuitBreaker: { maxParallelRequests: 1, maxPendingRequests: 1 },
  },
  empty: {
    listener: { port: PORTS.empty, hostnames: ['empty.example'] },
    backendRefs: to('empty'),
    fallback: { type: 'Response', response: { statusCode: 503, body: 'closed' } },
  },
  blocked: { listener: { port: PORTS.blocked }, backendRefs: to('web') },
  unready: { listener: { port: PORTS.unready }, backendRefs: to('lost') },
};

const skip = problemWith('prometheus') ?? false;
let harness: Harness;
let prometheus: Prometheus;
const endings: (() => Promise<unknown> | void)[] = [];
before(async () => {
  if (skip !== false) return;
  harness = await Harness.start();
  endings.push(() => harness.stop());
  prometheus = await startPrometheus(targetsOf(harness));
  endings.push(() => prometheus.stop());
  await makeTraffic();
});
after(async () => {
  for (const end of endings.reverse()) await end();
});

function targetsOf({ operator, gateways, systemNamespace: namespace }: Harness): Target[] {
  return [operator, ...gateways].map((component) => ({
    ...{ address: new URL(component.observe).host, namespace, pod: component.name },
    container: component === operator ? 'operator' : 'proxy',
  }));
}

/** Load on both gateways, and one of each fault that a panel shows. */
async function makeTraffic(): Promise<void> {
  const [good, flaky, failing, dying, slow] = await harness.backends('good', 'flaky', 'failing', 'dying', 'slow');
  await harness.publish('web', good, flaky, failing, dying);
  await harness.publish('slow', slow);
  await harness.publish('empty');
  await harness.publish('lost');
  await squat(harness.gateways[0].address);
  for (const [name, spec] of Object.entries(SPECS)) await harness.apply(name, spec);
  await harness.untilProgrammed('web', 'limited', 'empty');
  flaky.respond = answersBadly();
  failing.respond = (_request, response) => void response.writeHead(503).end();
  slow.respond = (_request, response) => void setTimeout(() => response.end('late'), 50);
  const urls = harness.gateways.flatMap((gateway) => [gateway.url(PORTS.web), gateway.url(PORTS.limited)]);
  const load = new Load(urls, 3);
  const noise = setInterval(() => harness.gateways.forEach(({ address }) => makeNoise(address)), NOISE_MS);
  endings.push(
    () => clearInterval(noise),
    () => load.stop(),
  );
  await until('the endpoint that dies had traffic', SHOWN_WITHIN_MS, async () => dying.hits > 10);
  await dying.stop();
  await harness.apply('web', { ...SPECS.web, loadBalancer: { type: 'RoundRobin' } });
}

/** The first gateway cannot bind this port. */
async function squat(address: string): Promise<void> {
  const squatter: Server = createServer().listen(PORTS.blocked, address);
  await once(squatter, 'listening');
  endings.push(() => void squatter.close());
}

/** One answer of four is an error, one is cut off. */
function answersBadly(): (request: unknown, response: ServerResponse) => void {
  let n = 0;
  return (_request, response) => {
    n += 1;
    if (n % 4 === 0) response.writeHead(503).end();
    else if (n % 4 === 2) response.writeHead(200, { 'content-length': '10' }).write('half', () => response.destroy());
    else response.end('well');
  };
}

/** Clients without an endpoint and without a policy, one that disconnects, one that sends invalid HTTP, one without authorization. */
function makeNoise(address: string): void {
  const ignore = () => undefined;
  const empty = `http://${address}:${PORTS.empty}/`;
  ask(empty, { headers: { host: 'empty.example' } }).catch(ignore);
  ask(empty, { headers: { host: 'unknown.example' } }).catch(ignore);
  ask(`http://${address}:9900/v1/status`).catch(ignore);
  const leaving = request(`http://${address}:${PORTS.limited}/`, { agent: false }).on('error', ignore).end();
  setTimeout(() => leaving.destroy(), 20);
  connect(PORTS.web, address).on('error', ignore).end('nonsense\r\n\r\n').resume();
}

/** An expression with values in the place of Grafana's variables: all namespaces, policies and pods. */
function substituted(expr: string): string {
  const plain = expr.replaceAll('$__rate_interval', RATE_INTERVAL).replaceAll('$__range', '30s');
  return plain.replaceAll(/\$\{?[a-z]+\}?/g, '.*');
}

/** The problem with an expression; undefined: its result has at least one number. */
async function problemOf(expr: string): Promise<string | undefined> {
  try {
    const results = await prometheus.query(expr);
    if (results.length === 0) return 'is empty';
    return results.some(({ value }) => Number.isFinite(value)) ? undefined : 'has no number';
  } catch (error) {
    return `is an error: ${(error as Error).message}`;
  }
}

type Asked = readonly (readonly [what: string, expr: string])[];

/** Problems of the last query; a query without any is the last. */
async function problemsOf(expressions: Asked): Promise<string[]> {
  assert.ok(expressions.length > 0);
  const deadline = performance.now() + SHOWN_WITHIN_MS;
  for (;;) {
    const problems = await query(expressions);
    if (problems.length === 0 || performance.now() > deadline) return problems;
    await pause(AGAIN_MS);
  }
}

async function query(expressions: Asked): Promise<string[]> {
  const found = expressions.map(async ([what, expr]) => {
    const problem = await problemOf(expr);
    return problem === undefined ? [] : [`${what} ${problem}: ${expr}`];
  });
  return (await Promise.all(found)).flat();
}

for (const [file, dashboard] of readDashboards()) {
  test(`${file}: every panel shows something`, { skip }, async () => {
    const expressions = dataPanels(dashboard).flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr }) => [`${title} (${refId})`, substituted(expr)] as const),
    );
    assert.deepEqual(await problemsOf(expressions), []);
  });

  test(`${file}: every variable has values`, { skip }, async () => {
    const queries = dashboard.templating.list.flatMap(({ name, definition }) => {
      const [, metric = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition ?? '') ?? [];
      return definition === undefined
        ? []
        : [[`$${name}`, `count by (${label}) (${substituted(metric)}{${label}!=""})`] as const];
    });
    assert.deepEqual(await problemsOf(queries.map(([name, expr]) => [name, expr.replace('}{', ', ')])), []);
  });
}

/** Alerts whose series do not exist here, and why. */
const NOTHING_HERE: Readonly<Record<string, string>> = {
  OutriggerWebhookCertificateExpiring: 'without a webhook there is no certificate; 0 stands for that',
};

test('the series of every alert exist', { skip }, async () => {
  const checked = readAlerts().map((alert) => [alert.alert, withoutThreshold(alert)] as const);
  assert.deepEqual(await problemsOf(checked.filter(([name]) => !(name in NOTHING_HERE))), []);
  const others = await query(checked.filter(([name]) => name in NOTHING_HERE));
  assert.equal(others.length, Object.keys(NOTHING_HERE).length, 'a reason that no longer applies');
});

test('an empty result, an error and NaN are found', { skip }, async () => {
  const problems = await query([
    ['none', 'outrigger_that_does_not_exist'],
    ['nothing', '0 * outrigger_operator_leader / 0'],
    ['nonsense', 'sum('],
    ['one', 'outrigger_operator_leader'],
  ]);
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    ['none is empty', 'nothing has no number', 'nonsense is an error'],
  );
});

test('the policies that are not ready are counted and named, until they are ready or deleted', { skip }, async () => {
  const { namespace } = harness;
  const expect = async (policies: Readonly<Record<string, number>>, ...broken: readonly string[]) => {
    let seen: unknown;
    await until(`not ready: ${broken.join()}`, REPORTED_WITHIN_MS, async () => {
      const counts = await prometheus.query('outrigger_operator_policies');
      const named = await prometheus.query('outrigger_operator_policy_not_ready');
      const found = [
        Object.fromEntries(counts.map(({ metric, value }) => [metric['ready'], value])),
        named.map(({ metric }) => `${metric['namespace']} ${metric['policy']} ${metric['reason']}`).sort(),
      ];
      seen = found;
      return isDeepStrictEqual(found, [policies, broken.map((each) => `${namespace} ${each}`)]);
    }).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}; last seen: ${JSON.stringify(seen)}`, { cause: error });
    });
  };
  // `empty` has a fallback.
  await expect({ True: 3, False: 2, Unknown: 0 }, 'blocked Rejected', 'unready NoEndpoints');
  await harness.publish('lost', ...(await harness.backends('found')));
  await expect({ True: 4, False: 1, Unknown: 0 }, 'blocked Rejected');
  await harness.remove('blocked');
  await expect({ True: 4, False: 0, Unknown: 0 });
});

test('labels are as dashboards take them: the namespace of a policy, and the pod of a proxy', { skip }, async () => {
  const { namespace, systemNamespace } = harness;
  const counted = await prometheus.query('sum by (namespace, policy, pod) (outrigger_requests_total{policy="web"})');
  const labels = counted.map(({ metric }) => `${metric['namespace']} ${metric['policy']} ${metric['pod']}`).sort();
  assert.deepEqual(labels, [`${namespace} web gateway-1`, `${namespace} web gateway-2`]);
  const [leader] = await prometheus.query('outrigger_operator_leader == 1');
  assert.deepEqual([leader?.metric['namespace'], leader?.metric['pod']], [systemNamespace, 'operator']);
});
