/** Operations and faults of the control plane: key rotation, proxies that crash, proxies that hang. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { until } from '../local-cluster/cluster.ts';
import { gatewayPod } from '../local-cluster/manifests.ts';
import type { ApiObject } from '../local-cluster/api.ts';
import { Load } from './client.ts';
import { Harness } from './harness.ts';
import { Leading } from './leading.ts';
import { podPath, secretPath } from './objects.ts';
import { placePod, startGateway } from './outrigger.ts';

type Secret = ApiObject & { readonly data: Readonly<Record<string, string>> };

const PORT = 8970;
const SECRET = 'outrigger-signing-key';
const OPERATOR = { operators: ['operator-1', 'operator-2'], operatorArgs: ['--key-overlap', '2s'] };

let harness: Harness;
let leading: Leading;
before(async () => {
  harness = await Harness.start(undefined, OPERATOR);
  leading = new Leading(harness, PORT);
  await harness.publish('web', ...(await harness.backends('a', 'b')));
  await leading.change();
  await harness.untilProgrammed('web');
});
after(() => harness.stop());

const count = (metrics: string, series: string) => Number(new RegExp(`^${series} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0);

test('keys rotate without a refused push, while proxies join and restart and another operator takes over', async () => {
  const { api, systemNamespace: namespace, gateways, platform } = harness;
  const secret = () => api.get<Secret>(secretPath(namespace, SECRET));
  const before = (await secret()).data;
  const load = new Load(gateways.map((gateway) => gateway.url(PORT)));
  const asked = await harness.kubectl(['-n', namespace, 'annotate', 'secret', SECRET, 'outrigger.dev/rotate=now']);
  assert.equal(asked.code, 0, asked.err);

  await until('the successor is announced', 10_000, async () => (await secret()).data['next.pem'] !== undefined);
  const [first] = await leading.roles();
  first.kill('SIGTERM');
  const joined = await startGateway(platform, namespace, 'gateway-3');
  const all = [...gateways, joined];
  await leading.change();
  await leading.untilInForce(all);
  const logs = (await Promise.all(harness.operators.map((operator) => operator.log()))).join('').split('\n');
  const starts = logs.filter((line) => line.includes('cannot be brought up to date'));
  assert.deepEqual(starts, [], 'proxies that have just started need not answer');
  const rotated = await until('the old key is retired', 20_000, async () => {
    const { data, metadata } = await secret();
    return data['next.pem'] === undefined && metadata.annotations?.['outrigger.dev/rotate'] === undefined && data;
  });
  assert.notEqual(rotated['key.pem'], before['key.pem']);
  assert.notEqual(rotated['keys'], before['keys']);

  // With only the new key: a change, and a restart of a proxy.
  await leading.change();
  await leading.untilInForce(all);
  assert.deepEqual((await load.stop()).failed, []);
  const restarts = (await joined.pod()).status?.containerStatuses?.[0]?.restartCount ?? 0;
  joined.kill('SIGTERM');
  await joined.untilRestarted(restarts);
  await leading.change();
  await leading.untilInForce(all);
  for (const gateway of all) {
    const metrics = await gateway.metrics();
    assert.equal(count(metrics, 'outrigger_snapshot_rejected_total\\{reason="unauthorized"\\}'), 0, gateway.name);
  }
  for (const operator of harness.operators) {
    assert.equal(count(await operator.metrics(), 'outrigger_operator_pushes_total\\{result="unauthorized"\\}'), 0);
    assert.doesNotMatch(await operator.log(), /refused the token|PRIVATE KEY/);
  }
  await api.delete(podPath(namespace, joined.name), { gracePeriodSeconds: 0 });
});

test('proxies that crash or hang are counted and named, and do not delay others', async (t) => {
  const { api, systemNamespace: namespace, gateways, platform } = harness;
  const [well, hangs] = gateways;
  const crashing = gatewayPod('gateway-crash', namespace) as { spec: { containers: { args: string[] }[] } };
  crashing.spec.containers[0]?.args.push('--no-such-flag');
  await placePod(platform, namespace, crashing);
  hangs.kill('SIGSTOP');
  try {
    const began = performance.now();
    await leading.change();
    await leading.untilInForce([well]);
    const took = performance.now() - began;
    t.diagnostic(`in force after ${Math.round(took)} ms`);
    assert.ok(took < 2000, `${took} ms`);
    const { name } = hangs;
    const named = await until('both are named', 60_000, async () => {
      const { status } = await harness.policy('web');
      const found = status?.conditions?.find(({ type }) => type === 'Programmed');
      const both = /gateway-crash \(not Ready: CrashLoopBackOff, last exit code 2\)/.test(found?.message ?? '');
      return both && new RegExp(`${name} \\(not Ready: no answer within 10 s\\)`).test(found?.message ?? '') && found;
    });
    assert.deepEqual([named.status, named.reason], ['True', 'Programmed']);
    assert.match(named.message, /^1 of 1 Ready proxies run it\./);
    const [operator] = await leading.roles();
    await until('both are counted', 10_000, async () => {
      const metrics = await operator.metrics();
      const failing = count(metrics, 'outrigger_operator_proxies\\{state="failing"\\}');
      return failing === 2 && count(metrics, 'outrigger_operator_proxies\\{state="current"\\}') === 1;
    });
    for (const each of ['gateway-crash', name]) {
      assert.match(await operator.log(), new RegExp(`"proxy":"${namespace}/${each}","error":"[^"]+"`));
    }
  } finally {
    hangs.kill('SIGCONT');
    await api.delete(podPath(namespace, 'gateway-crash'), { gracePeriodSeconds: 0 });
  }
  await leading.untilInForce();
  await until('both gateways are counted again', 20_000, async () => {
    const { status } = await harness.policy('web');
    return status?.conditions?.some(({ message }) => message === '2 of 2 Ready proxies run it.');
  });
});
