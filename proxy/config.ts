/** Reads flags and environment into one frozen, validated Config. Every mistake is collected, so that one start shows them all. */
import { parseArgs } from 'node:util';
import { LOG_LEVELS } from './observe/log.ts';
import { CONTROL_PORT, OBSERVE_PORT } from './snapshot/ports.ts';

/** Engines of the client's side, by name, the default first; data-plane.ts makes them. */
export const DOWNSTREAM_ENGINES = ['http1', 'node-http'] as const;
export type DownstreamEngineName = (typeof DOWNSTREAM_ENGINES)[number];
/** Engines of the backend's side, by name, the default first; data-plane.ts makes them. */
export const UPSTREAM_ENGINES = ['http1', 'http-proxy'] as const;
export type UpstreamEngineName = (typeof UPSTREAM_ENGINES)[number];

export interface Config {
  readonly mode: 'gateway' | 'sidecar';
  /** Address for every port; undefined: all addresses, and loopback for the listeners of a sidecar. */
  readonly bind: string | undefined;
  readonly controlPort: number;
  readonly observePort: number;
  /** File with the operator's public keys, one per line; undefined if the environment has them. */
  readonly trustFile: string | undefined;
  readonly trustedKeys: readonly string[];
  readonly stateDir: string;
  /** Milliseconds. */
  readonly drainDelay: number;
  readonly drainTimeout: number;
  readonly maxConnections: number;
  readonly downstreamEngine: DownstreamEngineName;
  readonly upstreamEngine: UpstreamEngineName;
  readonly logLevel: string;
  /** The share of requests without a route that the access log has, 0-100. */
  readonly accessLogUnrouted: number;
  /** Whether the observe port serves the stats page. */
  readonly stats: boolean;
  readonly podUid: string;
  readonly podName: string;
}

export const HELP = `outrigger proxy: load-balances over the endpoints that the operator pushes

  --mode gateway|sidecar   kind of this pod (gateway)
  --bind ADDRESS           address to bind (all; listeners of a sidecar: loopback)
  --control-port PORT      port of the push API (${CONTROL_PORT})
  --observe-port PORT      /healthz, /readyz, /metrics and /stats (${OBSERVE_PORT})
  --stats on|off           serve /stats on the observe port, without authentication (on)
  --trust-file FILE        the operator's public keys, one per line (/etc/outrigger/trust/keys)
  --state-dir DIR          directory for the last good snapshot and the fence (/var/lib/outrigger)
  --drain-delay TIME       keep accepting for this long after SIGTERM (10s)
  --drain-timeout TIME     then wait this long for requests in progress (30s)
  --max-connections N      maximum of open client connections per listener (10000)
  --downstream-engine NAME what speaks to clients: ${DOWNSTREAM_ENGINES.join(', ')} (${DOWNSTREAM_ENGINES[0]})
  --upstream-engine NAME   what speaks to backends: ${UPSTREAM_ENGINES.join(', ')} (${UPSTREAM_ENGINES[0]})
  --access-log-unrouted PERCENT
                           log this share of the requests that match no policy or are refused, 0-100 (0)
  --log-level LEVEL        ${LOG_LEVELS.join(', ')} (info)
  --help

environment
  OUTRIGGER_POD_UID        UID of this pod; pushes for another pod are refused (required)
  OUTRIGGER_POD_NAME       name of this pod, for logs
  OUTRIGGER_TRUSTED_KEYS   the operator's public keys, separated by commas, instead of --trust-file
`;

const OPTIONS = {
  mode: { type: 'string', default: 'gateway' },
  bind: { type: 'string' },
  'control-port': { type: 'string', default: String(CONTROL_PORT) },
  'observe-port': { type: 'string', default: String(OBSERVE_PORT) },
  'trust-file': { type: 'string', default: '/etc/outrigger/trust/keys' },
  'state-dir': { type: 'string', default: '/var/lib/outrigger' },
  'drain-delay': { type: 'string', default: '10s' },
  'drain-timeout': { type: 'string', default: '30s' },
  'max-connections': { type: 'string', default: '10000' },
  'downstream-engine': { type: 'string', default: DOWNSTREAM_ENGINES[0] },
  'upstream-engine': { type: 'string', default: UPSTREAM_ENGINES[0] },
  'log-level': { type: 'string', default: 'info' },
  'access-log-unrouted': { type: 'string', default: '0' },
  stats: { type: 'string', default: 'on' },
  help: { type: 'boolean', default: false },
} as const;

/** Returns the configuration, `help`, or the mistakes, one sentence each. */
export function readConfig(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Config | 'help' | { readonly errors: readonly string[] } {
  let flags;
  try {
    flags = parseArgs({ args: [...argv], options: OPTIONS, strict: true }).values;
  } catch (error) {
    return { errors: [(error as Error).message] };
  }
  if (flags.help) return 'help';
  const errors: string[] = [];
  const number = (name: 'control-port' | 'observe-port' | 'max-connections' | 'access-log-unrouted', max: number, min = 1) => {
    const value = /^[0-9]+$/.test(flags[name]) ? Number(flags[name]) : NaN;
    if (!(value >= min && value <= max)) errors.push(`--${name} must be a whole number from ${min} to ${max}`);
    return value;
  };
  const duration = (name: 'drain-delay' | 'drain-timeout') => {
    const value = parseDuration(flags[name]);
    if (value === undefined) errors.push(`--${name} must be a duration such as 500ms, 10s or 1m`);
    return value ?? 0;
  };
  const oneOf = <T extends string>(
    name: 'mode' | 'log-level' | 'stats' | 'downstream-engine' | 'upstream-engine',
    allowed: readonly T[],
  ): T => {
    const value = flags[name] as T;
    if (!allowed.includes(value)) errors.push(`--${name} must be one of ${allowed.join(', ')}`);
    return value;
  };
  const inline = env['OUTRIGGER_TRUSTED_KEYS'];
  const config: Config = {
    mode: oneOf('mode', ['gateway', 'sidecar']),
    bind: flags.bind,
    controlPort: number('control-port', 65535),
    observePort: number('observe-port', 65535),
    trustFile: inline === undefined ? flags['trust-file'] : undefined,
    trustedKeys: inline === undefined ? [] : parseKeys(inline),
    stateDir: flags['state-dir'],
    drainDelay: duration('drain-delay'),
    drainTimeout: duration('drain-timeout'),
    maxConnections: number('max-connections', 1_000_000),
    downstreamEngine: oneOf('downstream-engine', DOWNSTREAM_ENGINES),
    upstreamEngine: oneOf('upstream-engine', UPSTREAM_ENGINES),
    logLevel: oneOf('log-level', LOG_LEVELS),
    accessLogUnrouted: number('access-log-unrouted', 100, 0),
    stats: oneOf('stats', ['on', 'off']) === 'on',
    podUid: env['OUTRIGGER_POD_UID'] ?? '',
    podName: env['OUTRIGGER_POD_NAME'] ?? 'proxy',
  };
  if (config.podUid === '') errors.push('OUTRIGGER_POD_UID must be set to the UID of this pod (downward API: metadata.uid)');
  return errors.length > 0 ? { errors } : Object.freeze(config);
}

/** Public keys from text: one per line, or separated by commas; blank lines and lines that begin with # are skipped. */
export function parseKeys(text: string): string[] {
  return text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a GEP-2257 duration; undefined if the text is not one. */
function parseDuration(text: string): number | undefined {
  if (!/^(?:[0-9]{1,5}(?:h|m|s|ms)){1,4}$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/([0-9]+)(ms|h|m|s)/g)) total += Number(count) * (UNITS[unit as string] as number);
  return total;
}
