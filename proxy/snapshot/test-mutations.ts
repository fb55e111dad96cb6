/** Valid snapshots with one to three values changed, anywhere in the document. */
import fc from 'fast-check';

type Node = Record<string, unknown> | unknown[];
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** Every place of a document that holds a value. */
function places(root: Node): { parent: Node; key: string }[] {
  return Object.entries(root).flatMap(([key, value]) => [{ parent: root, key }, ...(isNode(value) ? places(value) : [])]);
}

/** Values at the limits, and values of another type. */
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

/** Lists without holes, as in JSON. */
function remove(parent: Node, key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

/** `document` is not modified; undefined removes a value. */
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
