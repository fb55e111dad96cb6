import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { readUninstallConfig, UNINSTALL_HELP } from './config.ts';

const outside = (): undefined => undefined;

test('the operator’s Deployment is the chart’s; everything else as for the operator', () => {
  const env = { OUTRIGGER_NAMESPACE: 'from-env', OUTRIGGER_POD_NAME: 'pod', KUBECONFIG: 'a:b' };
  assert.deepEqual(
    readUninstallConfig([], env, () => 'from-pod'),
    {
      ...{ namespace: 'from-env', kubeconfig: ['a', 'b'], logLevel: 'info', podName: 'pod', deployment: 'outrigger-operator' },
    },
  );
  const config = readUninstallConfig(['--namespace', 'a', '--deployment', 'other', '--log-level', 'warn'], env, outside);
  assert.ok(typeof config === 'object' && !('errors' in config));
  assert.deepEqual([config.namespace, config.deployment, config.logLevel], ['a', 'other', 'warn']);
  assert.ok(Object.isFrozen(config));
});

test('every error is reported at once', () => {
  const config = readUninstallConfig(['--namespace', 'A_B', '--deployment', '', '--log-level', 'loud'], {}, outside);
  assert.ok(typeof config === 'object' && 'errors' in config);
  assert.equal(config.errors.length, 4);
  for (const flag of ['--namespace', '--deployment', '--log-level', 'KUBECONFIG']) {
    assert.ok(
      config.errors.some((error) => error.includes(flag)),
      flag,
    );
  }
  const unknown = readUninstallConfig(['--webhook-port', '1'], {}, outside);
  assert.match(JSON.stringify(unknown), /--webhook-port/);
});

test('--help names every flag', () => {
  assert.equal(readUninstallConfig(['--help'], {}, outside), 'help');
  for (const flag of ['deployment', 'namespace', 'kubeconfig', 'pod-name', 'log-level', 'help']) {
    assert.match(UNINSTALL_HELP, new RegExp(`^  --${flag}\\b`, 'm'));
  }
});

test('it is a command of the operator’s program: help, and wrong flags', () => {
  const run = (...args: string[]) => {
    const main = join(import.meta.dirname, '../main.ts');
    return spawnSync(process.execPath, [main, ...args], { env: { PATH: process.env['PATH'] }, encoding: 'utf8' });
  };
  const help = run('prepare-uninstall', '--help');
  assert.deepEqual([help.status, help.stdout], [0, UNINSTALL_HELP]);
  const wrong = run('prepare-uninstall', '--namespace', 'a', '--bind', 'x');
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /--bind/);
  assert.match(run('--help').stdout, /prepare-uninstall/);
});
