/** Which groups, versions and resources exist: the aggregated document and the older ones, one group at a time. */
import type { JsonObject } from '../json.ts';
import type { Kind } from '../kinds.ts';
import { apiVersionOf } from '../kinds.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const STATUS_VERBS = ['get', 'patch', 'update'];

export const versionInfo: JsonObject = {
  ...{
    major: '1',
    minor: '36',
    emulationMajor: '1',
    emulationMinor: '36',
    minCompatibilityMajor: '1',
    minCompatibilityMinor: '35',
  },
  ...{ gitVersion: 'v1.36.2+outrigger-local', gitCommit: '', gitTreeState: 'clean', buildDate: '1970-01-01T00:00:00Z' },
  ...{ goVersion: 'none', compiler: 'none', platform: 'linux/amd64' },
};

function versionsOf(kinds: readonly Kind[]): string[] {
  return [...new Set(kinds.map((kind) => kind.version))];
}

function groupsOf(kinds: readonly Kind[]): Map<string, Kind[]> {
  return Map.groupBy(kinds, (kind) => kind.group);
}

/** `/api` (core group only) or `/apis` (all others) as one APIGroupDiscoveryList. */
export function aggregated(kinds: readonly Kind[], core: boolean): JsonObject {
  const groups = [...groupsOf(kinds)].filter(([group]) => (group === '') === core);
  const items = groups.map(([group, members]) => ({
    metadata: group === '' ? {} : { name: group },
    versions: versionsOf(members).map((version) => ({
      version,
      resources: members.filter((kind) => kind.version === version).map(aggregatedResource),
      freshness: 'Current',
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

function aggregatedResource(kind: Kind): JsonObject {
  const responseKind = kind.custom
    ? { group: kind.group, version: kind.version, kind: kind.kind }
    : { group: '', version: '', kind: kind.kind };
  return {
    resource: kind.plural,
    responseKind,
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: VERBS,
    ...(kind.shortNames.length === 0 ? {} : { shortNames: [...kind.shortNames] }),
    ...(kind.categories.length === 0 ? {} : { categories: [...kind.categories] }),
    ...(kind.hasStatus ? { subresources: [{ subresource: 'status', responseKind, verbs: STATUS_VERBS }, ...scaleOf(kind)] } : {}),
  };
}

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

function scaleOf(kind: Kind): JsonObject[] {
  return kind.hasScale ? [{ subresource: 'scale', responseKind: SCALE, verbs: STATUS_VERBS }] : [];
}

export function coreVersions(host: string): JsonObject {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: host }];
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs };
}

function groupDocument(group: string, kinds: readonly Kind[]): JsonObject {
  const versions = versionsOf(kinds).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] ?? {} };
}

export function groupList(kinds: readonly Kind[]): JsonObject {
  const groups = [...groupsOf(kinds)].filter(([group]) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(([group, members]) => groupDocument(group, members)) };
}

export function oneGroup(group: string, kinds: readonly Kind[]): JsonObject | undefined {
  const members = kinds.filter((kind) => kind.group === group);
  return members.length === 0 ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(group, members) };
}

/** `/api/v1` or `/apis/GROUP/VERSION`. */
export function resourceList(group: string, version: string, kinds: readonly Kind[]): JsonObject | undefined {
  const members = kinds.filter((kind) => kind.group === group && kind.version === version);
  const [first] = members;
  if (first === undefined) return undefined;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf(first), resources: members.flatMap(listed) };
}

function listed(kind: Kind): JsonObject[] {
  const common = { singularName: kind.singular, namespaced: kind.namespaced, kind: kind.kind };
  const main: JsonObject = {
    ...{ name: kind.plural, ...common, verbs: VERBS },
    ...(kind.shortNames.length === 0 ? {} : { shortNames: [...kind.shortNames] }),
    ...(kind.categories.length === 0 ? {} : { categories: [...kind.categories] }),
  };
  const sub = { ...common, singularName: '', verbs: STATUS_VERBS };
  return [
    main,
    ...(kind.hasStatus ? [{ name: `${kind.plural}/status`, ...sub }] : []),
    ...(kind.hasScale ? [{ name: `${kind.plural}/scale`, ...sub, ...SCALE }] : []),
  ];
}
