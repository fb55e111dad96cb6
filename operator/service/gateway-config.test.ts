import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGatewayConfig, readGatewayConfig } from './gateway-config.ts';

const WHOLE = {
  deployment: 'outrigger-gateway',
  service: {
    name: 'outrigger-gateway',
    type: 'LoadBalancer',
    annotations: { 'example.com/scheme': 'internal, please' },
    labels: { 'app.kubernetes.io/name': 'outrigger' },
    externalTrafficPolicy: 'Local',
    loadBalancerClass: 'example.com/lb',
    selector: { 'outrigger.dev/proxy': 'gateway' },
  },
  allowed: { shop: { ports: [8080, '8081', '9000-9010'], hostnames: ['a.example', '*.b.example', '*'] }, '*': {} },
};
const parse = (document: unknown) => parseGatewayConfig(JSON.stringify(document));
const errorsOf = (document: unknown): readonly string[] => {
  const result = parse(document);
  assert.ok('errors' in result, JSON.stringify(result));
  return result.errors;
};

test('a file with every member, and the smallest one', () => {
  const { allowed: _, ...plain } = WHOLE;
  const config = parse(WHOLE);
  assert.ok(!('errors' in config), JSON.stringify(config));
  const { allowed, ...rest } = config;
  assert.deepEqual(rest, plain);
  assert.deepEqual(
    [...allowed],
    [
      [
        'shop',
        {
          ports: [
            { first: 8080, last: 8080 },
            { first: 8081, last: 8081 },
            { first: 9000, last: 9010 },
          ],
          hostnames: ['a.example', '*.b.example', '*'],
        },
      ],
      ['*', {}],
    ],
  );
  const service = { name: 's', selector: { a: 'b' }, externalTrafficPolicy: '', loadBalancerClass: '' };
  const least = parse({ deployment: 'd', service });
  assert.ok(!('errors' in least), JSON.stringify(least));
  const filled = { name: 's', type: 'ClusterIP', annotations: {}, labels: {}, selector: { a: 'b' } };
  assert.deepEqual({ ...least.service }, filled);
  assert.equal(least.allowed.size, 0);
});

test('the configuration is frozen', () => {
  const config = parse(WHOLE);
  assert.ok(!('errors' in config));
  for (const part of [config, config.service, config.service.selector, config.service.annotations, config.allowed.get('shop')]) {
    assert.ok(Object.isFrozen(part));
  }
});

test('every error is reported at once, with its field', () => {
  const errors = errorsOf({
    deployment: 'Not A Name',
    service: {
      name: '1-begins-with-a-digit',
      type: 'Balancer',
      annotations: { 'no name': 'x', fine: 1 },
      labels: { fine: 'not a label value' },
      externalTrafficPolicy: 'Everywhere',
      loadBalancerClass: 'a/b/c',
      selector: {},
      port: 80,
    },
    allowed: {
      Shop: {},
      shop: { ports: [0, 65536, '10-9', 'http', 1.5, null], hostnames: ['UPPER', 'a.*.b', ''], host: [] },
      news: { ports: 8080 },
      other: [],
    },
    gateways: 2,
  });
  const wanted = [
    'gateways is not known',
    'deployment must be',
    'service.name must be',
    'service.type must be one of ClusterIP, NodePort, LoadBalancer',
    'service.annotations["no name"]',
    'service.annotations["fine"]',
    'service.labels["fine"]',
    'service.externalTrafficPolicy must be one of Cluster, Local',
    'service.loadBalancerClass must be',
    'service.selector must name',
    'service.port is not known',
    'allowed["Shop"] is not the name of a namespace',
    ...[0, 1, 2, 3, 4, 5].map((i) => `allowed["shop"].ports[${i}] must be a port`),
    ...[0, 1, 2].map((i) => `allowed["shop"].hostnames[${i}] must be a host name`),
    'allowed["shop"].host is not known',
    'allowed["news"].ports must be a list',
    'allowed["other"] must be an object',
  ];
  for (const start of wanted) {
    assert.ok(
      errors.some((error) => error.startsWith(start)),
      `${start}\n${errors.join('\n')}`,
    );
  }
  assert.equal(errors.length, wanted.length, errors.join('\n'));
});

test('missing members, text that is not JSON, and a missing file are errors', () => {
  assert.deepEqual(
    errorsOf({}).map((error) => error.split(' ')[0]),
    ['deployment', 'service', 'service.selector', 'service.selector', 'service.name'],
  );
  for (const text of ['', '{', '[]', 'null', '"x"']) assert.ok('errors' in parseGatewayConfig(text), text);
  assert.match(JSON.stringify(parseGatewayConfig(' '.repeat(2 * 1024 * 1024))), /longer than/);
  assert.match(JSON.stringify(readGatewayConfig('/no/such/file')), /cannot be read .*ENOENT/);
});

test('the number of errors is bounded', () => {
  assert.ok(errorsOf({ ...WHOLE, allowed: { shop: { ports: Array.from({ length: 20_000 }, () => 0) } } }).length <= 100);
});
