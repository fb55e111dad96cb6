import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HELP, readConfig } from './config.ts';

const outside = (): undefined => undefined;
const errorsOf = (argv: string[], env: Record<string, string> = {}): readonly string[] => {
  const result = readConfig(argv, env, outside);
  assert.ok(typeof result === 'object' && 'errors' in result, JSON.stringify(result));
  return result.errors;
};

test('a flag overrides the environment, the environment overrides the pod', () => {
  const env = { OUTRIGGER_NAMESPACE: 'from-env', OUTRIGGER_POD_NAME: 'pod-env', KUBECONFIG: 'a:b' };
  const flags = ['--namespace', 'from-flag', '--kubeconfig', 'c', '--pod-name', 'pod-flag', '--bind', '::1'];
  assert.deepEqual(
    readConfig(
      [...flags, '--observe-port', '1', '--control-port', '2', '--webhook-port', '3', '--log-level', 'debug'],
      env,
      () => 'from-pod',
    ),
    {
      namespace: 'from-flag',
      kubeconfig: ['c'],
      bind: '::1',
      observePort: 1,
      controlPort: 2,
      logLevel: 'debug',
      podName: 'pod-flag',
      podUid: undefined,
      keyOverlap: 300_000,
      webhookPort: 3,
    },
  );
  const second = readConfig([], env, () => 'from-pod');
  assert.ok(typeof second === 'object' && !('errors' in second));
  assert.deepEqual(
    [second.namespace, second.kubeconfig, second.podName, second.bind, second.observePort, second.controlPort, second.logLevel],
    ['from-env', ['a', 'b'], 'pod-env', undefined, 9801, 9900, 'info'],
  );
  const third = readConfig([], { KUBERNETES_SERVICE_HOST: '10.0.0.1', OUTRIGGER_POD_UID: 'u-1' }, () => 'from-pod');
  assert.ok(typeof third === 'object' && !('errors' in third));
  assert.deepEqual([third.namespace, third.kubeconfig, third.podUid], ['from-pod', [], 'u-1']);
});

test('the configuration is frozen', () => {
  const config = readConfig(['--namespace', 'a', '--kubeconfig', 'b'], {}, outside);
  assert.ok(Object.isFrozen(config));
});

test('every error is reported at once', () => {
  const errors = errorsOf(
    [
      ...['--namespace', 'Not_A_Name', '--bind', 'localhost', '--observe-port', '0', '--control-port', '70000'],
      ...['--webhook-port', 'x', '--sidecar-config', '/nowhere'],
      ...['--log-level', 'loud', '--pod-name', 'a b', '--key-overlap', 'soon'],
    ],
    { OUTRIGGER_POD_UID: 'a b' },
  );
  const wrong = ['--namespace', '--kubeconfig', '--bind', '--observe-port', '--control-port', '--log-level', '--pod-name'];
  wrong.push('OUTRIGGER_POD_UID', '--key-overlap', '--webhook-port', '--sidecar-config');
  assert.equal(errors.length, wrong.length);
  for (const flag of wrong)
    assert.ok(
      errors.some((error) => error.includes(flag)),
      flag,
    );
});

test('missing and unknown settings are errors', () => {
  assert.match(errorsOf([]).join('\n'), /--namespace must be given/);
  assert.match(errorsOf(['--namespace', 'a']).join('\n'), /KUBECONFIG/);
  assert.match(errorsOf(['--name', 'a']).join('\n'), /--name/);
  assert.match(errorsOf(['positional']).join('\n'), /positional/);
  assert.match(errorsOf(['--observe-port', '1.5', '--namespace', 'a', '--kubeconfig', 'b']).join('\n'), /whole number/);
});

test('errors of the file of --gateway-config are reported with the others, and name the file', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-config-'));
  context.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'gateway.json');
  const flags = ['--namespace', 'a', '--kubeconfig', 'b', '--gateway-config', file];
  const service = { name: 'outrigger-gateway', selector: { app: 'gateway' } };
  await writeFile(file, JSON.stringify({ service: { ...service, type: 'x' } }));
  const errors = errorsOf([...flags, '--log-level', 'loud']);
  assert.equal(errors.length, 3);
  assert.ok(errors.some((error) => error.startsWith(`--gateway-config ${file}: deployment is missing`)));
  assert.ok(errors.some((error) => error.startsWith(`--gateway-config ${file}: service.type must be`)));
  await writeFile(file, JSON.stringify({ deployment: 'outrigger-gateway', service }));
  const config = readConfig(flags, {}, outside);
  assert.ok(typeof config === 'object' && !('errors' in config));
  assert.equal(config.gateway?.service.type, 'ClusterIP');
});

test('--help names every flag', () => {
  assert.equal(readConfig(['--help', '--bind', 'nonsense'], {}, outside), 'help');
  const flags = ['namespace', 'kubeconfig', 'bind', 'observe-port', 'control-port', 'pod-name', 'log-level'];
  for (const flag of [...flags, 'key-overlap', 'gateway-config', 'sidecar-config', 'webhook-port']) {
    assert.ok(HELP.includes(`--${flag} `), flag);
  }
});
