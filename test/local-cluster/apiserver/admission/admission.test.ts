/** Mutating webhooks: their requests, for which Pods they are called, and the effect of valid and invalid answers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { after, before, beforeEach, describe, it } from 'node:test';
import { selfSigned } from '../certificate.ts';
import { asObject, asString, at } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { TestServer } from '../testing.ts';

const PODS = '/api/v1/namespaces/shop/pods';
const HOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const identity = selfSigned(new Date(), 'hook.shop.svc');
const caBundle = Buffer.from(identity.certificate).toString('base64');

type Answer = (request: JsonObject, n: number) => JsonObject | string | undefined;
const allow: Answer = () => ({ allowed: true });
const patchWith =
  (...operations: JsonObject[]): Answer =>
  () => ({ allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') });
const sidecar = { name: 'sidecar', image: 'outrigger/proxy:1', restartPolicy: 'Always' };
const inject = patchWith({ op: 'add', path: '/spec/initContainers', value: [sidecar] });

describe('mutating webhooks', () => {
  let server: TestServer;
  let hook: Server;
  let port = 0;
  let answer = allow;
  const asked: { url: string | undefined; headers: JsonObject; review: JsonObject }[] = [];

  before(async () => {
    server = await TestServer.start();
    await server.createNamespace('shop');
    hook = createServer({ key: identity.key, cert: identity.certificate }, (request, response) => {
      void json(request).then((body) => {
        const review = body as JsonObject;
        asked.push({ url: request.url, headers: request.headers as JsonObject, review });
        const given = answer(asObject(review['request']), asked.length);
        if (given === undefined) return; // never answers
        if (typeof given === 'string') return void response.writeHead(given === '' ? 500 : 200).end(given);
        const { uid = '' } = asObject(review['request']);
        const whole = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, ...given } };
        response.end(JSON.stringify(whole));
      });
    });
    hook.listen(0, '127.0.0.1');
    await once(hook, 'listening');
    ({ port } = hook.address() as AddressInfo);
  });
  after(async () => {
    hook.closeAllConnections();
    hook.close();
    await server.close();
  });
  beforeEach(async () => {
    answer = allow;
    asked.length = 0;
    await server.must('DELETE', HOOKS);
    await server.must('DELETE', PODS);
  });

  async function register(more: JsonObject = {}, name = 'a'): Promise<void> {
    const webhook = {
      ...{ name: `${name}.example.org`, admissionReviewVersions: ['v1'], sideEffects: 'None', timeoutSeconds: 3 },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      clientConfig: { url: `https://127.0.0.1:${port}/inject`, caBundle },
      ...more,
    };
    await server.must('POST', HOOKS, { metadata: { name }, webhooks: [webhook] });
  }
  const create = (metadata: JsonObject = { name: 'p' }, query = '') =>
    server.request('POST', `${PODS}${query}`, { metadata, spec: { containers: [{ name: 'c', image: 'x:1' }] } });
  const message = (body: Json) => asString(at(body, 'message'));

  it('are called as by a real server', async () => {
    await register();
    assert.equal((await create({ name: 'p', labels: { app: 'x' } }, '?fieldManager=m&fieldValidation=Strict')).status, 201);
    const [{ url, headers, review } = { url: '', headers: {}, review: {} }] = asked;
    assert.equal(url, '/inject?timeout=3s');
    assert.deepEqual(
      ['user-agent', 'accept', 'content-type'].map((name) => headers[name]),
      ['kube-apiserver-admission', 'application/json, */*', 'application/json'],
    );
    const { uid, object, ...request } = asObject(review['request']);
    assert.match(asString(uid), /^[0-9a-f-]{36}$/);
    // As recorded, except for the object.
    assert.deepEqual(
      { ...review, request },
      {
        kind: 'AdmissionReview',
        apiVersion: 'admission.k8s.io/v1',
        request: {
          kind: { group: '', version: 'v1', kind: 'Pod' },
          resource: { group: '', version: 'v1', resource: 'pods' },
          requestKind: { group: '', version: 'v1', kind: 'Pod' },
          requestResource: { group: '', version: 'v1', resource: 'pods' },
          ...{ name: 'p', namespace: 'shop', operation: 'CREATE' },
          userInfo: { username: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'] },
          ...{ oldObject: null, dryRun: false },
          options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'm', fieldValidation: 'Strict' },
        },
      },
    );
    assert.deepEqual(Object.keys(asObject(at(object, 'metadata'))).sort(), ['labels', 'managedFields', 'name', 'namespace']);
    assert.deepEqual(at(object, 'status'), {});
    assert.equal(at(object, 'spec', 'serviceAccountName'), 'default');
  });

  it('change the Pod; defaults follow, and the writer owns what was added', async () => {
    await register();
    answer = inject;
    const { body } = await create({ generateName: 'p-' }, '?fieldManager=m');
    assert.match(asString(at(body, 'metadata', 'name')), /^p-.{5}$/);
    assert.equal(at(asked[0]?.review ?? {}, 'request', 'name'), undefined);
    assert.deepEqual(at(body, 'spec', 'initContainers'), [
      {
        ...sidecar,
        ...{
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'IfNotPresent',
        },
      },
    ]);
    assert.match(JSON.stringify(at(body, 'metadata', 'managedFields')), /"manager":"m".*f:initContainers/);
    assert.equal(at(body, 'status', 'phase'), 'Pending');
  });

  it('are called for what their selectors and rules match', async () => {
    await register({
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }],
      },
      objectSelector: { matchLabels: { inject: 'yes' }, matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] },
    });
    await create({ name: 'none' });
    await create({ name: 'skipped', labels: { inject: 'yes', skip: '' } });
    assert.equal(asked.length, 0);
    await create({ name: 'both', labels: { inject: 'yes' } });
    assert.equal(asked.length, 1);
    const elsewhere = { metadata: { name: 'x', labels: { inject: 'yes' } }, spec: { containers: [{ name: 'c', image: 'x' }] } };
    await server.must('POST', '/api/v1/namespaces/kube-system/pods', elsewhere);
    await server.must('POST', '/api/v1/namespaces/shop/configmaps', {
      metadata: { name: 'not-a-pod', labels: { inject: 'yes' } },
    });
    await server.must('DELETE', HOOKS);
    await register({ rules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['*'] }] });
    await create({ name: 'other' });
    assert.equal(asked.length, 1);
  });

  it('are called again with their own result where reinvocationPolicy is IfNeeded', async () => {
    await register({ reinvocationPolicy: 'IfNeeded' });
    answer = (request, n) => (n === 1 ? inject(request, n) : { allowed: true });
    await create();
    assert.equal(asked.length, 2);
    assert.equal(
      JSON.stringify(at(asked[1]?.review ?? {}, 'request', 'object')).includes('"imagePullPolicy":"IfNotPresent"'),
      true,
    );
    asked.length = 0;
    answer = allow;
    await create({ name: 'untouched' });
    assert.equal(asked.length, 1);
  });

  it('are called in the order of their names, each with the result of the one before', async () => {
    await register({}, 'b');
    await register({ reinvocationPolicy: 'Never' }, 'a');
    answer = (request, n) => patchWith({ op: 'add', path: `/metadata/annotations`, value: { last: String(n) } })(request, n);
    const { body } = await create();
    assert.deepEqual(at(body, 'metadata', 'annotations'), { last: '2' });
  });

  it('deny with the message of a real server', async () => {
    await register({ failurePolicy: 'Ignore' });
    answer = () => ({ allowed: false, status: { code: 403, reason: 'Forbidden', message: 'no room' } });
    const { status, body } = await create();
    assert.deepEqual([status, message(body)], [403, 'admission webhook "a.example.org" denied the request: no room']);
    answer = () => ({ allowed: false });
    const silent = await create();
    assert.deepEqual(
      [silent.status, message(silent.body)],
      [400, 'admission webhook "a.example.org" denied the request without explanation'],
    );
    assert.equal((await server.request('GET', `${PODS}/p`)).status, 404);
  });

  it('that fail, or answer invalidly, are ignored or not according to their failure policy', async () => {
    const bad: [Answer, RegExp][] = [
      [() => '', /failed calling webhook "a\.example\.org": failed to call webhook: .*status 500/],
      [() => 'what?', /received invalid webhook response: expected webhook response of admission\.k8s\.io\/v1/],
      [
        () => ({ uid: 'another', allowed: true }),
        /received invalid webhook response: expected response\.uid=".*", got "another"/,
      ],
      [() => ({ allowed: true, patch: 'W10=' }), /response\.patch but not response\.patchType/],
      [() => ({ allowed: true, patch: 'W10=', patchType: 'Merge' }), /invalid response\.patchType of "Merge"/],
      [
        () => undefined,
        /failed to call webhook: Post "https:\/\/127\.0\.0\.1:\d+\/inject\?timeout=1s": context deadline exceeded/,
      ],
    ];
    for (const failurePolicy of ['Fail', 'Ignore']) {
      await server.must('DELETE', HOOKS);
      await register({ failurePolicy, timeoutSeconds: 1 });
      for (const [given, expected] of bad) {
        answer = given;
        const { status, body } = await create({ generateName: 'p-' });
        assert.equal(status, failurePolicy === 'Fail' ? 500 : 201, JSON.stringify(body));
        if (failurePolicy === 'Fail') assert.match(message(body), expected);
      }
    }
    answer = patchWith({ op: 'remove', path: '/spec/nothing/here' });
    assert.equal((await create()).status, 500, 'a patch that cannot be applied is never ignored');
  });

  it('must present a certificate of the bundle, for the right name', async () => {
    const other = Buffer.from(selfSigned(new Date()).certificate).toString('base64');
    await register({ clientConfig: { url: `https://127.0.0.1:${port}/inject`, caBundle: other } });
    assert.match(message((await create()).body), /failed to call webhook: .*(self-signed|certificate)/);
    assert.equal(asked.length, 0);
  });

  it('pass on warnings, and get dryRun', async () => {
    await register();
    answer = () => ({ allowed: true, warnings: ['mind the gap'] });
    const { headers } = await create({ name: 'p' }, '?dryRun=All');
    assert.equal(headers.get('warning'), '299 - "mind the gap"');
    assert.equal(at(asked[0]?.review ?? {}, 'request', 'dryRun'), true);
    assert.equal((await server.request('GET', `${PODS}/p`)).status, 404);
  });

  it('are reached at a ready endpoint of their Service', async () => {
    const service = { metadata: { name: 'hook' }, spec: { ports: [{ name: 'https', port: 443, targetPort: 9443 }] } };
    await server.must('POST', '/api/v1/namespaces/shop/services', service);
    await register({ clientConfig: { service: { name: 'hook', namespace: 'shop', path: '/inject' }, caBundle } });
    assert.match(message((await create()).body), /failed to call webhook: no endpoints available for service "hook"/);
    const slice = {
      metadata: { name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.1.0.250'], conditions: { ready: false } }],
      ports: [{ name: 'https', port }],
    };
    const SLICES = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices';
    await server.must('POST', SLICES, slice);
    assert.match(message((await create()).body), /no endpoints available/);
    hook.close();
    hook.closeAllConnections();
    hook.listen(port, '127.1.0.250');
    await once(hook, 'listening');
    await server.patch(`${SLICES}/hook-1`, { endpoints: [{ addresses: ['127.1.0.250'], conditions: { ready: true } }] });
    assert.equal((await create()).status, 201);
    assert.equal(asked[0]?.headers['host'], 'hook.shop.svc');
  });
});
