/** What an active check does and finds, in words: for the log, and for the status of policies. PURE. */
import type { ActiveCheck } from '../snapshot/types.ts';

/** What a probe does: `GET /healthz`. */
export function describeCheck(check: ActiveCheck): string {
  if (check.type === 'TCP') return 'TCP connection';
  if (check.type === 'GRPC') return `gRPC health of ${check.service ?? 'the server'}`;
  return `${check.method} ${check.path}`;
}

/** What a probe found: `HTTP 404, expected 200-399`. `detail`: of its result. */
export function describeFinding(check: ActiveCheck, healthy: boolean, detail: string): string {
  // Other failures than a status, a timeout for example, have nothing to do with the statuses that are expected.
  if (check.type !== 'HTTP' || healthy || !detail.startsWith('HTTP ')) return detail;
  const expected = check.expectedStatuses.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
  return `${detail}, expected ${expected}`;
}

/** Both: `GET /healthz: HTTP 404, expected 200-399`. */
export function describeProbe(check: ActiveCheck, healthy: boolean, detail: string): string {
  return `${describeCheck(check)}: ${describeFinding(check, healthy, detail)}`;
}
