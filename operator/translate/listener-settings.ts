/**
 * Settings of a listener itself: the same in all policies on a port (conflicts.ts). Each is absent where it has its default, so that
 * policies which write the default out agree with those that leave it away, and snapshots do not change by it.
 */
import { DEFAULTS } from '../api/defaults.ts';
import { canonicalJson } from '../../proxy/snapshot/canonical.ts';
import type { ClientAddressSpec, ListenerSpec, PathNormalizationSpec } from '../api/policy.gen.ts';
import type { ClientAddress, Listener, PathNormalization } from '../../proxy/snapshot/types.ts';

export type ListenerSettings = Pick<Listener, 'clientAddress' | 'pathNormalization'>;

export function readListenerSettings({ clientAddress, pathNormalization }: Partial<ListenerSpec> = {}): ListenerSettings {
  const client = readClientAddress(clientAddress);
  const paths = readPathNormalization(pathNormalization);
  return { ...(client && { clientAddress: client }), ...(paths && { pathNormalization: paths }) };
}

/** Undefined where X-Forwarded-For is not believed. Equal for settings that differ only in order or case of ranges. */
function readClientAddress({ trustedHops = 0, trustedCIDRs }: ClientAddressSpec = {}): ClientAddress | undefined {
  if (trustedCIDRs) return { trustedCIDRs: [...new Set(trustedCIDRs.map((range) => range.toLowerCase()))].sort() };
  return trustedHops === 0 ? undefined : { trustedHops };
}

function readPathNormalization(given: PathNormalizationSpec = {}): PathNormalization | undefined {
  const { decodeUnreserved, mergeSlashes, encodedSlash } = { ...DEFAULTS.pathNormalization, ...given };
  const whole = { decodeUnreserved, mergeSlashes, encodedSlash };
  return canonicalJson(whole) === canonicalJson(DEFAULTS.pathNormalization) ? undefined : whole;
}

/** Equal for policies that can share a port. */
export function listenerSettingsKey(settings: ListenerSettings): string {
  return canonicalJson(settings);
}

/** A setting that two policies have in different ways, in words, such as `clientAddress with trustedHops 2`. */
interface Difference {
  /** Path within the policy. */
  readonly field: string;
  readonly theirs: string;
  readonly ours: string;
}

export function compareListenerSettings(theirs: ListenerSettings, ours: ListenerSettings): Difference[] {
  return SETTINGS.filter(({ of }) => canonicalJson(of(theirs)) !== canonicalJson(of(ours))).map(({ field, describe }) => ({
    field,
    theirs: describe(theirs),
    ours: describe(ours),
  }));
}

/** What can differ: its path within the policy, its value, and words for it. */
const SETTINGS = [
  {
    field: 'listener.clientAddress',
    of: ({ clientAddress }: ListenerSettings): unknown => clientAddress ?? null,
    describe: ({ clientAddress }: ListenerSettings) => describeClientAddress(clientAddress),
  },
  ...(['decodeUnreserved', 'mergeSlashes', 'encodedSlash'] as const).map((member) => ({
    field: `listener.pathNormalization.${member}`,
    of: (settings: ListenerSettings): unknown => pathNormalizationOf(settings)[member],
    describe: (settings: ListenerSettings) => {
      const value = pathNormalizationOf(settings)[member];
      return `${member} ${value}${value === DEFAULTS.pathNormalization[member] ? ' (the default)' : ''}`;
    },
  })),
];

export function pathNormalizationOf({ pathNormalization }: ListenerSettings): PathNormalization {
  return pathNormalization ?? DEFAULTS.pathNormalization;
}

/** A message names this many ranges and counts the rest. */
const MAX_NAMED = 4;

function describeClientAddress(given: ClientAddress | undefined): string {
  if (given === undefined) return 'no clientAddress';
  if ('trustedHops' in given) return `clientAddress with trustedHops ${given.trustedHops}`;
  const { trustedCIDRs } = given;
  const rest = trustedCIDRs.length - MAX_NAMED;
  const named = trustedCIDRs.slice(0, MAX_NAMED).join(', ');
  return `clientAddress with trustedCIDRs ${named}${rest > 0 ? ` and ${rest} more` : ''}`;
}
