import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PROXY_CONTAINER } from '../api/labels.ts';
import { readConfig } from '../../proxy/config.ts';
import { jsonPatch } from '../../test/local-cluster/apiserver/patch/json.ts';
import type { Json } from '../../test/local-cluster/apiserver/json.ts';
import { hasSidecar, inject, refusal } from './sidecar-patch.ts';
import { createSidecar } from './sidecar-container.ts';
import { asking, CONFIG, KEYS } from './testing.ts';
import type { InjectablePod } from './injectable-pod.ts';

const sidecar = createSidecar(CONFIG, KEYS);

/** The Pod with its patch applied, as the API server would do it. */
function injected(pod: InjectablePod): InjectablePod {
  const injection = inject(pod, sidecar);
  assert.ok('patch' in injection, JSON.stringify(injection));
  return jsonPatch(pod as Json, injection.patch as unknown as Json[]) as InjectablePod;
}

interface Container {
  readonly args: string[];
  readonly env: { readonly name: string; readonly value?: string; readonly valueFrom?: { fieldRef: { fieldPath: string } } }[];
  readonly startupProbe: object;
  readonly securityContext: object;
}

describe('a Pod that asks for a sidecar', () => {
  const shapes: Readonly<Record<string, InjectablePod>> = {
    'with next to nothing': asking(),
    'with nulls where lists could be': asking({ initContainers: null, volumes: null }),
    'with empty lists': asking({ initContainers: [], volumes: [] }),
    'with init containers and volumes of its own': asking({ initContainers: [{ name: 'wait' }], volumes: [{ name: 'data' }] }),
    'with the label in its template already': asking({}, { 'outrigger.dev/proxy': 'sidecar' }),
    'that uses the ports for UDP': asking({ containers: [{ name: 'app', ports: [{ containerPort: 9900, protocol: 'UDP' }] }] }),
  };
  for (const [name, pod] of Object.entries(shapes)) {
    test(`${name} gets it, first and once`, () => {
      const once = injected(pod);
      assert.equal(once.spec?.initContainers?.[0]?.name, PROXY_CONTAINER);
      assert.deepEqual(once.spec.initContainers.slice(1), pod.spec?.initContainers ?? []);
      assert.deepEqual(once.spec.volumes?.slice(0, -1), pod.spec?.volumes ?? []);
      assert.equal(once.spec.volumes.at(-1)?.name, 'outrigger-state');
      assert.equal(once.metadata?.labels?.['outrigger.dev/proxy'], 'sidecar');
      assert.match(once.metadata.annotations?.['outrigger.dev/injected'] ?? '', /"image":"outrigger\/proxy:0\.1\.0"/);
      assert.ok(hasSidecar(once));
      assert.deepEqual(inject(once, sidecar), { patch: [] }, 'reinvocation adds nothing');
    });
  }

  test('keeps its annotations', () => {
    const pod = asking();
    const annotations = { 'outrigger.dev/weight': '2' };
    const once = injected({ ...pod, metadata: { ...pod.metadata, annotations } });
    assert.equal(once.metadata?.annotations?.['outrigger.dev/weight'], '2');
  });

  test('gets its label back where another webhook removed it, and nothing else', () => {
    const { metadata, ...rest } = injected(asking());
    const stripped = { ...rest, metadata: { ...metadata, labels: { 'outrigger.dev/inject': 'true' } } };
    const injection = inject(stripped, sidecar);
    assert.deepEqual(injection, { patch: [{ op: 'add', path: '/metadata/labels/outrigger.dev~1proxy', value: 'sidecar' }] });
  });
});

test('a Pod that does not ask for a sidecar is not changed', () => {
  for (const labels of [{}, { 'outrigger.dev/inject': 'false' }, { 'outrigger.dev/inject': '' }])
    assert.deepEqual(inject({ metadata: { labels }, spec: {} }, sidecar), { patch: [] });
  for (const pod of [{}, { metadata: {} }, { metadata: { labels: null } }]) assert.deepEqual(inject(pod, sidecar), { patch: [] });
});

describe('a Pod that uses what the sidecar needs is refused with a sentence', () => {
  const cases: Readonly<Record<string, readonly [InjectablePod, RegExp]>> = {
    'the host network': [asking({ hostNetwork: true }), /remove hostNetwork/],
    Windows: [asking({ os: { name: 'windows' } }), /runs on Linux only/],
    'another kind of proxy': [asking({}, { 'outrigger.dev/proxy': 'gateway' }), /already says "gateway".*remove that label/],
    'the name, in a container': [asking({ containers: [{ name: PROXY_CONTAINER }] }), /container has the sidecar's name/],
    'the name, in an init container': [
      asking({ initContainers: [{ name: PROXY_CONTAINER }] }),
      /container has the sidecar's name/,
    ],
    'the volume': [asking({ volumes: [{ name: 'outrigger-state' }] }), /volume has the name/],
    'the control port': [
      asking({ containers: [{ name: 'app', ports: [{ containerPort: 9900 }] }] }),
      /container app uses port 9900, which the sidecar needs/,
    ],
    'the observe port, in an init container': [
      asking({ initContainers: [{ name: 'wait', ports: [{ containerPort: 9901, protocol: 'TCP' }] }] }),
      /container wait uses port 9901/,
    ],
  };
  for (const [name, [pod, sentence]] of Object.entries(cases)) {
    test(name, () => {
      assert.match(refusal(pod) ?? '', sentence);
      assert.deepEqual(inject(pod, sidecar), { refused: refusal(pod) });
    });
  }
});

describe('the container', () => {
  const container = createSidecar(
    { ...CONFIG, resources: { limits: { memory: '128Mi' } }, imagePullPolicy: 'Never', extraArgs: ['--bind', '$(POD_IP)'] },
    KEYS,
  ).container as Container;

  test('is a sidecar with the configured image, resources and policy', () => {
    assert.partialDeepStrictEqual(container, {
      name: PROXY_CONTAINER,
      image: 'outrigger/proxy:0.1.0',
      imagePullPolicy: 'Never',
      restartPolicy: 'Always',
      resources: { limits: { memory: '128Mi' } },
      volumeMounts: [{ name: 'outrigger-state', mountPath: '/var/lib/outrigger' }],
    });
  });

  test('has flags and environment that the proxy accepts', () => {
    const env = Object.fromEntries(
      container.env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom?.fieldRef.fieldPath]),
    );
    const config = readConfig(
      container.args.map((arg) => arg.replace('$(POD_IP)', '10.0.0.1')),
      env,
    );
    assert.partialDeepStrictEqual(config, {
      mode: 'sidecar',
      bind: '10.0.0.1',
      drainDelay: 0,
      podUid: 'metadata.uid',
      podName: 'metadata.name',
      trustedKeys: KEYS,
      stateDir: '/var/lib/outrigger',
    });
  });

  test('delays the application until the first snapshot', () => {
    assert.partialDeepStrictEqual(container.startupProbe, { httpGet: { path: '/readyz', port: 9901 }, periodSeconds: 1 });
  });

  test('meets the restricted Pod Security Standard', () => {
    assert.partialDeepStrictEqual(container.securityContext, {
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });
});
