/** Pods in the chart: security settings, probes, flags and termination. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig as readOperatorConfig } from '../../operator/config.ts';
import { SIGNING_SECRET } from '../../operator/signing-keys/key-secret.ts';
import { readConfig as readProxyConfig } from '../../proxy/config.ts';
import { CONTROL_PORT, OBSERVE_PORT } from '../../proxy/snapshot/ports.ts';
import { find, render, whyNoHelm, type Rendered, type Settings } from './helm.ts';
import type { Container, Deployment, Job, JobPodSpec, PodSpec } from './kinds.ts';

const deployment = (objects: readonly Rendered[], component: string) =>
  find<Deployment>(objects, 'Deployment', `outrigger-${component}`).spec;
const podOf = (component: string, settings?: Settings): PodSpec => deployment(render(settings), component).template.spec;
const containerOf = (component: string, settings?: Settings): Container => podOf(component, settings).containers[0];

/** Settings of a pod that the restricted Pod Security Standard forbids, by the names of the standard. */
function* violations(pod: PodSpec | JobPodSpec): Generator<string> {
  for (const member of ['hostNetwork', 'hostPID', 'hostIPC'] as const) if (member in pod) yield member;
  const allowed = new Set(['name', 'configMap', 'secret', 'emptyDir']);
  for (const volume of pod.volumes ?? [])
    for (const type of Object.keys(volume)) if (!allowed.has(type)) yield `volume type ${type}`;
  if (!pod.securityContext.runAsNonRoot || pod.securityContext.runAsUser === 0) yield 'runAsNonRoot';
  if (pod.securityContext.seccompProfile.type !== 'RuntimeDefault') yield 'seccompProfile';
  for (const { securityContext, ports = [] } of pod.containers) {
    if (securityContext.allowPrivilegeEscalation) yield 'allowPrivilegeEscalation';
    if (!securityContext.capabilities.drop.includes('ALL')) yield 'capabilities.drop';
    if (securityContext.capabilities.add !== undefined) yield 'capabilities.add';
    if (!securityContext.readOnlyRootFilesystem) yield 'readOnlyRootFilesystem'; // stricter than the standard
    if (ports.some((port) => 'hostPort' in port)) yield 'hostPort';
  }
}

describe('pods', { skip: whyNoHelm }, () => {
  test('every pod conforms to the restricted Pod Security Standard, with a read-only root file system', () => {
    const hook = find<Job>(render(), 'Job', 'outrigger-uninstall').spec.template.spec;
    const pods = [...['operator', 'gateway'].map((component) => podOf(component)), hook];
    assert.deepEqual(
      pods.flatMap((pod) => [...violations(pod)]),
      [],
    );
  });

  test('a gateway has no token, and gets only the public part of the signing key', () => {
    const pod = podOf('gateway');
    assert.equal(pod.automountServiceAccountToken, false);
    const account = find<PodSpec>(render(), 'ServiceAccount', 'outrigger-gateway');
    assert.equal(account.automountServiceAccountToken, false);
    const [trust] = pod.volumes;
    assert.deepEqual(trust, { name: 'trust', secret: { secretName: SIGNING_SECRET, items: [{ key: 'keys', path: 'keys' }] } });
    const objects = render();
    assert.deepEqual(
      objects.filter(({ kind }) => kind === 'Secret'),
      [],
      'helm creates, changes and deletes no Secret',
    );
  });

  test('the grace period of a gateway is its drain time and 5 seconds', () => {
    for (const [drainDelaySeconds, drainTimeoutSeconds] of [
      [10, 30],
      [0, 0],
      [3600, 3600],
    ] as const) {
      const pod = podOf('gateway', { values: { gateway: { drainDelaySeconds, drainTimeoutSeconds } } });
      assert.equal(pod.terminationGracePeriodSeconds, drainDelaySeconds + drainTimeoutSeconds + 5);
    }
  });

  test('the proxy accepts its flags and environment, with extra flags last', () => {
    const { args, env } = containerOf('gateway', {
      values: { gateway: { drainDelaySeconds: 7, drainTimeoutSeconds: 8, extraArgs: ['--bind=127.0.0.9', '--log-level=debug'] } },
    });
    const config = readProxyConfig(args, Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'x'])));
    assert.ok(typeof config === 'object' && !('errors' in config), JSON.stringify(config));
    assert.deepEqual([config.mode, config.drainDelay, config.drainTimeout], ['gateway', 7000, 8000]);
    assert.deepEqual([config.bind, config.logLevel, config.podUid, config.podName], ['127.0.0.9', 'debug', 'x', 'x']);
    const { volumeMounts } = containerOf('gateway');
    const mounted = (file: string) => volumeMounts.some(({ mountPath }) => file.startsWith(mountPath));
    assert.ok(mounted(config.stateDir) && config.trustFile !== undefined && mounted(config.trustFile));
    const writable = volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath);
    assert.deepEqual(writable, [config.stateDir]);
  });

  test('the ports and probes are those of the programs', () => {
    const gateway = containerOf('gateway');
    assert.deepEqual(gateway.ports, [
      { name: 'control', containerPort: CONTROL_PORT },
      { name: 'observe', containerPort: OBSERVE_PORT },
    ]);
    const operator = containerOf('operator');
    const config = readOperatorConfig([], { OUTRIGGER_NAMESPACE: 'x', KUBERNETES_SERVICE_HOST: 'y' });
    assert.ok(typeof config === 'object' && !('errors' in config), JSON.stringify(config));
    assert.equal(operator.ports.find(({ name }) => name === 'observe')?.containerPort, config.observePort);
    for (const { livenessProbe, readinessProbe } of [operator, gateway]) {
      assert.deepEqual(livenessProbe.httpGet, { path: '/healthz', port: 'observe' });
      assert.deepEqual(readinessProbe.httpGet, { path: '/readyz', port: 'observe' });
    }
  });

  test('a rolling update keeps the number of gateways, and the autoscaler sets it', () => {
    const scaled = deployment(render(), 'gateway');
    assert.equal(scaled.strategy?.rollingUpdate.maxUnavailable, 0);
    assert.equal('replicas' in scaled, false);
    const values = { gateway: { replicas: 3, autoscaling: { enabled: false } } };
    assert.equal(deployment(render({ values }), 'gateway').replicas, 3);
  });

  test('a change of the operator’s configuration replaces its pods; a change of the chart’s version alone does not', () => {
    const checksum = (settings: Settings) =>
      deployment(render(settings), 'operator').template.metadata.annotations?.['checksum/config'];
    const before = checksum({});
    assert.match(before ?? '', /^[0-9a-f]{64}$/);
    assert.notEqual(checksum({ values: { gateway: { allowed: { a: {} } } } }), before);
    assert.notEqual(checksum({ values: { sidecar: { logLevel: 'warn' } } }), before);
    assert.equal(checksum({ release: 'other', values: { operator: { logLevel: 'warn' } } }), before);
  });
});
