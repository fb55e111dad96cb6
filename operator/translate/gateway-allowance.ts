/** Which ports and host names of the shared gateways each namespace may use. Pure. */
import type { ParsedPolicy } from './policy.ts';
import type { Problem } from './field-parser.ts';

/** Both ends are included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** For one namespace. An absent member restricts nothing, an empty one allows nothing. */
export interface Allowance {
  readonly ports?: readonly PortRange[];
  /** Exact names, `*.suffix` (any name under it) or `*` (every name, and none at all). */
  readonly hostnames?: readonly string[];
}

/** By namespace, or `*` for namespaces that are not named. Empty: everything is allowed. */
export type Allowed = ReadonlyMap<string, Allowance>;

/** A message shows this many names or ranges and counts the rest. */
const MAX_SHOWN = 16;
const WHOM_TO_ASK = 'ask whoever runs Outrigger to change gateway.allowed';

/**
 * Why a namespace may not use what its policy asks for. A policy without a listener uses nothing.
 *
 * | the namespace is                | its policies may use |
 * |---------------------------------|----------------------|
 * | named                           | what it says there   |
 * | not named, and `*` is           | what `*` says        |
 * | not named, as `*`, others are   | nothing              |
 * | nor is any other                | everything           |
 */
export function refusedByAllowance(policy: ParsedPolicy, allowed: Allowed): Problem[] {
  const { namespace, port } = policy;
  if (port === undefined || allowed.size === 0) return [];
  const allowance = allowed.get(namespace) ?? allowed.get('*');
  if (allowance === undefined) {
    const message = `Namespace ${namespace} may not use the gateways: ${WHOM_TO_ASK}`;
    return [{ reason: 'PortUnavailable', message }];
  }
  return [...refusedPort(namespace, port, allowance), ...refusedHostnames(policy, allowance)];
}

function refusedPort(namespace: string, port: number, { ports }: Allowance): Problem[] {
  if (ports === undefined || ports.some(({ first, last }) => first <= port && port <= last)) return [];
  const message =
    ports.length === 0
      ? `Namespace ${namespace} may not use any port of the gateways: ${WHOM_TO_ASK}`
      : `Namespace ${namespace} may not use port ${port} of the gateways, only ${list(ports.map(rangeText))}: choose one of these as listener.port, or ${WHOM_TO_ASK}`;
  return [{ reason: 'PortUnavailable', message }];
}

function refusedHostnames({ namespace, hostnames }: ParsedPolicy, { hostnames: patterns }: Allowance): Problem[] {
  if (patterns === undefined || patterns.includes('*')) return [];
  const refused = hostnames.filter((host) => !patterns.some((pattern) => covers(pattern, host)));
  if (hostnames.length > 0 && refused.length === 0) return [];
  const asked = hostnames.length === 0 ? 'every host name' : `the host name${refused.length > 1 ? 's' : ''} ${list(refused)}`;
  const message =
    patterns.length === 0
      ? `Namespace ${namespace} may not use any host name of the gateways: ${WHOM_TO_ASK}`
      : `Namespace ${namespace} may not use ${asked} of the gateways, only ${list(patterns)}: name some of these in listener.hostnames, or ${WHOM_TO_ASK}`;
  return [{ reason: 'NotAllowedByListeners', message }];
}

/** Whether every name that `host` (exact, or `*.suffix`) stands for is one that the pattern allows. */
function covers(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  return host === pattern || (host.startsWith('*.') ? host.slice(1) : host).endsWith(pattern.slice(1));
}

function rangeText({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}

function list(items: readonly string[]): string {
  const rest = items.length - MAX_SHOWN;
  return `${items.slice(0, MAX_SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
