/** Parses URLs of the API. */

export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** `/api/v1/...` and `/apis/GROUP/VERSION/...` with at least a plural; undefined for every other path. */
export function parsePath(path: string): ResourcePath | undefined {
  const parts = path.split('/').slice(1).map(decoded);
  if (parts.some((part) => part === undefined || part === '')) return undefined;
  const [root, ...rest] = parts as string[];
  const [group, version, ...tail] = root === 'api' ? ['', ...rest] : root === 'apis' ? rest : [];
  if (group === undefined || version === undefined) return undefined;
  return split({ group, version }, tail);
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function split(base: { group: string; version: string }, tail: readonly string[]): ResourcePath | undefined {
  const [first, second, third, ...more] = tail;
  // `namespaces/NAME` and its subresources are the Namespace itself.
  const scoped = first === 'namespaces' && second !== undefined && third !== undefined && !(base.group === '' && SELF.has(third));
  const [plural, name, subresource, ...rest] = scoped ? [third, ...more] : tail;
  if (plural === undefined || rest.length > 0) return undefined;
  return {
    ...base,
    plural,
    ...(scoped ? { namespace: second } : {}),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

const SELF = new Set(['status', 'finalize']);
