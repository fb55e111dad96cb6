/** The gateways' Service and what each namespace may use of them, with a `--gateway-config` as the chart writes it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { Service } from '../../operator/api/kubernetes.ts';
import { until } from '../local-cluster/cluster.ts';
import { ask } from './client.ts';
import { Harness } from './harness.ts';
import { policy, policyPath, servicePath } from './objects.ts';

const toWeb = (port: number, hostnames: string[] = ['a.example']) => ({
  listener: { port, hostnames },
  backendRefs: [{ name: 'web', port: 80 }],
});

/** Owns the Service. Without replicas: the tests create the gateways' Pods. */
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'outrigger-gateway' },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'none' } },
    template: { metadata: { labels: { app: 'none' } }, spec: { containers: [{ name: 'proxy', image: 'outrigger/proxy' }] } },
  },
};

const CONFIG = {
  deployment: 'outrigger-gateway',
  service: {
    name: 'outrigger-gateway',
    type: 'NodePort',
    selector: { app: 'outrigger-gateway' },
    externalTrafficPolicy: 'Local',
  },
  allowed: { '*': { ports: [80, '8500-8502'], hostnames: ['*.example'] } },
};

let folder: string;
let harness: Harness;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrigger-gateway-config-'));
  const file = join(folder, 'gateway.json');
  await writeFile(file, JSON.stringify(CONFIG));
  harness = await Harness.start(undefined, { operatorArgs: ['--gateway-config', file] });
  const [web] = await harness.backends('web');
  await harness.publish('web', web);
});
after(async () => {
  await harness.stop();
  await rm(folder, { recursive: true, force: true });
});

const find = () =>
  harness.api.find<Service & { metadata: { uid: string } }>(servicePath(harness.systemNamespace, 'outrigger-gateway'));
const portsOf = (service: Service | undefined) => (service?.spec.ports ?? []) as readonly { port: number; nodePort?: number }[];
const untilPorts = (...ports: number[]) =>
  until(`the Service has the ports ${ports.join()}`, 30_000, async () => {
    const service = await find();
    return (
      service !== undefined &&
      portsOf(service)
        .map(({ port }) => port)
        .sort((a, b) => a - b)
        .join() === ports.join() &&
      service
    );
  });

test('no Service without its owning Deployment, which is reported as an Event; then one with the ports of accepted policies', async () => {
  await harness.apply('first', toWeb(8500));
  await harness.untilProgrammed('first');
  await until('the failure is reported', 30_000, async () =>
    (await harness.operator.metrics()).includes('service_writes_total{result="failed"}'),
  );
  assert.equal(await find(), undefined);
  const { uid } = (await harness.api.create(`/apis/apps/v1/namespaces/${harness.systemNamespace}/deployments`, DEPLOYMENT))
    .metadata;
  const { metadata, spec } = await untilPorts(8500);
  assert.deepEqual(
    metadata.ownerReferences?.map((owner) => owner.uid),
    [uid],
  );
  assert.equal(spec.externalTrafficPolicy, 'Local');
  const events = await harness.kubectl(['get', 'events', '--namespace', harness.systemNamespace, '--output', 'wide']);
  assert.match(events.out, /Warning +GatewayServiceFailed +deployment\/outrigger-gateway .*no Deployment outrigger-gateway/);
  assert.match(events.out, /Normal +GatewayServiceWritten +deployment\/outrigger-gateway/);
});

test('a port or host name that a namespace may not use is refused; the message names what is allowed, the Service never has it', async () => {
  await harness.apply('port', toWeb(8503));
  await harness.apply('host', toWeb(8501, ['a.example', 'bank.test']));
  const port = await harness.untilCondition('port', 'Accepted', 'False', 'PortUnavailable');
  assert.match(port.message, /may not use port 8503 of the gateways, only 80, 8500-8502: .* ask whoever runs Outrigger/);
  const host = await harness.untilCondition('host', 'Accepted', 'False', 'NotAllowedByListeners');
  assert.match(host.message, /may not use the host name bank\.test of the gateways, only \*\.example/);
  await untilPorts(8500);
  await harness.remove('port');
  await harness.remove('host');
});

test('listeners open before their port and close after it; a port that stays keeps its node port; edits are undone', async () => {
  const before = portsOf(await untilPorts(8500))[0]?.nodePort;
  assert.ok(before);
  await harness.apply('low', toWeb(80));
  const both = await untilPorts(80, 8500);
  for (const gateway of harness.gateways) await ask(gateway.url(10_080), { headers: { host: 'a.example' } });
  assert.equal(portsOf(both).find(({ port }) => port === 8500)?.nodePort, before);

  await harness.api.patch(servicePath(harness.systemNamespace, 'outrigger-gateway'), {
    spec: { selector: { app: 'another-app' } },
  });
  await until('the selector is restored', 30_000, async () => {
    const selector = (await find())?.spec.selector;
    return selector?.['app'] === 'outrigger-gateway';
  });

  await harness.remove('low');
  await untilPorts(8500);
  for (const gateway of harness.gateways) await ask(gateway.url(10_080), { headers: { host: 'a.example' } });
  await harness.onEachGateway('port 80 is closed', async (gateway) => {
    return ask(gateway.url(10_080)).then(
      () => false,
      (error: unknown) => (error as { code?: string }).code === 'ECONNREFUSED',
    );
  });
});

test('the Service comes back when it is deleted, outlives a restart of the operator, and is deleted with the last listener', async () => {
  const { metadata } = await untilPorts(8500);
  await harness.api.delete(servicePath(harness.systemNamespace, 'outrigger-gateway'));
  await until('a new Service', 30_000, async () => {
    const found = await find();
    return found !== undefined && found.metadata.uid !== metadata.uid;
  });
  const made = await untilPorts(8500);
  harness.operator.kill('SIGKILL');
  await harness.operator.untilRestarted(0);
  await harness.api.create(policyPath(harness.namespace), policy('second', toWeb(8501)));
  const after = await untilPorts(8500, 8501);
  assert.equal(after.metadata.uid, made.metadata.uid);
  assert.equal(portsOf(after)[0]?.nodePort, portsOf(made)[0]?.nodePort);
  await harness.remove('first');
  await harness.remove('second');
  await until('the Service is gone', 30_000, async () => (await find()) === undefined);
});
