/**
 * Remembers for each key object the last result, as long as the inputs are the same values (objects: the same ones). The inventory
 * is immutable and shares what did not change, so the same objects have the same content: of a thousand pools, a change of one
 * EndpointSlice computes only one again. Results must depend only on key and inputs, and are not kept longer than their key.
 */
export function rememberLast<K extends WeakKey, T>(): (key: K, inputs: readonly unknown[], compute: () => T) => T {
  const last = new WeakMap<K, { readonly inputs: readonly unknown[]; readonly result: T }>();
  return (key, inputs, compute) => {
    const known = last.get(key);
    if (known !== undefined && sameValues(known.inputs, inputs)) return known.result;
    const result = compute();
    last.set(key, { inputs, result });
    return result;
  };
}

function sameValues(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
