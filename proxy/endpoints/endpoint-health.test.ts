import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logger } from 'pino';
import type { OnChange, ProbeTarget } from '../health/endpoint-check.ts';
import type { Prober } from '../health/prober.ts';
import { createHealthLog } from '../observe/log.ts';
import type { ActiveCheck } from '../snapshot/types.ts';
import { EndpointHealth } from './endpoint-health.ts';
import type { EndpointState } from './endpoint-state.ts';

const TIMING = { interval: 1000, timeout: 500, unhealthyThreshold: 1, healthyThreshold: 1 };
const expectedStatuses = [
  { from: 200, to: 399 },
  { from: 418, to: 418 },
];
const HTTP: ActiveCheck = { ...TIMING, type: 'HTTP', method: 'GET', path: '/healthz', expectedStatuses };

/** The lines that are logged when the check turns like this. */
function logged(active: ActiveCheck, turns: readonly (readonly [healthy: boolean, detail: string])[]): unknown[] {
  const lines: unknown[] = [];
  const log = createHealthLog({ info: (line: unknown) => void lines.push(line) } as unknown as Logger);
  let turn: OnChange = assert.fail;
  const watch = (_target: ProbeTarget, _check: ActiveCheck, onChange: OnChange) => void (turn = onChange);
  const passive = { consecutiveConnectFailures: 3, baseEjectionTime: 1000, maxEjectionPercent: 50 };
  const deps = { prober: { watch } as unknown as Prober, now: () => 0, log, news: () => undefined };
  const events = { changed: () => undefined, firstProbePassed: () => undefined };
  const health = new EndpointHealth('shop/web', { active, passive }, deps, events);
  health.watch({ hashKey: 'pod-1:80', index: -1 } as EndpointState);
  for (const [healthy, detail] of turns) turn(healthy, detail);
  return lines;
}

test('one line each time that the active check turns, with the evidence', () => {
  const of = { pool: 'shop/web', endpoint: 'pod-1:80' };
  const down = { ...of, from: 'healthy', to: 'unhealthy' };
  assert.deepEqual(
    logged(HTTP, [
      [false, 'HTTP 404'],
      [true, 'HTTP 200'],
      [false, 'timeout'],
    ]),
    [
      { ...down, evidence: 'GET /healthz: HTTP 404, expected 200-399, 418' },
      { ...of, from: 'unhealthy', to: 'healthy', evidence: 'GET /healthz: HTTP 200' },
      { ...down, evidence: 'GET /healthz: timeout' },
    ],
  );
  assert.deepEqual(logged({ ...TIMING, type: 'TCP' }, [[false, 'connection refused']]), [
    { ...down, evidence: 'TCP connection: connection refused' },
  ]);
  const grpc = { ...TIMING, type: 'GRPC', service: 'shop.Cart' } as const;
  assert.deepEqual(logged(grpc, [[false, 'NOT_SERVING']]), [{ ...down, evidence: 'gRPC health of shop.Cart: NOT_SERVING' }]);
});
