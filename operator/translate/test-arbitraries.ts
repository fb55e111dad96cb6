import fc from 'fast-check';
import { MAINTENANCE_ANNOTATION, PROXY_CONTAINER, PROXY_LABEL, SERVICE_NAME_LABEL, WEIGHT_ANNOTATION } from '../api/labels.ts';
import { inventory, meta } from './testing.ts';
import type { EndpointSlice, Pod, PodMetadata, Service, SliceEndpoint } from '../api/kubernetes.ts';
import type { LoadBalancerPolicy, PolicySpec } from '../api/policy.gen.ts';
import type { Inventory } from './types.ts';

/**
 * Inventories whose objects have the right types and otherwise, here and there, anything that an older schema or a hand-written
 * object may hold. Few names, ports and hosts, so that they collide.
 */
const mostly = <T>(good: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 60, arbitrary: good }, { weight: 1, arbitrary: odd });
const some: { requiredKeys: [] } = { requiredKeys: [] };

const name = fc.constantFrom('a', 'b');
const port = mostly(fc.constantFrom(80, 8080, 10_080), fc.constantFrom(0, 9901, 65_536));
const text = fc.oneof(fc.string({ maxLength: 8 }), fc.constant('x'.repeat(600)));
const whole = mostly(fc.integer({ min: 1, max: 10 }), fc.integer());
const created = mostly(fc.constantFrom('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'), fc.constant('yesterday'));
const duration = mostly(fc.constantFrom('1s', '25ms', '1m30s'), fc.oneof(fc.constantFrom('0s', '99999h', 'soon', ''), text));
const method = mostly(fc.constantFrom('GET' as const, 'POST' as const), fc.constant('NO WAY' as 'GET'));
const header = fc.record({
  name: mostly(fc.constantFrom('A', 'a', 'B'), fc.constant('b c')),
  value: mostly(fc.constantFrom('x', 'y'), fc.constantFrom('', '\n', '(')),
  type: fc.constantFrom('Exact' as const, 'RegularExpression' as const, undefined),
});
const path = fc.record(
  {
    type: fc.constantFrom('PathPrefix' as const, 'Exact' as const, 'RegularExpression' as const),
    value: mostly(fc.constantFrom('/', '/a', '/a/'), fc.constantFrom('', 'b', '//', '/%61', '/%', '(', 'a{1000}')),
  },
  some,
);
const requirement = fc.record({
  key: fc.constantFrom('tier', 'zone'),
  operator: mostly(fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const), fc.constant('Gt' as 'In')),
  values: fc.array(name, { minLength: 1, maxLength: 2 }),
});
const selector = fc.record({
  matchLabels: fc.constantFrom({}, {}, {}, { tier: 'a' }),
  matchExpressions: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(requirement, { maxLength: 1 })),
});
const active = fc.record(
  {
    type: fc.constantFrom('HTTP' as const, 'TCP' as const, 'GRPC' as const),
    path: mostly(fc.constant('/healthz'), text),
    expectedStatuses: mostly<string[]>(
      fc.constantFrom(['200'], ['200-399', '404']),
      fc.constantFrom<string[]>([], ['399-200'], ['ok'], ['']),
    ),
    expectedBody: mostly(fc.constantFrom('ok', '^(a|b)$'), fc.constantFrom('(', '[z-a]', 'a{2000}', '\\1', '(?=x)')),
    port,
    interval: mostly(fc.constantFrom('3s', '2s'), duration),
    timeout: duration,
  },
  { requiredKeys: ['type'] },
);
const namedHeader = fc.record({
  name: mostly(fc.constantFrom('X-A', 'x-b'), fc.constantFrom('Host', 'Connection', 'a b', '')),
  value: mostly(fc.constant('v'), fc.constantFrom('', 'a\r\nb: c')),
});
const modifier = fc.record(
  {
    set: fc.array(namedHeader, { maxLength: 2 }),
    add: fc.array(namedHeader, { maxLength: 1 }),
    remove: fc.array(fc.constantFrom('X-C', 'via')),
  },
  some,
);
const pathModifier = fc.record(
  {
    type: fc.constantFrom('ReplaceFullPath' as const, 'ReplacePrefixMatch' as const),
    replaceFullPath: mostly(fc.constant('/x'), fc.constantFrom('', '/../x', 'x')),
    replacePrefixMatch: mostly(fc.constantFrom('', '/x/'), fc.constant('//')),
  },
  { requiredKeys: ['type'] },
);
const hostname = mostly(fc.constant('b.com'), fc.constantFrom('', 'b.com:80', 'B.com'));
const redirect = fc.record(
  {
    scheme: mostly(fc.constant('https'), fc.constant('ftp')),
    hostname,
    port,
    path: pathModifier,
    statusCode: mostly(fc.constant(301), whole),
  },
  some,
);
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const backendRef = fc.record(
  {
    name,
    namespace: mostly(fc.constant('default'), name),
    port: mostly(fc.constant(80), fc.constant(443)),
    weight: mostly(fc.constantFrom(0, 1, 9), fc.constantFrom(-1, 1e9, 0.5)),
  },
  { requiredKeys: ['name', 'port'] },
);
const backendRefs = fc.uniqueArray(backendRef, {
  maxLength: 3,
  selector: (ref) => `${ref.namespace ?? ''}/${ref.name}:${ref.port}`,
});

const strategy = mostly(fc.constantFrom('RoundRobin', 'ConsistentHash', 'PeakEWMA'), fc.constant('Guess'));
const named = fc.record({ name: mostly(fc.constantFrom('a', 'X-A'), text), ttl: duration }, some);
const consistentHash = fc.record(
  {
    algorithm: mostly(fc.constantFrom('Maglev', 'Rendezvous'), fc.constant('Guess')),
    tableSize: mostly(fc.constantFrom(251, 65_537), fc.constantFrom(-1, 0, 0.5, 252, 1e18, NaN)),
    hashOn: fc.record(
      {
        type: mostly(fc.constantFrom('SourceIP', 'Header', 'Cookie', 'QueryParam', 'Path'), fc.constant('Guess')),
        header: named,
        cookie: named,
        queryParam: named,
      },
      some,
    ),
    affinity: fc.record({ maxEntries: whole, idleTimeout: duration }, some),
  },
  some,
);

const slowStart = fc.record(
  {
    window: duration,
    aggression: mostly(fc.constantFrom(0.1, 1, 10), fc.constantFrom(0, 0.05, -1, 1e9, NaN)),
    minWeightPercent: whole,
  },
  { requiredKeys: ['window'] },
);

/** Nearly always the same: policies that differ do not share a port. */
const clientAddress = mostly(
  fc.constant(undefined),
  fc.record(
    {
      trustedHops: mostly(fc.constantFrom(0, 1), fc.constantFrom(-1, 33, 0.5)),
      trustedCIDRs: fc.array(fc.constantFrom('10.0.0.0/8', 'fd00::/8', '::ffff:1.2.3.4/120', 'ten'), { maxLength: 2 }),
    },
    some,
  ),
);
const pathNormalization = mostly<object | undefined>(
  fc.constantFrom(undefined, {}, { mergeSlashes: true }),
  fc.record(
    {
      decodeUnreserved: mostly<unknown>(fc.boolean(), fc.constant('no')),
      mergeSlashes: fc.boolean(),
      encodedSlash: mostly<unknown>(fc.constantFrom('Keep', 'Reject', 'Decode'), fc.constantFrom('Guess', null)),
      later: mostly<unknown>(fc.constant(undefined), fc.constant(1)),
    },
    some,
  ),
);

const spec = fc.record(
  {
    proxies: fc.record({ type: fc.constantFrom('Gateway' as const, 'Sidecar' as const), selector }, some),
    listener: fc.record({
      port,
      hostnames: fc.oneof(
        fc.constant([]),
        fc.array(mostly(fc.constantFrom('a.com', '*.a.com', 'A.COM'), fc.constant('')), { maxLength: 2 }),
      ),
      clientAddress,
      pathNormalization,
    }),
    matches: fc.oneof(
      fc.constantFrom([], [{}]),
      fc.array(fc.record({ path, method, headers: fc.array(header, { maxLength: 3 }) }, some), { maxLength: 2 }),
    ),
    backendRefs: mostly(
      backendRefs.filter((refs) => refs.length > 0),
      fc.array(backendRef, { maxLength: 3 }),
    ),
    loadBalancer: fc.record({ type: strategy, consistentHash, slowStart: rarely(slowStart) }, some),
    healthCheck: fc.record(
      {
        active,
        passive: fc.record(
          {
            consecutive5xx: whole,
            failurePercent: fc.record({ threshold: whole, window: duration }, { requiredKeys: ['threshold'] }),
            baseEjectionTime: duration,
            maxEjectionPercent: whole,
          },
          some,
        ),
        panicThreshold: whole,
      },
      some,
    ),
    retry: fc.record(
      {
        attempts: whole,
        perTryTimeout: duration,
        retryOn: fc.array(mostly(fc.constantFrom('reset', '503'), text), { maxLength: 3 }),
        bufferLimit: mostly(fc.constantFrom('0', '64Ki'), text),
      },
      some,
    ),
    timeouts: fc.record({ connect: duration, request: duration, idle: duration, tunnel: duration, drain: duration }, some),
    accessLog: fc.record(
      { enabled: fc.boolean(), samplePercent: whole, query: mostly(fc.constantFrom('Include', 'Omit'), fc.constant('Guess')) },
      some,
    ),
    requestHeaderModifier: rarely(modifier),
    responseHeaderModifier: rarely(modifier),
    urlRewrite: rarely(fc.record({ hostname, path: pathModifier }, some)),
    requestRedirect: rarely(redirect),
  },
  some,
) as unknown as fc.Arbitrary<PolicySpec>;

const policy = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    spec,
    created,
    deleted: mostly(fc.constant(false), fc.constant(true)),
  })
  .map(({ name, spec, created, deleted }): LoadBalancerPolicy => {
    const metadata = meta(name, { creationTimestamp: created, ...(deleted && { deletionTimestamp: created }) });
    return { metadata, spec };
  });

const service = fc
  .record({
    name,
    type: mostly(fc.constant('ClusterIP'), fc.constant('ExternalName')),
    trafficDistribution: fc.constantFrom(undefined, 'PreferSameZone', 'PreferSameNode'),
    families: fc.constantFrom(undefined, ['IPv4' as const], ['IPv6' as const, 'IPv4' as const]),
    ports: mostly(
      fc.constantFrom([{ port: 80 }], [{ name: 'http', port: 80 }]),
      fc.constantFrom(undefined, [{ name: 'dns', port: 80, protocol: 'UDP' }]),
    ),
  })
  .map(({ name, type, trafficDistribution, families, ports }): Service => {
    const optional = {
      ...(families && { ipFamilies: families }),
      ...(ports && { ports }),
      ...(trafficDistribution && { trafficDistribution }),
    };
    return { metadata: meta(name), spec: { type, ...optional } };
  });

const address = mostly(
  fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1', 'fd00::2'),
  fc.constantFrom('', 'host.example.com', '1.2.3.4.5'),
);
const places = fc.constantFrom(
  undefined,
  null,
  [],
  [{ name: 'a' }],
  [{ name: 'a' }, { name: 'b' }],
  [{ name: '' }],
  [{ name: 'x'.repeat(600) }],
  Array.from({ length: 20 }, (_, n) => ({ name: `z${n}` })),
);
const flag = fc.constantFrom(undefined, true, false, null);
const endpoint = fc.record(
  {
    addresses: fc.array(address, { maxLength: 2 }),
    conditions: fc.record({ ready: flag, serving: flag, terminating: flag }, some),
    targetRef: fc.record(
      { kind: fc.constantFrom('Pod', 'Node'), name, uid: fc.constantFrom('uid-a', 'u1', '10.0.0.1', '', 'x'.repeat(600)) },
      some,
    ),
    zone: text,
    hints: mostly(fc.record({ forZones: places, forNodes: places }, some), fc.constant(null)),
  },
  some,
) as unknown as fc.Arbitrary<SliceEndpoint>;

const slice = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    service: mostly<string | undefined>(name, fc.constant(undefined)),
    addressType: mostly<'IPv4' | 'IPv6' | 'FQDN'>(fc.constantFrom('IPv4', 'IPv6'), fc.constant('FQDN')),
    endpoints: mostly<readonly SliceEndpoint[] | null | undefined>(
      fc.array(endpoint, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(null, undefined),
    ),
    ports: fc.constantFrom(
      null,
      undefined,
      [],
      [{ port: 8080 }],
      [{ name: 'http', port: 8080 }],
      [{ name: 'http' }],
      [{ port: 0 }],
    ),
  })
  .map(({ name, service, addressType, endpoints, ports }) => {
    const metadata = meta(name, service === undefined ? {} : { labels: { [SERVICE_NAME_LABEL]: service } });
    return { metadata, addressType, endpoints, ports } as EndpointSlice;
  });

const annotated = fc
  .record({ name, weight: text, maintenance: fc.constantFrom('true', 'false', 'maybe') })
  .map(({ name, weight, maintenance }): PodMetadata => {
    return { metadata: meta(name, { annotations: { [WEIGHT_ANNOTATION]: weight, [MAINTENANCE_ANNOTATION]: maintenance } }) };
  });

const proxy = fc
  .record({
    name,
    namespace: fc.constantFrom('outrigger-system', 'default'),
    kind: fc.constantFrom('gateway', 'sidecar'),
    container: mostly(fc.constant(PROXY_CONTAINER), fc.constant('other')),
    tier: name,
    status: mostly<Pod['status']>(
      fc.constantFrom({ podIP: '10.0.9.1' }, { podIP: '10.0.9.2' }),
      fc.constantFrom(undefined, {}, { phase: 'Failed', podIP: '10.0.9.3' }),
    ),
    hostNetwork: mostly(fc.constant(false), fc.constant(true)),
    nodeName: name,
  })
  .map(({ name, namespace, kind, container, tier, status, hostNetwork, nodeName }): Pod => {
    const metadata = meta(name, { namespace, labels: { [PROXY_LABEL]: kind, tier } });
    return { metadata, spec: { hostNetwork, nodeName, initContainers: [{ name: container }] }, ...(status && { status }) };
  });

export const anyInventory: fc.Arbitrary<Inventory> = fc
  .record({
    policies: fc.array(policy, { minLength: 2, maxLength: 6 }),
    services: fc.array(service, { minLength: 2, maxLength: 4 }),
    endpointSlices: fc.array(slice, { minLength: 2, maxLength: 5 }),
    annotatedPods: fc.array(annotated, { maxLength: 2 }),
    proxyPods: fc.array(proxy, { minLength: 1, maxLength: 4 }),
    nodeZones: fc.dictionary(name, text, { maxKeys: 2 }),
  })
  .map(inventory);

/** The same inventory, every map in another order. */
export function shuffled(given: Inventory, seed: number): Inventory {
  const other = <T>(map: ReadonlyMap<string, T>): Map<string, T> => {
    const order = [...map].map((entry, index) => ({ entry, rank: Math.sin(seed + index * 7) }));
    return new Map(order.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry));
  };
  return {
    policies: other(given.policies),
    services: other(given.services),
    endpointSlices: other(given.endpointSlices),
    annotatedPods: other(given.annotatedPods),
    proxyPods: other(given.proxyPods),
    nodeZones: other(given.nodeZones),
    terminatingNamespaces: given.terminatingNamespaces,
  };
}
