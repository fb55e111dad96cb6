/** The rendered objects as a whole: whether they refer to each other correctly, and which are optional. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { CHART, find, NAMESPACE, render, whyNoHelm, type Rendered } from './helm.ts';
import type { Deployment, NetworkPolicy, Selector, Webhooks } from './kinds.ts';

const PROMETHEUS = ['monitoring.coreos.com/v1/PodMonitor', 'monitoring.coreos.com/v1/PrometheusRule'];
const nameOf = ({ kind, metadata }: Rendered) => `${kind}/${metadata.name}`;
const matches = ({ matchLabels }: Selector, labels: Readonly<Record<string, string>>) =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value);

describe('objects', { skip: whyNoHelm }, () => {
  const objects = render({ apiVersions: PROMETHEUS });
  const labelsOf = (component: string) =>
    find<Deployment>(objects, 'Deployment', `outrigger-${component}`).spec.template.metadata.labels;

  test('every object has labels of its release, and namespaced ones have their namespace', () => {
    const everywhere = /^(ClusterRole|ClusterRoleBinding|CustomResourceDefinition|MutatingWebhookConfiguration)$/;
    for (const object of objects) {
      const { labels, namespace } = object.metadata;
      assert.equal(labels?.['app.kubernetes.io/managed-by'], 'Helm', nameOf(object));
      assert.equal(labels?.['app.kubernetes.io/name'], 'outrigger', nameOf(object));
      assert.equal(namespace, everywhere.test(object.kind) ? undefined : NAMESPACE, nameOf(object));
    }
    assert.equal(new Set(objects.map(nameOf)).size, objects.length, 'no object is rendered twice');
  });

  test('names do not depend on the name of the release', () => {
    const names = (release: string) => render({ release }).map(nameOf).sort();
    assert.deepEqual(names('something-else'), names('outrigger'));
  });

  test('each selector selects the pods of one component, and no others', () => {
    const selectors: readonly (readonly [Selector, string])[] = ['operator', 'gateway'].flatMap((component) => {
      const name = `outrigger-${component}`;
      const { spec } = find<Deployment>(objects, 'Deployment', name);
      return [
        [spec.selector, component],
        ...(spec.template.spec.topologySpreadConstraints ?? []).map(({ labelSelector }) => [labelSelector, component] as const),
        [find<{ spec: { selector: Selector } }>(objects, 'PodDisruptionBudget', name).spec.selector, component],
        [find<NetworkPolicy>(objects, 'NetworkPolicy', name).spec.podSelector, component],
      ] as const;
    });
    const webhook = find<{ spec: { selector: Record<string, string> } }>(objects, 'Service', 'outrigger-webhook');
    const gateway = JSON.parse(find(objects, 'ConfigMap', 'outrigger-operator').data?.['gateway.json'] ?? '') as {
      service: { selector: Record<string, string> };
    };
    const all = [
      ...selectors,
      [{ matchLabels: webhook.spec.selector }, 'operator'] as const,
      [{ matchLabels: gateway.service.selector }, 'gateway'] as const,
    ];
    assert.ok(all.length >= 10);
    for (const [selector, component] of all) {
      for (const other of ['operator', 'gateway']) assert.equal(matches(selector, labelsOf(other)), other === component);
    }
  });

  test('gateways keep the label that the operator selects them by, whatever labels the user adds', () => {
    const values = { gateway: { podLabels: { 'outrigger.dev/proxy': 'sidecar', 'app.kubernetes.io/name': 'x', mine: 'own' } } };
    const { labels } = find<Deployment>(render({ values }), 'Deployment', 'outrigger-gateway').spec.template.metadata;
    assert.deepEqual(
      [labels['outrigger.dev/proxy'], labels['app.kubernetes.io/name'], labels['mine']],
      ['gateway', 'outrigger', 'own'],
    );
  });

  test('the CRD is a copy of that in crds/, and is kept when the release is uninstalled', () => {
    const crd = find(objects, 'CustomResourceDefinition', 'loadbalancerpolicies.outrigger.dev');
    const source = parse(readFileSync(join(CHART, '../../crds/loadbalancerpolicies.yaml'), 'utf8')) as Rendered;
    assert.deepEqual(crd.spec, source.spec);
    assert.deepEqual(crd.metadata.annotations, { ...source.metadata.annotations, 'helm.sh/resource-policy': 'keep' });
    const without = render({ values: { crds: { enabled: false } } });
    assert.equal(without.length, render().length - 1);
  });

  test('the control port is open to the operator alone; every port that a listener may bind is open', () => {
    const { ingress } = find<NetworkPolicy>(objects, 'NetworkPolicy', 'outrigger-gateway').spec;
    const reaching = (port: number) =>
      ingress.filter(({ ports }) => ports.some(({ port: from, endPort = from }) => from <= port && port <= endPort));
    const [control, ...others] = reaching(9900);
    assert.equal(others.length, 0);
    assert.ok(control?.from?.length === 1 && control.from[0]?.podSelector !== undefined);
    assert.ok(matches(control.from[0].podSelector, labelsOf('operator')));
    assert.ok(!matches(control.from[0].podSelector, labelsOf('gateway')));
    for (const port of [1024, 8080, 9899, 9901, 9902, 10_080, 10_443, 65_535]) {
      assert.deepEqual(
        reaching(port).map(({ from }) => from),
        [undefined],
        `port ${port}`,
      );
    }
  });

  test('the webhook reviews labelled Pods, never those of kube-system or of the release, and does not block Pods when it fails', () => {
    const { webhooks } = find<Webhooks>(objects, 'MutatingWebhookConfiguration', 'outrigger-sidecar-injector');
    const [webhook] = webhooks;
    assert.deepEqual(webhook.objectSelector, { matchLabels: { 'outrigger.dev/inject': 'true' } });
    const [namespaces] = webhook.namespaceSelector.matchExpressions;
    assert.deepEqual(namespaces, {
      key: 'kubernetes.io/metadata.name',
      operator: 'NotIn',
      values: ['kube-system', NAMESPACE],
    });
    const { reinvocationPolicy, sideEffects, timeoutSeconds, failurePolicy, clientConfig } = webhook;
    assert.deepEqual([reinvocationPolicy, sideEffects, timeoutSeconds, failurePolicy], ['IfNeeded', 'None', 3, 'Ignore']);
    assert.equal('caBundle' in clientConfig, false, 'the operator sets it, and an upgrade must not change it');
    assert.deepEqual([clientConfig.service.name, clientConfig.service.namespace], ['outrigger-webhook', NAMESPACE]);
  });

  test('objects of kinds of other projects are rendered only where these kinds exist', () => {
    const kinds = (apiVersions: readonly string[]) => new Set(render({ apiVersions }).map(({ kind }) => kind));
    const bare = kinds([]);
    assert.ok(!bare.has('PodMonitor') && !bare.has('PrometheusRule'));
    assert.ok(kinds(PROMETHEUS.slice(0, 1)).has('PodMonitor'));
    const monitor = find<{ spec: { podMetricsEndpoints: object[] } }>(objects, 'PodMonitor', 'outrigger');
    assert.deepEqual(monitor.spec.podMetricsEndpoints, [
      { port: 'observe', path: '/metrics', interval: '15s', honorLabels: true },
    ]);
    const beside = find<{ spec: object }>(objects, 'PodMonitor', 'outrigger-sidecars');
    assert.deepEqual(beside.spec, {
      namespaceSelector: { any: true },
      selector: { matchLabels: { 'outrigger.dev/proxy': 'sidecar' } },
      podMetricsEndpoints: [{ port: 'outrigger-obs', path: '/metrics', interval: '15s', honorLabels: true }],
    });
    const noSidecars = render({ apiVersions: PROMETHEUS, values: { sidecar: { enabled: false } } });
    assert.equal(noSidecars.filter(({ kind }) => kind === 'PodMonitor').length, 1);
    const off = { monitoring: { podMonitor: { enabled: false }, prometheusRule: { enabled: false } } };
    const without = render({ apiVersions: PROMETHEUS, values: off });
    assert.ok(!without.some(({ apiVersion }) => apiVersion.startsWith('monitoring.')));
  });

  test('dashboards and alerts are rendered without changes, braces included', (t) => {
    const chart = mkdtempSync(join(tmpdir(), 'outrigger-chart-'));
    t.after(() => rmSync(chart, { recursive: true }));
    cpSync(CHART, chart, { recursive: true });
    const dashboard = '{\n  "title": "{{ .Values.nothing }}",\n  "legendFormat": "{{pod}} \\u007b"\n}';
    const alerts =
      'groups:\n  - name: test\n    rules:\n      - { alert: Down, expr: up == 0, annotations: { summary: "{{ $labels.pod }}" } }\n';
    for (const folder of ['dashboards', 'alerts']) mkdirSync(join(chart, folder), { recursive: true });
    writeFileSync(join(chart, 'dashboards/braces.json'), `${dashboard}\n`);
    writeFileSync(join(chart, 'alerts/braces.yaml'), alerts);
    const rendered = render({ chart, apiVersions: PROMETHEUS });
    const { data, metadata } = find(rendered, 'ConfigMap', 'outrigger-dashboard-braces');
    assert.equal(data?.['braces.json'], `${dashboard}\n`);
    assert.equal(metadata.labels?.['grafana_dashboard'], '1');
    assert.deepEqual(find(rendered, 'PrometheusRule', 'outrigger-braces').spec, parse(alerts));
  });
});
