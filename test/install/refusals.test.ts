/** Values that helm refuses before anything is sent to a cluster, and its messages. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { render, template, whyNoHelm } from './helm.ts';

/** A mistake, and the message that identifies it. */
const MISTAKES: readonly (readonly [values: object, message: RegExp])[] = [
  [{ gatway: {} }, /at '': additional properties 'gatway' not allowed/],
  [{ gateway: { replica: 3 } }, /at '\/gateway': additional properties 'replica' not allowed/],
  [{ gateway: { replicas: '3' } }, /at '\/gateway\/replicas': got string, want integer/],
  [{ gateway: { replicas: -1 } }, /at '\/gateway\/replicas': minimum: got -1, want 0/],
  [{ gateway: { service: null } }, /at '\/gateway': missing property 'service'/],
  [{ gateway: { maxSurge: 0 } }, /at '\/gateway\/maxSurge': minimum: got 0, want 1/],
  [{ gateway: { maxSurge: '0%' } }, /at '\/gateway\/maxSurge': '0%' does not match pattern/],
  [{ gateway: { drainDelaySeconds: 7200 } }, /at '\/gateway\/drainDelaySeconds': maximum: got 7,200, want 3,600/],
  [{ gateway: { drainTimeoutSeconds: 1.5 } }, /at '\/gateway\/drainTimeoutSeconds': got number, want integer/],
  [{ gateway: { accessLogUnroutedPercent: 101 } }, /at '\/gateway\/accessLogUnroutedPercent': maximum: got 101, want 100/],
  [{ sidecar: { accessLogUnroutedPercent: 0.5 } }, /at '\/sidecar\/accessLogUnroutedPercent': got number, want integer/],
  [{ gateway: { upstreamEngine: 'nginx' } }, /at '\/gateway\/upstreamEngine': value must be one of '', 'http1', 'http-proxy'/],
  [
    { sidecar: { downstreamEngine: 'http-proxy' } },
    /at '\/sidecar\/downstreamEngine': value must be one of '', 'http1', 'node-http'/,
  ],
  [
    { gateway: { service: { type: 'ExternalName' } } },
    /at '\/gateway\/service\/type': value must be one of 'LoadBalancer', 'NodePort', /,
  ],
  [{ gateway: { service: { annotations: { a: 1 } } } }, /at '\/gateway\/service\/annotations\/a': got number, want string/],
  [{ gateway: { allowed: { a: { ports: ['80-'] } } } }, /at '\/gateway\/allowed\/a\/ports\/0': '80-' does not match pattern/],
  [
    { gateway: { allowed: { a: { ports: ['90-80'] } } } },
    /gateway\.allowed\.a\.ports: "90-80" must be a port from 1 to 65535, or a range/,
  ],
  [
    { gateway: { allowed: { a: { ports: ['80-70000'] } } } },
    /gateway\.allowed\.a\.ports: "80-70000" must be a port from 1 to 65535/,
  ],
  [{ gateway: { allowed: { a: { hostnames: ['A.example'] } } } }, /a\/hostnames\/0': 'A\.example' does not match pattern/],
  [{ gateway: { allowed: { a: { ports: [70000] } } } }, /at '\/gateway\/allowed\/a\/ports\/0': maximum: got 70,000, want 65,535/],
  [{ gateway: { allowed: { a: { hosts: [] } } } }, /at '\/gateway\/allowed\/a': additional properties 'hosts' not allowed/],
  [{ gateway: { allowed: { 'A b': {} } } }, /'A b' does not match pattern/],
  [
    { gateway: { resources: { limits: { memory: 'much' } } } },
    /at '\/gateway\/resources\/limits\/memory': 'much' does not match/,
  ],
  [{ operator: { replicas: 0 } }, /at '\/operator\/replicas': minimum: got 0, want 1/],
  [{ operator: { logLevel: 'loud' } }, /at '\/operator\/logLevel': value must be one of 'trace', 'debug', 'info', /],
  [{ operator: { extraArgs: '--bind=::' } }, /at '\/operator\/extraArgs': got string, want array/],
  [{ images: { proxy: { digest: 'latest' } } }, /at '\/images\/proxy\/digest': 'latest' does not match pattern/],
  [
    { images: { proxy: { repository: 'outrigger/proxy:1' } } },
    /at '\/images\/proxy\/repository': 'outrigger\/proxy:1' does not match/,
  ],
  [{ imagePullSecrets: ['mirror'] }, /at '\/imagePullSecrets\/0': got string, want object/],
  [{ sidecar: { excludedNamespaces: ['*'] } }, /at '\/sidecar\/excludedNamespaces\/0': '\*' does not match pattern/],
  [{ monitoring: { podMonitor: { interval: '15' } } }, /at '\/monitoring\/podMonitor\/interval': '15' does not match pattern/],
  [
    { gateway: { autoscaling: { minReplicas: 20 } } },
    /gateway\.autoscaling\.minReplicas is 20, more than maxReplicas \(10\): raise maxReplicas, or lower minReplicas/,
  ],
];

describe('mistakes in values are refused with a message that identifies them', { skip: whyNoHelm }, () => {
  for (const [values, message] of MISTAKES) {
    test(JSON.stringify(values), () => {
      const { code, err } = template({ values });
      assert.equal(code, 1);
      assert.match(err, message);
    });
  }
});

test('unusual but valid values are accepted', { skip: whyNoHelm }, () => {
  const accepted = [
    { global: { anything: true } },
    { images: { proxy: { repository: 'localhost:5000/lb/out_rigger' } } },
    { gateway: { resources: { limits: null } } },
    { gateway: { allowed: { '*': { ports: [] } } } },
    { gateway: { maxSurge: 1, replicas: 0, autoscaling: { enabled: false } } },
  ];
  for (const values of accepted) assert.ok(render({ values }).length > 10, JSON.stringify(values));
});
