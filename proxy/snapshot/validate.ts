import { Report } from './check.ts';
import type { WrongField } from './check.ts';
import { digest, snapshotDigest } from './canonical.ts';
import { MAX_ROUTES } from './limits.ts';
import * as schema from './schema.ts';
import type { HealthCheck, Listener, Snapshot } from './types.ts';

export type Validation =
  | { readonly ok: true; readonly snapshot: Snapshot; readonly digest: string }
  | { readonly ok: false; readonly wrong: readonly WrongField[] };

/**
 * Checks a parsed document against the wire contract and names every wrong field. Members that this version does not know are
 * ignored but stay in the document, since its digest and those of its parts are over what was sent. Never throws.
 */
export function validateSnapshot(document: unknown): Validation {
  const report = new Report();
  schema.snapshot(document, report);
  if (report.wrong().length > 0) return { ok: false, wrong: report.wrong() };
  const snapshot = document as Snapshot;
  checkListeners(snapshot, report);
  report.at('parts', snapshot.parts, () => checkParts(snapshot, report));
  const whole = digestOr(() => snapshotDigest(snapshot), report);
  return report.wrong().length === 0 && whole !== undefined
    ? { ok: true, snapshot, digest: whole }
    : { ok: false, wrong: report.wrong() };
}

function checkListeners({ listeners, pools }: Snapshot, report: Report): void {
  const routes = listeners.reduce((sum, listener) => sum + listener.routes.length, 0);
  if (routes > MAX_ROUTES) report.failAt(['listeners'], `have ${routes} routes, at most ${MAX_ROUTES} are allowed`);
  const known = new Set(pools.map((pool) => pool.id));
  report.at('listeners', listeners, () => {
    listeners.forEach((listener, i) => report.at(i, listener, () => checkDestinations(listener, known, report)));
  });
}

function checkDestinations(listener: Listener, known: ReadonlySet<string>, report: Report): void {
  for (const [i, route] of listener.routes.entries()) {
    for (const [j, destination] of route.destinations.entries()) {
      if (!known.has(destination.pool))
        report.failAt(['routes', i, 'destinations', j, 'pool'], 'names a pool that is not in the snapshot');
    }
  }
}

function checkParts({ parts }: Snapshot, report: Report): void {
  for (const [key, part] of Object.entries(parts)) {
    report.at(key, part, () => {
      checkActive(part.healthCheck, report);
      const found = digestOr(() => digest(part), report);
      if (found !== undefined && found !== key) report.fail(`has the digest ${found}`);
    });
  }
}

function checkActive({ active }: HealthCheck, report: Report): void {
  if (active === undefined) return;
  if (active.timeout > active.interval) report.failAt(['healthCheck', 'active', 'timeout'], 'is longer than the interval');
  if (active.type !== 'HTTP') return;
  for (const [i, range] of active.expectedStatuses.entries())
    if (range.from > range.to) report.failAt(['healthCheck', 'active', 'expectedStatuses', i], 'ends before it begins');
}

/** Unknown members may be nested without limit, which the digest refuses. */
function digestOr(compute: () => string, report: Report): string | undefined {
  try {
    return compute();
  } catch (error) {
    report.fail(error instanceof Error ? error.message : 'has no digest');
    return undefined;
  }
}

/** The digests that a snapshot's pools name and that neither its parts nor `held` has; each once. */
export function missingParts(snapshot: Snapshot, held: { has(digest: string): boolean }): readonly string[] {
  const missing = new Set<string>();
  for (const { digest } of snapshot.pools) if (!Object.hasOwn(snapshot.parts, digest) && !held.has(digest)) missing.add(digest);
  return [...missing];
}
