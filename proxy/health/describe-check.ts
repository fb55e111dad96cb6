import type { ActiveCheck } from '../snapshot/types.ts';

/** What a probe did and found, for people: `GET /healthz: HTTP 404, expected 200-399`. PURE. */
export function describeProbe(check: ActiveCheck, healthy: boolean, detail: string): string {
  if (check.type === 'TCP') return `TCP connection: ${detail}`;
  if (check.type === 'GRPC') return `gRPC health of ${check.service ?? 'the server'}: ${detail}`;
  const expected = check.expectedStatuses.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
  // Other failures than a status, a timeout for example, have nothing to do with the statuses that are expected.
  const suffix = !healthy && detail.startsWith('HTTP ') ? `, expected ${expected}` : '';
  return `${check.method} ${check.path}: ${detail}${suffix}`;
}
