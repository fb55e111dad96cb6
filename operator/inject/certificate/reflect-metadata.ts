/**
 * The part of the decorator-metadata proposal that the dependency injection of @peculiar/x509 calls on Reflect. Metadata that was never
 * set is undefined, which the library takes as "no parameters"; that is correct for all classes that it instantiates.
 */
type Metadata = Map<unknown, unknown>;

const known = new WeakMap<object, Metadata>();

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const own = known.get(target) ?? new Map<unknown, unknown>();
  known.set(target, own.set(key, value));
}

function getOwnMetadata(key: unknown, target: object): unknown {
  return known.get(target)?.get(key);
}

function getMetadata(key: unknown, target: object | null): unknown {
  if (target === null) return undefined;
  return known.get(target)?.has(key) === true
    ? getOwnMetadata(key, target)
    : getMetadata(key, Object.getPrototypeOf(target) as object);
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { defineMetadata, getOwnMetadata, getMetadata });
