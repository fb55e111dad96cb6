/**
 * Which port of each EndpointSlice belongs to a Service port. The two share a name, but a Service and its slices are separate objects:
 * when a Service port is renamed, or gets its first name, the slices follow some time later, one by one. PURE.
 *
 * In this order:
 *
 * | rule        | a Service port and a slice port belong together when                                                   |
 * |-------------|--------------------------------------------------------------------------------------------------------|
 * | both        | they have one name, and the targetPort is the slice port's number                                      |
 * | number      | the Service has a selector and a numeric targetPort, and the slice port has this number: the slice     |
 * |             | controller copies it. Several Service ports may have one targetPort                                    |
 * | name        | their names are equal (no name counts as the empty name)                                               |
 * | number      | the targetPort is a number, and the slice port has this number                                         |
 * | elimination | each is the only one left; not with a selector and a numeric targetPort, which is another number        |
 * | previous    | the slice port has a name by which this Service port was found the last time                           |
 *
 * From the name on, a slice port belongs to one Service port at most. The last two rules do not take a slice port that another slice has
 * beside the right one: it is known to be another port. A wrong port is worse than none.
 */
import type { EndpointSlice, Service, ServicePort } from '../api/kubernetes.ts';

export type SlicePort = NonNullable<EndpointSlice['ports']>[number];

/** The ports of one slice, and what the first four rules matched. */
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
  const others = new Set(matchings.flatMap((matching) => namesBeside(matching, wanted)));
  return matchings.map(({ offered, matched }) => {
    const found = matched.get(wanted);
    if (found !== undefined) return found;
    const taken = new Set(matched.values());
    const rest = offered.filter((port) => !taken.has(port) && !others.has(nameOf(port)));
    const known = rest.find((port) => previous.includes(nameOf(port)));
    const onlyOneLeft = servicePorts.length - matched.size === 1 && rest.length === 1;
    return onlyOneLeft && !(hasSelector && hasNumber(wanted)) ? rest[0] : known;
  });
}

/** Names of the slice's other ports, where it has the wanted one. */
function namesBeside({ offered, matched }: Matching, wanted: ServicePort): string[] {
  const found = matched.get(wanted);
  return found === undefined ? [] : offered.filter((port) => port !== found).map(nameOf);
}

/** The first four rules, for all ports of one slice at once: what is left for one depends on what the others match. */
function matchPorts(servicePorts: readonly ServicePort[], offered: readonly SlicePort[], hasSelector: boolean): Matching {
  const matched = new Map<ServicePort, SlicePort>();
  const taken = new Set<SlicePort>();
  const pair = (belong: (port: ServicePort, candidate: SlicePort) => boolean, shared = false): void => {
    for (const port of servicePorts) {
      if (matched.has(port)) continue;
      const found = offered.find((candidate) => (shared || !taken.has(candidate)) && belong(port, candidate));
      if (found === undefined) continue;
      matched.set(port, found);
      taken.add(found);
    }
  };
  pair((port, candidate) => sameName(port, candidate) && sameNumber(port, candidate));
  if (hasSelector) pair((port, candidate) => hasNumber(port) && sameNumber(port, candidate), true);
  pair(sameName);
  pair(sameNumber);
  return { offered, matched };
}

function sameName(port: ServicePort, candidate: SlicePort): boolean {
  return nameOf(port) === nameOf(candidate);
}

/** A Service port without a targetPort sends to its own number. A named one is each Pod's container port of that name. */
function sameNumber({ port, targetPort = port }: ServicePort, candidate: SlicePort): boolean {
  return targetPort === candidate.port;
}

function hasNumber({ targetPort }: ServicePort): boolean {
  return typeof targetPort === 'number';
}

function nameOf({ name }: SlicePort | ServicePort): string {
  return name ?? '';
}

function isTcp({ protocol }: SlicePort | ServicePort): boolean {
  return (protocol ?? 'TCP') === 'TCP';
}
