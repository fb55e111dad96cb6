import { Report } from './check.ts';
import type { WrongField } from './check.ts';
import { digest, snapshotDigest } from './canonical.ts';
import { MAX_EXPRESSIONS, MAX_ROUTES } from './limits.ts';
import * as schema from './schema.ts';
import type { HealthCheck, Listener, Match, Route, Snapshot } from './types.ts';

export type Validation =
  | { readonly ok: true; readonly snapshot: Snapshot; readonly digest: string }
  | { readonly ok: false; readonly wrong: readonly WrongField[] };

/**
 * Checks a parsed document against the wire contract and names every wrong field. Unknown members are ignored but stay in the
 * document, since its digest and those of its parts are computed over it as sent. Never throws.
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
  const expressions = listeners
    .flatMap((listener) => listener.routes)
    .reduce((sum, { matches }) => sum + countExpressions(matches), 0);
  if (expressions > MAX_EXPRESSIONS)
    report.failAt(['listeners'], `have ${expressions} regular expressions, at most ${MAX_EXPRESSIONS} are allowed`);
  const known = new Set(pools.map((pool) => pool.id));
  report.at('listeners', listeners, () => {
    listeners.forEach((listener, i) =>
      report.at(i, listener, () => {
        checkDestinations(listener, known, report);
        for (const [j, route] of listener.routes.entries()) checkFilters(route, ['routes', j], report);
      }),
    );
  });
}

/** Number of regular expressions in the matches of a route. */
export function countExpressions(matches: readonly Match[]): number {
  const isOne = (term: { readonly type?: string } | undefined): boolean => term?.type === 'RegularExpression';
  return matches.reduce((sum, { path, headers = [] }) => sum + Number(isOne(path)) + headers.filter(isOne).length, 0);
}

function checkFilters(route: Route, at: readonly (string | number)[], report: Report): void {
  const { destinations, matches, urlRewrite, requestHeaderModifier, requestRedirect, fallback } = route;
  if (requestRedirect === undefined && destinations.length === 0) report.failAt([...at, 'destinations'], 'are empty');
  if (requestRedirect !== undefined && (destinations.length > 0 || urlRewrite || requestHeaderModifier || fallback))
    report.failAt([...at, 'requestRedirect'], 'excludes backends, fallback, urlRewrite and requestHeaderModifier');
  const byPrefix = matches.every(({ path }) => path === undefined || path.type === 'PathPrefix');
  for (const filter of ['urlRewrite', 'requestRedirect'] as const)
    if (route[filter]?.path?.type === 'ReplacePrefixMatch' && !byPrefix)
      report.failAt([...at, filter, 'path', 'type'], 'is ReplacePrefixMatch, which needs every match to be a PathPrefix');
}

const UNKNOWN_POOL = 'names a pool that is not in the snapshot';

function checkDestinations(listener: Listener, known: ReadonlySet<string>, report: Report): void {
  for (const [i, route] of listener.routes.entries()) {
    for (const [j, destination] of route.destinations.entries()) {
      if (!known.has(destination.pool)) report.failAt(['routes', i, 'destinations', j, 'pool'], UNKNOWN_POOL);
    }
    if (route.fallback?.type === 'Backend' && !known.has(route.fallback.pool))
      report.failAt(['routes', i, 'fallback', 'pool'], UNKNOWN_POOL);
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

/** Unknown members may be nested without limit, for which the digest throws. */
function digestOr(compute: () => string, report: Report): string | undefined {
  try {
    return compute();
  } catch (error) {
    report.fail(error instanceof Error ? error.message : 'has no digest');
    return undefined;
  }
}

/** The digests in `pools` that neither `parts` nor `held` has; each once. */
export function missingParts(snapshot: Snapshot, held: { has(digest: string): boolean }): readonly string[] {
  const missing = new Set<string>();
  for (const { digest } of snapshot.pools) if (!Object.hasOwn(snapshot.parts, digest) && !held.has(digest)) missing.add(digest);
  return [...missing];
}
