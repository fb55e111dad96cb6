/**
 * Which policies win where several claim the same. The older policy wins, then the one with the smaller `namespace/name`. A policy that
 * loses does so as a whole and claims nothing, so that it cannot make others lose.
 */
import { compareListenerSettings, listenerSettingsKey } from './listener-settings.ts';
import { canonicalJson } from '../../proxy/snapshot/canonical.ts';
import { MAX_EXPRESSIONS, MAX_LISTENERS, MAX_POOLS, MAX_ROUTES } from '../../proxy/snapshot/limits.ts';
import { boundPort, collidingPort, CONTROL_PORT, OBSERVE_PORT } from '../../proxy/snapshot/ports.ts';
import { countExpressions } from '../../proxy/snapshot/validate.ts';
import { getOrInsert } from '../util/get-or-insert.ts';
import type { Match } from '../../proxy/snapshot/types.ts';
import type { ParsedPolicy } from './policy.ts';
import type { Problem } from './field-parser.ts';

/** Ports of the proxies (9900, 9901) and of the operator (metrics and webhook), which may share an address on one machine. */
const RESERVED: readonly number[] = [CONTROL_PORT, OBSERVE_PORT, 9801, 9443];

/** A policy and the proxies that it selects. */
export interface Claimant {
  readonly policy: ParsedPolicy;
  readonly proxies: readonly string[];
}

/** Why policies lose, by key; a policy that wins is not in it. The order of `claimants` does not matter. */
export function findConflicts(claimants: readonly Claimant[]): ReadonlyMap<string, Problem> {
  const byScope = new Map<string, ClaimRegistry>();
  const losers = new Map<string, Problem>();
  for (const claimant of [...claimants].sort((a, b) => precedence(a.policy, b.policy))) {
    const scope = scopeOf(claimant.policy);
    const claims = getOrInsert(byScope, scope, () => new ClaimRegistry());
    const problem = claims.refuse(claimant);
    if (problem) losers.set(claimant.policy.key, problem);
    else claims.grant(claimant);
  }
  return losers;
}

/** Policies of two scopes are never on the same proxy. All gateways are one scope, and so are the sidecars of each namespace. */
export function scopeOf({ proxyType, namespace }: ParsedPolicy): string {
  return proxyType === 'Gateway' ? '' : namespace;
}

function precedence(a: ParsedPolicy, b: ParsedPolicy): number {
  return a.created - b.created || (a.key < b.key ? -1 : 1);
}

/** Everything granted so far in one scope. */
class ClaimRegistry {
  readonly #byPort = new Map<number, Claimant[]>();
  readonly #byMatch = new Map<string, Claimant[]>();
  /** By port and listener settings: most policies on a port have the same, so that few are compared. */
  readonly #bySettings = new Map<number, Map<string, Claimant[]>>();
  #routes = 0;
  #pools = 0;
  #expressions = 0;

  /** Why a policy loses; undefined when it wins. */
  refuse(claimant: Claimant): Problem | undefined {
    const { port } = claimant.policy;
    return (
      this.#beyondLimits(claimant.policy) ??
      (port === undefined
        ? undefined
        : (this.#portTaken(claimant, port) ?? this.#listenerDiffers(claimant, port) ?? this.#matchTaken(claimant, port)))
    );
  }

  grant(claimant: Claimant): void {
    const { port, references, matches } = claimant.policy;
    this.#pools += references.length;
    if (port === undefined) return;
    this.#routes++;
    this.#expressions += countExpressions(matches);
    getOrInsert(this.#byPort, port, () => []).push(claimant);
    const bySettings = getOrInsert(this.#bySettings, port, () => new Map<string, Claimant[]>());
    getOrInsert(bySettings, listenerSettingsKey(claimant.policy.listenerSettings), () => []).push(claimant);
    for (const { key } of listTerms(claimant.policy, port)) getOrInsert(this.#byMatch, key, () => []).push(claimant);
  }

  /** Counted over all proxies of the scope, so that no policy is served by some and refused by others. */
  #beyondLimits({ references, matches, port }: ParsedPolicy): Problem | undefined {
    const limit = (count: number, of: string): Problem => ({
      reason: 'LimitExceeded',
      message: `Older policies use up the ${count} ${of} that a proxy can hold: remove some of them`,
    });
    if (this.#pools + references.length > MAX_POOLS) return limit(MAX_POOLS, 'backends');
    if (this.#expressions + countExpressions(matches) > MAX_EXPRESSIONS) return limit(MAX_EXPRESSIONS, 'regular expressions');
    if (port !== undefined && this.#routes >= MAX_ROUTES) return limit(MAX_ROUTES, 'listening policies');
    if (port !== undefined && !this.#byPort.has(port) && this.#byPort.size >= MAX_LISTENERS) return limit(MAX_LISTENERS, 'ports');
    return undefined;
  }

  #portTaken(claimant: Claimant, port: number): Problem | undefined {
    const unavailable = (message: string): Problem => ({
      reason: 'PortUnavailable',
      message: `${message}: choose another listener.port`,
    });
    if (RESERVED.includes(port)) return unavailable(`Port ${port} is reserved for Outrigger itself`);
    const colliding = collidingPort(port);
    const holder = colliding === undefined ? undefined : this.#byPort.get(colliding)?.find((other) => overlap(claimant, other));
    if (holder === undefined) return undefined;
    const other = `port ${colliding} of policy ${holder.policy.key}`;
    return unavailable(
      boundPort(port) !== port
        ? `Gateways bind port ${port} as ${boundPort(port)}, which is ${other}`
        : `Gateways bind ${other} as ${port}`,
    );
  }

  #listenerDiffers(claimant: Claimant, port: number): Problem | undefined {
    const own = listenerSettingsKey(claimant.policy.listenerSettings);
    for (const [settings, others] of this.#bySettings.get(port) ?? []) {
      const winner = settings === own ? undefined : others.find((other) => overlap(claimant, other));
      if (winner === undefined) continue;
      const differences = compareListenerSettings(winner.policy.listenerSettings, claimant.policy.listenerSettings);
      const list = (member: 'field' | 'theirs' | 'ours'): string => differences.map((one) => one[member]).join(' and ');
      return {
        reason: 'ListenerConflict',
        message: `Policy ${winner.policy.key} ${seniority(winner.policy, claimant.policy)} and has ${list('theirs')} on port ${port}, where this policy has ${list('ours')}, and a port has one setting for all policies: make ${list('field')} the same in both, or choose another listener.port`,
      };
    }
    return undefined;
  }

  #matchTaken(claimant: Claimant, port: number): Problem | undefined {
    for (const { key, words } of listTerms(claimant.policy, port)) {
      const winner = this.#byMatch.get(key)?.find((other) => overlap(claimant, other));
      if (winner !== undefined)
        return {
          reason: 'Conflicted',
          message: `Policy ${winner.policy.key} ${seniority(winner.policy, claimant.policy)} and already takes ${words}: change matches, hostnames or port, or remove one of the two`,
        };
    }
    return undefined;
  }
}

function seniority(winner: ParsedPolicy, loser: ParsedPolicy): string {
  return winner.created < loser.created ? 'is older' : 'is as old and comes first by name';
}

/** Whether two policies are on the same proxies: at present, or, as their selectors are equal, as soon as there are any. */
export function overlap(a: Claimant, b: Claimant): boolean {
  if (canonicalJson(a.policy.selector) === canonicalJson(b.policy.selector)) return true;
  return a.proxies.some((uid) => b.proxies.includes(uid));
}

/** Each combination of host and match of a policy, once, in a canonical form. */
function listTerms({ hostnames, matches }: ParsedPolicy, port: number): { key: string; words: string }[] {
  const hosts = hostnames.length === 0 ? ['*'] : hostnames;
  const terms = matches.length === 0 ? [{}] : matches;
  return hosts.flatMap((host) =>
    terms.map((match) => {
      const normal = normalise(match);
      return { key: canonicalJson([port, host, normal]), words: describe(port, host, normal) };
    }),
  );
}

type NormalMatch = Required<Pick<Match, 'path'>> & Omit<Match, 'path'>;

/** No path means every path. A slash at the end of a prefix, and the order of headers, do not matter. */
function normalise({ path = { type: 'PathPrefix', value: '/' }, method, headers = [] }: Match): NormalMatch {
  const value = path.type === 'PathPrefix' && path.value.length > 1 ? path.value.replace(/\/$/, '') : path.value;
  return {
    path: { type: path.type, value },
    ...(method !== undefined && { method }),
    headers: [...headers].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

const PATH_WORDS = { Exact: 'exactly the path', PathPrefix: 'paths under', RegularExpression: 'paths described by' } as const;

function describe(port: number, host: string, { path, method, headers = [] }: NormalMatch): string {
  const where = `${method ?? 'every method'} on ${host === '*' ? 'every host' : host}, port ${port}`;
  const what = `${PATH_WORDS[path.type]} ${path.value.slice(0, 100)}`;
  return `${where}, ${what}${headers.length > 0 ? `, with header ${headers.map(({ name }) => name).join(', ')}` : ''}`;
}
