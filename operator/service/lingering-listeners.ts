/** Keeps listeners for a while after their policies are gone: pure. */
import { MAX_EXPRESSIONS, MAX_LISTENERS, MAX_POOLS, MAX_ROUTES } from '../../proxy/snapshot/limits.ts';
import type { Listener, Route } from '../../proxy/snapshot/types.ts';
import { countExpressions } from '../../proxy/snapshot/validate.ts';
import { boundPort } from '../../proxy/snapshot/ports.ts';
import type { SnapshotContent, Translation } from '../translate/types.ts';

/** Ports that some present proxy had in the last translation and does not have in the next. */
export function removedPorts(next: Translation, last: Translation | undefined): ReadonlySet<number> {
  const removed = new Set<number>();
  forEachChange(next, last, (before, after) => {
    const kept = new Set(after.listeners.map(({ port }) => port));
    for (const { port } of before.listeners) if (!kept.has(port)) removed.add(port);
  });
  return removed;
}

/**
 * The next translation, plus those listeners of the last one on `held` ports that it would remove from a proxy, with their routes and
 * the pools that these name. Everything else is from the next translation, so that nothing else waits.
 */
export function keepListeners(next: Translation, last: Translation | undefined, held: ReadonlySet<number>): Translation {
  if (held.size === 0) return next;
  const contents = new Map(next.contents);
  const selections = new Map<string, string>();
  forEachChange(next, last, (before, after, uid, selection) => {
    const merged = keep(after, before, held);
    if (merged === after) return;
    // Proxies with the same last and next content share a selection.
    const key = `${selection}\n${identityOf(before)}`;
    if (!contents.has(key)) contents.set(key, merged);
    selections.set(uid, key);
  });
  if (selections.size === 0) return next;
  const proxies = next.proxies.map((target) => ({ ...target, selection: selections.get(target.uid) ?? target.selection }));
  return { ...next, contents, proxies };
}

const identities = new WeakMap<SnapshotContent, number>();
let count = 0;

/** Contents are immutable, so the object identifies the content. */
function identityOf(content: SnapshotContent): number {
  const known = identities.get(content);
  if (known !== undefined) return known;
  identities.set(content, ++count);
  return count;
}

type Change = (before: SnapshotContent, after: SnapshotContent, uid: string, selection: string) => void;

/** Calls back for each proxy that is in both translations with different contents. */
function forEachChange(next: Translation, last: Translation | undefined, change: Change): void {
  const before = new Map(last?.proxies.map((target) => [target.uid, last.contents.get(target.selection)]));
  for (const { uid, selection } of next.proxies) {
    const [old, fresh] = [before.get(uid), next.contents.get(selection)];
    if (old !== undefined && fresh !== undefined && old !== fresh) change(old, fresh, uid, selection);
  }
}

function keep(next: SnapshotContent, last: SnapshotContent, held: ReadonlySet<number>): SnapshotContent {
  const bound = new Set(next.listeners.map(({ port }) => boundPort(port)));
  const kept = last.listeners.filter(({ port }) => held.has(port) && !bound.has(boundPort(port)));
  if (kept.length === 0) return next;
  const needed = new Set(kept.flatMap(({ routes }) => routes).flatMap(poolsOf));
  const known = new Set(next.pools.map(({ id }) => id));
  const pools = last.pools.filter(({ id }) => needed.has(id) && !known.has(id));
  const merged: SnapshotContent = {
    listeners: [...next.listeners, ...kept].sort((a, b) => a.port - b.port),
    pools: [...next.pools, ...pools].sort((a, b) => (a.id < b.id ? -1 : 1)),
    parts: new Map([...pools.flatMap(({ digest }) => partOf(last, digest)), ...next.parts]),
    generations: next.generations,
    ...(next.uids && { uids: next.uids }),
  };
  return isTooLarge(merged) ? next : merged;
}

function partOf({ parts }: SnapshotContent, digest: string) {
  const part = parts.get(digest);
  return part === undefined ? [] : [[digest, part] as const];
}

function poolsOf({ destinations, fallback }: Route): string[] {
  return [...destinations.map(({ pool }) => pool), ...(fallback?.type === 'Backend' ? [fallback.pool] : [])];
}

/** A proxy would refuse the document as a whole. */
function isTooLarge({ listeners, pools }: SnapshotContent): boolean {
  const routes = listeners.flatMap((listener: Listener) => listener.routes);
  const expressions = routes.reduce((sum, { matches }) => sum + countExpressions(matches), 0);
  return (
    listeners.length > MAX_LISTENERS || pools.length > MAX_POOLS || routes.length > MAX_ROUTES || expressions > MAX_EXPRESSIONS
  );
}
