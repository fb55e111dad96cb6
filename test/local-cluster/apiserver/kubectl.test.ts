/** The real kubectl against this server: the commands of a user who tries the project. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ensureKubectl } from '../../../scripts/tools.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { TestServer } from './testing.ts';

const run = promisify(execFile);
const CRD = path.join(import.meta.dirname, 'fixtures', 'policy-crd.yaml');

const policy = (port: number, more = ''): string => `
apiVersion: outrigger.dev/v1alpha1
kind: LoadBalancerPolicy
metadata: {name: checkout, namespace: shop}
spec:
  listener: {port: ${port}}
  backendRefs: [{name: checkout, port: 80}]
${more}`;

const NAMESPACE = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n';
const OBJECTS = `
apiVersion: v1
kind: Service
metadata: {name: checkout, namespace: shop}
spec: {selector: {app: checkout}, ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: checkout-1, namespace: shop, labels: {kubernetes.io/service-name: checkout}}
addressType: IPv4
endpoints: [{addresses: [127.1.0.11], conditions: {ready: true}}]
ports: [{name: http, port: 8080, protocol: TCP}]
`;

const kubectlFile = await ensureKubectl().catch((error: unknown) => error as Error);
const skip = typeof kubectlFile === 'string' ? false : kubectlFile.message;

describe('kubectl', { skip }, () => {
  let server: TestServer;
  let kubeconfig = '';
  before(async () => {
    server = await TestServer.start({ tls: true });
    kubeconfig = path.join(server.stateDir, 'kubeconfig');
    const { url, token, certificate } = server;
    writeKubeconfig(kubeconfig, { server: url, token, ...(certificate === undefined ? {} : { certificate }) });
  });
  after(() => server.close());

  async function kubectl(...args: string[]): Promise<string> {
    const cache = path.join(server.stateDir, 'kubectl-cache');
    const flags = ['--kubeconfig', kubeconfig, '--cache-dir', cache, '--request-timeout', '20s'];
    const { stdout } = await run(String(kubectlFile), [...flags, ...args], { timeout: 30_000 });
    return stdout;
  }

  async function apply(text: string, ...flags: string[]): Promise<string> {
    const file = path.join(server.stateDir, 'apply.yaml');
    fs.writeFileSync(file, text);
    return (await kubectl('apply', '-f', file, ...flags)).trim();
  }

  async function refusal(text: string, ...flags: string[]): Promise<string> {
    return apply(text, ...flags).then(
      () => assert.fail('it was accepted'),
      (error: unknown) => (error as { stderr: string }).stderr,
    );
  }

  it('applies a namespace and the CRD, and waits for the kind', async () => {
    assert.equal(await apply(NAMESPACE), 'namespace/shop created');
    assert.match(await kubectl('apply', '-f', CRD), /loadbalancerpolicies\.outrigger\.dev created/);
    assert.match(await kubectl('wait', '--for=condition=established', 'crd/loadbalancerpolicies.outrigger.dev'), /condition met/);
  });

  it('applies built-in kinds, and again without a change', async () => {
    assert.equal(await apply(OBJECTS), 'service/checkout created\nendpointslice.discovery.k8s.io/checkout-1 created');
    assert.equal(await apply(OBJECTS), 'service/checkout unchanged\nendpointslice.discovery.k8s.io/checkout-1 unchanged');
    const changed = await apply(OBJECTS.replace('port: 80', 'port: 81'));
    assert.match(changed, /service\/checkout configured/);
  });

  it('applies a policy, changes it, and shows it', async () => {
    assert.match(await apply(policy(8080)), /checkout created$/);
    assert.match(await apply(policy(8081)), /checkout configured$/);
    const [head = '', row = ''] = (await kubectl('get', 'lbp', '-A')).split('\n');
    assert.match(head, /^NAMESPACE +NAME +TYPE +PORT +PROGRAMMED +AGE$/);
    assert.match(row, /^shop +checkout +LeastRequest +8081 +\d+s$/);
    assert.match(
      await kubectl('describe', '-n', 'shop', 'lbp', 'checkout'),
      /Load Balancer:\n +Type: +LeastRequest\nEvents: +<none>/,
    );
  });

  it('prints why a policy is refused', async () => {
    assert.match(
      await refusal(policy(70000)),
      /spec\.listener\.port: Invalid value: 70000: .* should be less than or equal to 65535/,
    );
    assert.match(await refusal(policy(8081, '  colour: red')), /unknown field "spec\.colour"/);
    assert.match(await refusal(policy(8081, '  healthCheck: {interval: 1s, timeout: 2s}')), /timeout must not exceed interval/);
    assert.match(
      await refusal(policy(9999), '--server-side'),
      /conflicts with "kubectl-client-side-apply" using outrigger\.dev\/v1alpha1:\n- \.spec\.backendRefs\n- \.spec\.listener\.port/,
    );
  });

  it('applies on the server side by force', async () => {
    assert.match(await apply(policy(8082), '--server-side', '--force-conflicts'), /serverside-applied$/);
    assert.equal(await kubectl('get', '-n', 'shop', 'lbp/checkout', '-o', 'jsonpath={.spec.listener.port}'), '8082');
  });

  it('explains the schema', async () => {
    const text = await kubectl('explain', 'lbp.spec.loadBalancer');
    assert.match(text, /KIND: +LoadBalancerPolicy/);
    assert.match(text, /enum: LeastRequest, RoundRobin, ConsistentHash/);
  });

  it('annotates, labels, and patches in each of its ways', async () => {
    const on = ['-n', 'shop', 'lbp', 'checkout'];
    await kubectl('annotate', ...on, 'a=b');
    await kubectl('label', ...on, 'c=d');
    await kubectl('patch', ...on, '--type=merge', '-p', '{"spec":{"listener":{"port":8083}}}');
    await kubectl('patch', ...on, '--type=json', '-p', '[{"op":"replace","path":"/spec/listener/port","value":8084}]');
    await assert.rejects(kubectl('patch', ...on, '--type=strategic', '-p', '{"spec":{}}'), /unknown format/);
    await kubectl('patch', '-n', 'shop', 'svc', 'checkout', '-p', '{"spec":{"ports":[{"name":"more","port":82}]}}');
    assert.match(await kubectl('get', '-n', 'shop', 'svc'), /81\/TCP,82\/TCP/);
  });

  it('waits for a condition, and deletes', async () => {
    const condition = {
      type: 'Programmed',
      status: 'True',
      reason: 'Programmed',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const waiting = kubectl('wait', '-n', 'shop', 'lbp/checkout', '--for=condition=Programmed', '--timeout=20s');
    await kubectl(
      'patch',
      '-n',
      'shop',
      'lbp',
      'checkout',
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status: { conditions: [condition] } }),
    );
    assert.match(await waiting, /condition met/);
    assert.match(await kubectl('delete', '-n', 'shop', 'lbp', 'checkout'), /deleted/);
    assert.match(await kubectl('delete', 'namespace', 'shop', '--timeout=20s'), /deleted/);
  });

  it('lists the kinds', async () => {
    const text = await kubectl('api-resources');
    assert.match(text, /loadbalancerpolicies +lbp +outrigger\.dev\/v1alpha1 +true +LoadBalancerPolicy/);
    assert.match(text, /endpointslices +discovery\.k8s\.io\/v1 +true +EndpointSlice/);
  });
});
