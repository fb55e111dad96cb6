/** Built-in kinds: defaults, checks and columns. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asArray, asString, at } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { TestServer } from '../testing.ts';

const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const SERVICES = '/api/v1/namespaces/default/services';

let server: TestServer;
before(async () => (server = await TestServer.start()));
after(() => server.close());

const slice = (name: string, addressType: string, ...addresses: string[]): JsonObject => ({
  ...{ metadata: { name }, addressType },
  endpoints: addresses.map((address) => ({ addresses: [address] })),
});
const causes = (body: Json): Json[] => asArray(at(body, 'details', 'causes')).map((cause) => at(cause, 'message') ?? null);

describe('EndpointSlices', () => {
  it('may have loopback addresses only under the test prefix', async () => {
    await server.must('POST', SLICES, slice('ok', 'IPv4', '127.1.0.7', '10.0.0.1'));
    const refused = await server.request('POST', SLICES, slice('no', 'IPv4', '127.0.0.1', '127.1.1.1'));
    const text = 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
    assert.deepEqual(causes(refused.body), [`Invalid value: "127.0.0.1": ${text}`, `Invalid value: "127.1.1.1": ${text}`]);
  });

  it('may have only addresses of their own family', async () => {
    const wrong = await server.request('POST', SLICES, slice('no', 'IPv6', '10.0.0.1', 'fe80::1', 'x'));
    assert.deepEqual(causes(wrong.body), [
      'Invalid value: "10.0.0.1": must be an IPv6 address',
      'Invalid value: "fe80::1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
      'Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ]);
    const kind = await server.request('POST', SLICES, slice('no', 'IPX'));
    assert.deepEqual(causes(kind.body), ['Unsupported value: "IPX": supported values: "FQDN", "IPv4", "IPv6"']);
    const changed = await server.patch(`${SLICES}/ok`, { addressType: 'IPv6', endpoints: [] });
    assert.deepEqual(causes(changed.body), ['Invalid value: "IPv6": field is immutable']);
  });

  it('have null for missing lists, and count generations', async () => {
    const made = await server.must('POST', SLICES, { metadata: { name: 'empty' }, addressType: 'IPv4' });
    assert.deepEqual([made['endpoints'], made['ports'], at(made, 'metadata', 'generation')], [null, null, 1]);
    const changed = await server.patch(`${SLICES}/empty`, { ports: [{ port: 80 }] });
    assert.deepEqual(at(changed.body, 'ports'), [{ port: 80, name: '', protocol: 'TCP' }]);
    assert.equal(at(changed.body, 'metadata', 'generation'), 2);
  });
});

describe('Services', () => {
  it('get addresses and node ports, and keep them', async () => {
    const spec = { type: 'NodePort', ports: [{ name: 'a', port: 80 }] };
    const made = await server.must('POST', SERVICES, { metadata: { name: 'np' }, spec });
    const other = await server.must('POST', SERVICES, { metadata: { name: 'np2' }, spec });
    assert.notEqual(at(made, 'spec', 'clusterIP'), at(other, 'spec', 'clusterIP'));
    const ports = [...spec.ports, { name: 'b', port: 81 }];
    const put = await server.must('PUT', `${SERVICES}/np`, { metadata: { name: 'np' }, spec: { ...spec, ports } });
    const numbers = asArray(at(put, 'spec', 'ports')).map((port) => at(port, 'nodePort'));
    assert.equal(numbers[0], at(asArray(at(made, 'spec', 'ports'))[0], 'nodePort'));
    assert.equal(new Set([...numbers, at(asArray(at(other, 'spec', 'ports'))[0], 'nodePort')]).size, 3);
    assert.equal(at(put, 'spec', 'clusterIP'), at(made, 'spec', 'clusterIP'));
    const moved = await server.patch(`${SERVICES}/np`, { spec: { clusterIP: '10.96.9.9' } });
    assert.match(at(moved.body, 'message') as string, /may not change once set/);
  });

  it('may be headless, external, or of both families', async () => {
    const headless = await server.must('POST', SERVICES, { metadata: { name: 'h' }, spec: { clusterIP: 'None' } });
    assert.deepEqual(at(headless, 'spec', 'clusterIPs'), ['None']);
    const external = await server.must('POST', SERVICES, {
      metadata: { name: 'e' },
      spec: { type: 'ExternalName', externalName: 'example.com' },
    });
    assert.equal(at(external, 'spec', 'clusterIP'), undefined);
    const dual = { ipFamilies: ['IPv6', 'IPv4'], ipFamilyPolicy: 'RequireDualStack', ports: [{ port: 1 }] };
    const both = await server.must('POST', SERVICES, { metadata: { name: 'd' }, spec: dual });
    assert.match(asString(asArray(at(both, 'spec', 'clusterIPs'))[0]), /^fd00:/);
  });

  it('must have distinct ports', async () => {
    const post = async (ports: JsonObject[]): Promise<Json[]> =>
      causes((await server.request('POST', SERVICES, { metadata: { name: 'p' }, spec: { ports } })).body);
    assert.deepEqual(await post([{ port: 1 }, { port: 2 }]), ['Required value', 'Required value']);
    const range = 'must be between 1 and 65535, inclusive';
    assert.deepEqual(await post([{ port: 0, targetPort: 1 }]), [`Invalid value: 0: ${range}`]);
    assert.deepEqual(await post([{ port: 1, targetPort: 70000 }]), [`Invalid value: 70000: ${range}`]);
    assert.deepEqual(
      await post([
        { name: 'a', port: 1 },
        { name: 'a', port: 2 },
      ]),
      ['Duplicate value: "a"'],
    );
    const name = await server.request('POST', SERVICES, { metadata: { name: '1st' }, spec: { ports: [{ port: 1 }] } });
    assert.match(at(name.body, 'message') as string, /a DNS-1035 label must consist of/);
  });
});

describe('Services, traffic distribution', () => {
  it('is one of three values, and may be taken back', async () => {
    const spec = { ports: [{ port: 80 }] };
    for (const trafficDistribution of ['PreferClose', 'PreferSameZone', 'PreferSameNode']) {
      const made = await server.must('POST', SERVICES, {
        metadata: { name: trafficDistribution.toLowerCase() },
        spec: { ...spec, trafficDistribution },
      });
      assert.equal(at(made, 'spec', 'trafficDistribution'), trafficDistribution);
    }
    const back = await server.patch(`${SERVICES}/preferclose`, { spec: { trafficDistribution: null } });
    assert.equal(at(back.body, 'spec', 'trafficDistribution'), undefined);
    const wrong = { metadata: { name: 'wrong' }, spec: { ...spec, trafficDistribution: 'PreferFar' } };
    const refused = await server.request('POST', SERVICES, wrong);
    assert.equal(refused.status, 422);
    assert.deepEqual(causes(refused.body), [
      'Unsupported value: "PreferFar": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
    ]);
  });
});

describe('Pods and Deployments', () => {
  it('carry the zone of their node', async () => {
    await server.must('POST', '/api/v1/nodes', { metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } } });
    const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }] };
    const pod = await server.must('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'z' }, spec });
    assert.deepEqual(at(pod, 'metadata', 'labels'), { 'topology.kubernetes.io/zone': 'z1' });
    assert.equal(at(asArray(at(pod, 'spec', 'containers'))[0], 'imagePullPolicy'), 'Always');
  });

  it('refuse fields that a real server does not know, down to their containers', async () => {
    const container = { name: 'c', image: 'x:1', readOnlyRootFilesystem: true, readinessProbe: { path: '/' } };
    const spec = { replica: 1, containers: [container], securityContext: { runAsNonroot: true } };
    const url = '/api/v1/namespaces/default/pods?fieldValidation=Strict';
    const pod = await server.request('POST', url, { metadata: { name: 'y' }, spec });
    const unknown = [
      'containers[0].readOnlyRootFilesystem',
      'containers[0].readinessProbe.path',
      'replica',
      'securityContext.runAsNonroot',
    ];
    assert.equal(pod.status, 400);
    const list = unknown.map((path) => `unknown field "spec.${path}"`).join(', ');
    assert.equal(at(pod.body, 'message'), `Pod in version "v1" cannot be handled as a Pod: strict decoding error: ${list}`);
  });

  it('need containers, and a selector that matches and does not change', async () => {
    const pod = await server.request('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'x' }, spec: {} });
    assert.deepEqual(causes(pod.body), ['Required value']);
    const deployments = '/apis/apps/v1/namespaces/default/deployments';
    const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'x:1' }] } };
    const post = (app: string): Promise<{ status: number }> =>
      server.request('POST', deployments, { metadata: { name: 'd' }, spec: { selector: { matchLabels: { app } }, template } });
    assert.deepEqual([(await post('b')).status, (await post('a')).status], [422, 201]);
    const changed = await server.patch(`${deployments}/d`, { spec: { selector: { matchLabels: { app: 'b' } } } });
    assert.equal(changed.status, 422);
  });

  it('merge strategically: containers by name, environment by name', async () => {
    const type = 'application/strategic-merge-patch+json';
    const containers = [
      { name: 'c', image: 'x:2' },
      { name: 'side', image: 'y:1' },
    ];
    const patched = await server.patch(
      '/apis/apps/v1/namespaces/default/deployments/d',
      { spec: { template: { spec: { containers } } } },
      type,
    );
    const images = asArray(at(patched.body, 'spec', 'template', 'spec', 'containers')).map((one) => at(one, 'image'));
    assert.deepEqual(images, ['x:2', 'y:1']);
  });
});

describe('other kinds', () => {
  it('serve an Event under both of its versions', async () => {
    const event = {
      ...{ metadata: { name: 'e' }, eventTime: '2026-01-01T00:00:00.000000Z', reportingController: 'c', reportingInstance: 'i' },
      ...{ action: 'A', reason: 'R', type: 'Normal', note: 'hello' },
      regarding: { kind: 'Pod', name: 'z', namespace: 'default', uid: 'u1' },
    };
    await server.must('POST', '/apis/events.k8s.io/v1/namespaces/default/events', event);
    const list = await server.must('GET', '/api/v1/namespaces/default/events?fieldSelector=involvedObject.uid=u1');
    const [core] = asArray(list['items']);
    assert.deepEqual([at(core, 'message'), at(core, 'reportingComponent')], ['hello', 'c']);
    const refused = await server.request('POST', '/apis/events.k8s.io/v1/namespaces/default/events', { ...event, action: '' });
    assert.deepEqual(causes(refused.body), ['Required value']);
  });

  it('convert the text of a Secret to base64', async () => {
    const secret = await server.must('POST', '/api/v1/namespaces/default/secrets', {
      metadata: { name: 's' },
      stringData: { a: 'hi' },
    });
    assert.deepEqual([secret['type'], secret['data'], secret['stringData']], ['Opaque', { a: 'aGk=' }, undefined]);
  });
});

describe('Jobs', () => {
  const JOBS = '/apis/batch/v1/namespaces/default/jobs';
  const spec = (more: JsonObject = {}): JsonObject => ({
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x:1' }], ...more } },
  });

  it('select their pods by labels of their own, and have the defaults of a real server', async () => {
    const made = await server.must('POST', JOBS, { metadata: { name: 'one' }, spec: spec() });
    const uid = asString(at(made, 'metadata', 'uid'));
    assert.deepEqual(at(made, 'spec', 'selector'), { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
    assert.deepEqual(at(made, 'spec', 'template', 'metadata', 'labels'), {
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': 'one',
      'controller-uid': uid,
      'job-name': 'one',
    });
    const { completions, parallelism, backoffLimit, suspend, completionMode } = at(made, 'spec') as JsonObject;
    assert.deepEqual([completions, parallelism, backoffLimit, suspend, completionMode], [1, 1, 6, false, 'NonIndexed']);
  });

  it('run no pods that are always restarted, and keep their template', async () => {
    const refused = await server.request('POST', JOBS, { metadata: { name: 'no' }, spec: spec({ restartPolicy: 'Always' }) });
    assert.deepEqual(causes(refused.body), ['Required value: valid values: "OnFailure", "Never"']);
    const changed = await server.patch(`${JOBS}/one`, { spec: { template: { spec: { restartPolicy: 'OnFailure' } } } });
    assert.match(asString(causes(changed.body)[0]), /field is immutable/);
    const unknown = await server.request('POST', `${JOBS}?fieldValidation=Strict`, {
      ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'no' } },
      spec: { ...spec(), backofLimit: 1 },
    });
    assert.match(asString(at(unknown.body, 'message')), /unknown field "spec\.backofLimit"/);
  });
});
