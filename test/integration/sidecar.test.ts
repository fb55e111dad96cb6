/** Sidecars: injected by the operator's webhook, Ready with the first snapshot, still serving while the operator is down; and Pods without one. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before, describe } from 'node:test';
import { ApiError } from '../local-cluster/api.ts';
import { until } from '../local-cluster/cluster.ts';
import { engineArgs } from '../local-cluster/engines.ts';
import { ask } from './client.ts';
import { Harness } from './harness.ts';
import { namespacePath, podPath, policy, policyPath, servicePath, type Policy, type RunPod } from './objects.ts';
import { createPod } from './outrigger.ts';
import { external } from './platform.ts';

const PORT = 8900;
const READY_MS = 30_000;
const id = randomBytes(4).toString('hex');
/** Namespace of the applications; the Services are in the harness's namespace. */
const NAMESPACE = `outrigger-apps-${id}`;
const CONFIGURATION = `outrigger-sidecar-injector-${id}`;
const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const EVENTS = `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`;

/** Calls its sidecar once, as soon as it starts, and prints the answer; without one it exits, and is restarted. */
const APPLICATION = `fetch('http://' + process.env.POD_IP + ':${PORT}/').then((answer) => answer.text()).then((text) => {
  console.log(text);
  setInterval(() => undefined, 1000);
})`;

interface Configuration {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

let harness: Harness;
let folder: string;

const skip = external.callWebhooks;
describe('sidecars', { skip }, () => {
  before(start);
  after(stop);

  test('the application starts with the first snapshot, and reaches a Service of another namespace', async () => {
    const [one] = await harness.backends('one');
    await harness.publish('web', one);
    await create('web', { proxies: { type: 'Sidecar', selector: { matchLabels: { app: 'caller' } } } });
    await untilCondition('web', 'Programmed', 'NoProxies');
    await run('caller');
    await until('the application has its answer', READY_MS, async () => (await log('caller', 'app')) === 'one\n');
    const { metadata, spec, status } = await harness.api.get<RunPod>(podPath(NAMESPACE, 'caller'));
    assert.equal(metadata.labels?.['outrigger.dev/proxy'], 'sidecar');
    assert.deepEqual(
      spec.initContainers?.map(({ name }) => name),
      ['outrigger-proxy'],
    );
    // Its first call was answered.
    assert.equal(status?.containerStatuses?.[0]?.restartCount, 0);
    await untilCondition('web', 'Programmed', 'Programmed');
    const current = await harness.api.get<Policy>(policyPath(NAMESPACE, 'web'));
    assert.deepEqual(current.status?.summary, { endpoints: '1/1', proxies: '1/1' });
    assert.equal((await ask(`http://${status?.podIP}:${PORT}/`)).body, 'one');
    const metrics = (await ask(`http://${status?.podIP}:9901/metrics`)).body;
    assert.match(metrics, new RegExp(`outrigger_requests_total\\{namespace="${NAMESPACE}",policy="web",code="200"\\} 2`));
  });

  test('a sidecar that no policy selects is Ready', async () => {
    const { status } = await run('idle', { command: ['sleep', '1000'] });
    await assert.rejects(ask(`http://${status?.podIP}:${PORT}/`), /ECONNREFUSED/);
  });

  test('a Pod that cannot have one is admitted with a warning, and reported', async () => {
    const ports = [{ containerPort: 9901 }];
    const { err } = await harness.kubectl(
      ['apply', '--namespace', NAMESPACE, '-f', '-'],
      JSON.stringify(podOf('taken', { ports })),
    );
    assert.match(err, /Warning: no Outrigger sidecar was added: container app uses port 9901/);
    const { spec } = await harness.api.get<RunPod>(podPath(NAMESPACE, 'taken'));
    assert.equal(spec.initContainers, undefined);
    await untilTold('taken', /container app uses port 9901, which the sidecar needs/);
    await untilCounted(1);
    await harness.api.delete(podPath(NAMESPACE, 'taken'), { gracePeriodSeconds: 0 });
    await untilCounted(0);
  });

  test('while the operator is down: sidecars restart from their last snapshot; new Pods run without one, and are reported later', async () => {
    const { status } = await harness.api.get<RunPod>(podPath(NAMESPACE, 'caller'));
    const url = `http://${status?.podIP}:${PORT}/`;
    harness.operator.kill('SIGSTOP');
    try {
      const pid = harness.platform.pods.pid(NAMESPACE, 'caller', 'outrigger-proxy');
      assert.ok(pid);
      process.kill(pid, 'SIGKILL');
      await until('the sidecar runs again', READY_MS, async () => {
        const now = harness.platform.pods.pid(NAMESPACE, 'caller', 'outrigger-proxy');
        return (
          now !== undefined &&
          now !== pid &&
          (await ask(url).then(
            ({ body }) => body === 'one',
            () => false,
          ))
        );
      });
      const { spec } = await createPod(harness.api, NAMESPACE, podOf('late', { command: ['sleep', '1000'] }));
      assert.equal(spec.initContainers, undefined);
    } finally {
      harness.operator.kill('SIGCONT');
    }
    await untilTold('late', /Delete the Pod, so that its controller creates it again/);
    await untilCounted(1);
  });
});

async function start(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'outrigger-sidecar-'));
  const webhook = { configuration: CONFIGURATION, service: 'outrigger-webhook' };
  // All pods share the machine's loopback.
  const config = { image: 'outrigger/proxy', logLevel: 'info', extraArgs: ['--bind', '$(POD_IP)', ...engineArgs()], webhook };
  await writeFile(join(folder, 'sidecar.json'), JSON.stringify(config));
  harness = await Harness.start(undefined, { operatorArgs: ['--sidecar-config', join(folder, 'sidecar.json')] });
  await harness.api.create(namespacePath(), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await harness.api.create(servicePath(harness.systemNamespace), {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: webhook.service },
    spec: { selector: { app: 'outrigger-operator' }, ports: [{ name: 'webhook', port: 443, targetPort: 9443 }] },
  });
  await harness.api.create(CONFIGURATIONS, configurationOf(harness.systemNamespace));
  await until('the leader has written the bundle', READY_MS, async () => {
    const { webhooks } = await harness.api.get<Configuration & RunPod>(`${CONFIGURATIONS}/${CONFIGURATION}`);
    return webhooks.every(({ clientConfig }) => clientConfig.caBundle);
  });
}

async function stop(): Promise<void> {
  for (const path of [namespacePath(NAMESPACE), `${CONFIGURATIONS}/${CONFIGURATION}`]) {
    await harness.api.delete(path).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
  }
  await until('the namespace is gone', READY_MS, async () => (await harness.api.find(namespacePath(NAMESPACE))) === undefined);
  await harness.stop();
  await rm(folder, { recursive: true });
}

/** As in the chart, with a shorter time-out. */
function configurationOf(namespace: string): object {
  const entry = {
    name: 'sidecar.outrigger.dev',
    clientConfig: { service: { name: 'outrigger-webhook', namespace, path: '/inject', port: 443 } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    objectSelector: { matchLabels: { 'outrigger.dev/inject': 'true' } },
    ...{ admissionReviewVersions: ['v1'], sideEffects: 'None', timeoutSeconds: 1 },
    ...{ failurePolicy: 'Ignore', reinvocationPolicy: 'IfNeeded' },
  };
  const metadata = { name: CONFIGURATION };
  return { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata, webhooks: [entry] };
}

function podOf(name: string, container: object = {}) {
  const env = [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }];
  const app = { name: 'app', image: 'app', command: ['node', '-e', APPLICATION], env, ...container };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name, 'outrigger.dev/inject': 'true' } },
    spec: { ...harness.platform.placement, terminationGracePeriodSeconds: 1, containers: [app] },
  };
}

/** Creates a Pod and waits until it is Ready, its sidecar included. */
async function run(name: string, container: object = {}): Promise<RunPod> {
  await createPod(harness.api, NAMESPACE, podOf(name, container));
  return until(`${name} is Ready`, READY_MS, async () => {
    const pod = await harness.api.get<RunPod>(podPath(NAMESPACE, name));
    return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') && pod;
  });
}

function create(name: string, spec: object): Promise<object> {
  const backendRefs = [{ name: 'web', namespace: harness.namespace, port: 80 }];
  return harness.api.create(policyPath(NAMESPACE), policy(name, { listener: { port: PORT }, backendRefs, ...spec }));
}

function untilCondition(name: string, type: string, reason: string): Promise<unknown> {
  return until(`${name} is ${type}: ${reason}`, READY_MS, async () => {
    const { status } = await harness.api.get<Policy>(policyPath(NAMESPACE, name));
    return status?.conditions?.some((condition) => condition.type === type && condition.reason === reason);
  });
}

/** The Event on the Pod, of which there is exactly one. */
async function untilTold(name: string, note: RegExp): Promise<void> {
  const told = await until(`an Event on ${name}`, READY_MS, async () => {
    const { items } = await harness.api.get<{ items: { regarding: { name: string }; reason: string; note: string }[] } & RunPod>(
      EVENTS,
    );
    const mine = items.filter(({ regarding, reason }) => regarding.name === name && reason === 'SidecarNotInjected');
    return mine.length > 0 && mine;
  });
  assert.equal(told.length, 1);
  assert.match(told[0]?.note ?? '', note);
}

function untilCounted(pods: number): Promise<unknown> {
  return until(`${pods} Pods without a sidecar`, READY_MS, async () => {
    return new RegExp(`^outrigger_operator_pods_not_injected ${pods}$`, 'm').test(await harness.operator.metrics());
  });
}

function log(pod: string, container: string): Promise<string> {
  return readFile(join(harness.platform.logs, `${NAMESPACE}_${pod}_${container}.log`), 'utf8');
}
