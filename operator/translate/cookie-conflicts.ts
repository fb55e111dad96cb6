/**
 * Policies of one host whose cookies have the same name. A browser keeps the cookies of a host by name, whatever the port, and proxies set
 * all of theirs with Path=/, so a session cookie replaces any other one. Policies that hash on one cookie share it without harm: a proxy
 * makes it only where it is absent.
 */
import { overlap, scopeOf, type Claimant } from './conflicts.ts';
import { canonicalJson } from '../../proxy/snapshot/canonical.ts';
import { getOrInsert } from '../util/get-or-insert.ts';
import type { Match } from '../../proxy/snapshot/types.ts';
import type { ParsedPolicy } from './policy.ts';

type Kind = 'session' | 'hash';

/** Policies that differ in nothing that matters here, so that of thousands few are compared. */
interface Group {
  readonly kind: Kind;
  /** Proxies and port that it serves on. */
  readonly place: string;
  readonly selector: string;
  /** Never empty. */
  readonly hostnames: readonly string[];
  readonly members: Claimant[];
}

/** A message names this many policies and counts the rest. */
const MAX_NAMED = 3;
/**
 * Groups that a group is compared with for one of its host names, at most: so many with its selector, and so many with others. So cost is
 * not quadratic in any case.
 */
const MAX_COMPARED = 100;
/** In place of a host name: the policy serves every host. */
const EVERY_HOST = '*';

/**
 * What to tell a policy whose cookie is replaced, or replaces another one: sentences by the policy's key.
 * @param claimants policies that are accepted, in the order of their keys
 */
export function findCookieConflicts(claimants: readonly Claimant[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const byCookie = groupByCookie(claimants);
  if (byCookie.length === 0) return found;
  const taken = new Set(claimants.flatMap(({ policy }) => namesTaken(policy)));
  for (const [cookie, groups] of byCookie)
    for (const [group, rivals] of findRivals(groups, taken))
      for (const [key, sentence] of describe(cookie, group, [...rivals])) getOrInsert(found, key, () => []).push(sentence);
  return found;
}

/** By name of the cookie: the groups of each scope that has a session cookie of this name. */
function groupByCookie(claimants: readonly Claimant[]): (readonly [string, readonly Group[]])[] {
  const byCookie = new Map<string, { readonly name: string; readonly groups: Map<string, Group> }>();
  for (const claimant of claimants) {
    const { policy } = claimant;
    const cookie = cookieOf(policy);
    if (cookie === undefined || policy.port === undefined || policy.backends.every(({ weight }) => weight === 0)) continue;
    const { name, kind } = cookie;
    const key = canonicalJson([scopeOf(policy), name]);
    const { groups } = getOrInsert(byCookie, key, () => ({ name, groups: new Map<string, Group>() }));
    const group = groupOf(kind, policy, policy.port);
    getOrInsert(groups, canonicalJson(group), () => group).members.push(claimant);
  }
  return [...byCookie.values()]
    .map(({ name, groups }) => [name, [...groups.values()]] as const)
    .filter(([, groups]) => groups.some(({ kind }) => kind === 'session'));
}

/** The schema allows one of the two. */
function cookieOf({ sessionPersistence, loadBalancer }: ParsedPolicy): { kind: Kind; name: string } | undefined {
  if (sessionPersistence) return { kind: 'session', name: sessionPersistence.name };
  const hashOn = loadBalancer.type === 'ConsistentHash' ? loadBalancer.consistentHash.hashOn : undefined;
  return hashOn?.type === 'Cookie' ? { kind: 'hash', name: hashOn.name } : undefined;
}

function groupOf(kind: Kind, policy: ParsedPolicy, port: number): Group {
  return {
    kind,
    place: placeOf(policy, port),
    selector: canonicalJson(policy.selector),
    hostnames: namesOf(policy),
    members: [],
  };
}

function placeOf(policy: ParsedPolicy, port: number): string {
  return canonicalJson([scopeOf(policy), policy.selector, port]);
}

function namesOf({ hostnames }: ParsedPolicy): readonly string[] {
  return hostnames.length === 0 ? [EVERY_HOST] : hostnames;
}

/** Where the policy takes all requests for a host name, so that none goes to a policy with a wider one. */
function namesTaken(policy: ParsedPolicy): string[] {
  const { port, matches } = policy;
  if (port === undefined || !(matches.length === 0 || matches.some(isEveryRequest))) return [];
  return namesOf(policy).map((name) => `${placeOf(policy, port)} ${name}`);
}

function isEveryRequest({ path, method, headers }: Match): boolean {
  const everyPath = path === undefined || (path.type === 'PathPrefix' && path.value === '/');
  return everyPath && method === undefined && headers === undefined;
}

/**
 * The groups, each with those that serve one of its hosts as well and whose cookies are replaced, or replace its own.
 *
 * @param taken from `namesTaken`
 */
function findRivals(groups: readonly Group[], taken: ReadonlySet<string>): ReadonlyMap<Group, ReadonlySet<Group>> {
  const byName = new Map<string, Map<string, Group[]>>();
  for (const group of groups)
    for (const name of group.hostnames) {
      const bySelector = getOrInsert(byName, name, () => new Map<string, Group[]>());
      getOrInsert(bySelector, group.selector, () => []).push(group);
    }
  const onSameProxies = rememberOverlaps();
  const rivals = new Map(groups.map((group) => [group, new Set<Group>()]));
  for (const group of groups)
    for (const name of group.hostnames) {
      // Of two names for one host, the wider one is found from the narrower one.
      const covering = namesThatCover(name);
      for (const [i, wide] of covering.entries())
        for (const other of candidates(byName.get(wide), group.selector)) {
          if (group.kind === 'hash' && other.kind === 'hash') continue;
          if (covering.slice(0, i).some((narrower) => taken.has(`${other.place} ${narrower}`))) continue;
          if (!onSameProxies(group, other)) continue;
          rivals.get(group)?.add(other);
          rivals.get(other)?.add(group);
        }
    }
  return rivals;
}

function candidates(bySelector: ReadonlyMap<string, readonly Group[]> | undefined, selector: string): readonly Group[] {
  const found = bySelector?.get(selector)?.slice(0, MAX_COMPARED) ?? [];
  const limit = found.length + MAX_COMPARED;
  for (const [other, groups] of bySelector ?? []) {
    if (found.length >= limit) break;
    if (other !== selector) found.push(...groups.slice(0, limit - found.length));
  }
  return found;
}

/** The name itself, wildcards that it is under, and every host. */
function namesThatCover(name: string): string[] {
  if (name === EVERY_HOST) return [name];
  const labels = name.split('.').slice(1);
  return [...new Set([name, ...labels.map((_, i) => `*.${labels.slice(i).join('.')}`), EVERY_HOST])];
}

/** Whether policies of two groups are on the same proxies, which depends on their selectors only. */
function rememberOverlaps(): (a: Group, b: Group) => boolean {
  const known = new Map<string, boolean>();
  return (a, b) => {
    const [one, other] = [a.members[0], b.members[0]];
    if (one === undefined || other === undefined || a.selector === b.selector) return true;
    return getOrInsert(known, `${a.selector} ${b.selector}`, () => overlap(one, other));
  };
}

/** A sentence for each member of a group, and for each kind of cookies that it competes with. */
function* describe(cookie: string, group: Group, rivals: readonly Group[]): Generator<[key: string, sentence: string]> {
  for (const kind of ['session', 'hash'] as const) {
    const theirs = rivals.filter((rival) => rival.kind === kind);
    const total = theirs.reduce((sum, { members }) => sum + members.length, 0);
    // One more, as a policy is not its own rival.
    const first = theirs
      .flatMap(({ members }) => members.slice(0, MAX_NAMED + 1).map(({ policy }) => policy.key))
      .sort()
      .slice(0, MAX_NAMED + 1);
    for (const { policy } of group.members) {
      const others = total - (theirs.includes(group) ? 1 : 0);
      if (others === 0) continue;
      const named = first.filter((key) => key !== policy.key).slice(0, MAX_NAMED);
      const who = `${named.join(', ')}${others > named.length ? ` and ${others - named.length} more` : ''}`;
      yield [policy.key, sentenceOf(cookie, group.kind, kind, who, others > 1)];
    }
  }
}

function sentenceOf(cookie: string, own: Kind, other: Kind, who: string, several: boolean): string {
  const where = `On the same host, ${several ? 'policies' : 'policy'} ${who}`;
  const have = several ? 'have' : 'has';
  if (own === 'hash')
    return `${where} ${have} a session cookie ${cookie}, which replaces the cookie that this policy hashes on: give one of them another name`;
  if (other === 'hash')
    return `${where} ${several ? 'hash' : 'hashes'} on the cookie ${cookie}, which the session cookie of this policy replaces: give one of them another name`;
  return `${where} ${have} a session cookie ${cookie} as well, and each replaces the other: give each policy its own sessionPersistence.cookie.name`;
}
