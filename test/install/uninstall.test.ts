/** What `helm uninstall` runs first. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readUninstallConfig } from '../../operator/uninstall/config.ts';
import { find, NAMESPACE, render, whyNoHelm, type Rendered, type Settings } from './helm.ts';
import type { Deployment, Job } from './kinds.ts';

const HOOK = 'outrigger-uninstall';
const hooksOf = (settings?: Settings) =>
  render(settings).filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] !== undefined);
const jobOf = (settings?: Settings) => find<Job>(render(settings), 'Job', HOOK).spec;
const weightOf = ({ metadata }: Rendered) => Number(metadata.annotations?.['helm.sh/hook-weight']);

describe('the hook of helm uninstall', { skip: whyNoHelm }, () => {
  test('its permissions come before its Job, nothing of it stays, and it can be turned off', () => {
    const hooks = hooksOf();
    const kinds = hooks.toSorted((a, b) => weightOf(a) - weightOf(b)).map(({ kind }) => kind);
    assert.deepEqual(kinds.slice(0, 3).sort(), ['ClusterRole', 'Role', 'ServiceAccount']);
    assert.deepEqual(kinds.slice(3, 5).sort(), ['ClusterRoleBinding', 'RoleBinding']);
    assert.deepEqual(kinds.slice(5), ['Job']);
    for (const { kind, metadata } of hooks) {
      assert.equal(metadata.name, HOOK);
      assert.equal(metadata.annotations?.['helm.sh/hook'], 'pre-delete', kind);
      const policies = metadata.annotations?.['helm.sh/hook-delete-policy']?.split(',').sort();
      assert.deepEqual(policies, ['before-hook-creation', 'hook-failed', 'hook-succeeded'], kind);
    }
    const off = { values: { uninstallHook: { enabled: false } } };
    assert.deepEqual(hooksOf(off), []);
    assert.equal(render(off).length, render().length - hooks.length);
  });

  test('it ends after two tries, or two minutes, whatever happens', () => {
    const { backoffLimit, activeDeadlineSeconds, template } = jobOf();
    assert.deepEqual([backoffLimit, activeDeadlineSeconds, template.spec.restartPolicy], [1, 120, 'Never']);
  });

  test('it runs where the operator may run, with the operator’s image, but not by its affinity', () => {
    const operator = {
      ...{
        nodeSelector: { pool: 'system' },
        tolerations: [{ operator: 'Exists' }],
        priorityClassName: 'high',
        logLevel: 'debug',
      },
      ...{ affinity: { podAntiAffinity: {} }, podAnnotations: { team: 'a' }, podLabels: { mesh: 'off' } },
      extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
    };
    const values = {
      operator,
      images: { operator: { digest: `sha256:${'0'.repeat(64)}` } },
      imagePullSecrets: [{ name: 'registry' }],
    };
    const objects = render({ values });
    const { metadata, spec } = find<Job>(objects, 'Job', HOOK).spec.template;
    const { nodeSelector, tolerations, priorityClassName, affinity, containers } = spec;
    assert.deepEqual(
      { nodeSelector, tolerations, priorityClassName },
      {
        ...{ nodeSelector: operator.nodeSelector, tolerations: operator.tolerations, priorityClassName: 'high' },
      },
    );
    // Keeping away from the operator's pods would leave it without a Node while they run.
    assert.equal(affinity, undefined);
    assert.deepEqual([metadata.annotations, metadata.labels['mesh']], [{ team: 'a' }, 'off']);
    const [{ image, args, env, resources }] = containers;
    const [of] = find<Deployment>(objects, 'Deployment', 'outrigger-operator').spec.template.spec.containers;
    assert.deepEqual([image, resources], [of.image, of.resources]);
    assert.ok(args.includes('--log-level=debug') && env.some(({ name }) => name === 'HTTPS_PROXY'));
    const account = find<{ imagePullSecrets: object[] }>(objects, 'ServiceAccount', HOOK);
    assert.deepEqual(account.imagePullSecrets, [{ name: 'registry' }]);
  });

  test('the program accepts its arguments, and finds the operator’s Deployment', () => {
    const [{ args, env }] = jobOf().template.spec.containers;
    const [command, ...flags] = args;
    assert.equal(command, 'prepare-uninstall');
    const fields = Object.fromEntries(env.map(({ name, value }) => [name, value ?? NAMESPACE]));
    const config = readUninstallConfig(flags, { ...fields, KUBERNETES_SERVICE_HOST: 'x' }, () => undefined);
    assert.ok(typeof config === 'object' && !('errors' in config), JSON.stringify(config));
    assert.equal(config.namespace, NAMESPACE);
    assert.ok(find(render(), 'Deployment', config.deployment));
  });

  test('its pod is none of the operator’s, which it waits for', () => {
    const { labels } = jobOf().template.metadata;
    const { selector } = find<Deployment>(render(), 'Deployment', 'outrigger-operator').spec;
    assert.ok(!Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value));
  });
});
