/**
 * Which port of each EndpointSlice belongs to a Service port. The two share a name, but a Service and its slices are separate objects:
 * when a Service port is renamed, or gets its first name, the slices follow some time later, one by one. PURE.
 *
 * In this order; each rule looks only at ports that the rules before it have not matched:
 *
 * | rule        | a Service port and a slice port belong together when                                                   |
 * |-------------|--------------------------------------------------------------------------------------------------------|
 * | number      | the Service has a selector and a numeric targetPort, and the slice port has this number: the slice     |
 * |             | controller copies it. So ports that swap their names are not mixed up                                  |
 * | name        | their names are equal (no name counts as the empty name)                                               |
 * | number      | the targetPort is a number, and the slice port has this number                                         |
 * | elimination | each is the only one left                                                                              |
 * | previous    | the slice port has a name by which this Service port was found the last time                           |
 *
 * The last two do not take a slice port that another slice has beside the right one: it is known to be another port.
 */
import type { EndpointSlice, Service, ServicePort } from '../api/kubernetes.ts';

export type SlicePort = NonNullable<EndpointSlice['ports']>[number];

/** The ports of one slice, and what the first three rules matched. */
interface Matching {
  readonly offered: readonly SlicePort[];
  readonly matched: ReadonlyMap<ServicePort, SlicePort>;
}

/**
 * For each slice its port that belongs to `wanted`, one of the Service's TCP ports; undefined where it has none.
 *
 * @param previous the names by which it was found the last time
 */
export function resolvePorts(
  service: Service,
  wanted: ServicePort,
  slices: readonly EndpointSlice[],
  previous: readonly string[],
): (SlicePort | undefined)[] {
  const servicePorts = (service.spec.ports ?? []).filter(isTcp);
  const hasSelector = Object.keys(service.spec.selector ?? {}).length > 0;
  const matchings = slices.map(({ ports }) => matchPorts(servicePorts, (ports ?? []).filter(isTcp), hasSelector));
  const others = new Set(matchings.flatMap(({ offered, matched }) => (matched.has(wanted) ? offered.map(nameOf) : [])));
  return matchings.map(({ offered, matched }) => {
    const found = matched.get(wanted);
    if (found !== undefined) return found;
    const taken = new Set(matched.values());
    const rest = offered.filter((port) => !taken.has(port) && !others.has(nameOf(port)));
    const onlyOneLeft = servicePorts.length - matched.size === 1 && rest.length === 1;
    return onlyOneLeft ? rest[0] : rest.find((port) => previous.includes(nameOf(port)));
  });
}

/** The first three rules, for all ports of one slice at once: what is left for one depends on what the others match. */
function matchPorts(servicePorts: readonly ServicePort[], offered: readonly SlicePort[], hasSelector: boolean): Matching {
  const matched = new Map<ServicePort, SlicePort>();
  const taken = new Set<SlicePort>();
  const pair = (belong: (port: ServicePort, candidate: SlicePort) => boolean): void => {
    for (const port of servicePorts) {
      if (matched.has(port)) continue;
      const candidates = offered.filter((candidate) => !taken.has(candidate) && belong(port, candidate));
      const found = candidates.find((candidate) => nameOf(candidate) === nameOf(port)) ?? candidates[0];
      if (found === undefined) continue;
      matched.set(port, found);
      taken.add(found);
    }
  };
  const sameNumber = (port: ServicePort, candidate: SlicePort): boolean => candidate.port === targetNumber(port);
  if (hasSelector) pair(sameNumber);
  pair((port, candidate) => nameOf(port) === nameOf(candidate));
  pair(sameNumber);
  return { offered, matched };
}

/** A Service port without a targetPort sends to its own number. Undefined: each Pod's container port of that name. */
function targetNumber({ port, targetPort = port }: ServicePort): number | undefined {
  return typeof targetPort === 'number' ? targetPort : undefined;
}

function nameOf({ name }: SlicePort | ServicePort): string {
  return name ?? '';
}

function isTcp({ protocol }: SlicePort | ServicePort): boolean {
  return (protocol ?? 'TCP') === 'TCP';
}
