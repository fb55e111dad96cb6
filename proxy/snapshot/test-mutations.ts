/** Valid snapshots with one or several values changed, wherever they are. */
import fc from 'fast-check';

type Node = Record<string, unknown> | unknown[];
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** Every place of a document that holds a value. */
function places(root: Node): { parent: Node; key: string }[] {
  return Object.entries(root).flatMap(([key, value]) => [{ parent: root, key }, ...(isNode(value) ? places(value) : [])]);
}

/** What values at the edge of what is allowed look like, and what is no value of the kind at all. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(0, 1, -1, 0.5, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 1e308, null, true, '', [], {}),
  fc.constantFrom(
    'RoundRobin',
    'LeastConnections',
    'PeakEWMA',
    'HTTP',
    'TCP',
    'GRPC',
    'draining',
    '/',
    '(',
    '[a-',
    'a\r\nb',
    '__proto__',
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** No holes in lists: JSON has none. */
function remove(parent: Node, key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

/** `document` stays as it is; undefined removes a value. */
export function mutations<T>(document: T): fc.Arbitrary<T> {
  const change = fc.tuple(fc.nat(), fc.option(odd, { nil: undefined, freq: 6 }));
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const copy = structuredClone(document);
    for (const [at, value] of changes) {
      const all = places(copy as Node);
      const place = all[at % Math.max(1, all.length)];
      if (!place) break;
      if (value === undefined) remove(place.parent, place.key);
      else Reflect.set(place.parent, place.key, value);
    }
    return copy;
  });
}
