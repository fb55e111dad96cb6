/** A request in the terms of RBAC. */
import type { ResourcePath } from '../http/paths.ts';

export interface Call {
  readonly verb: string;
  readonly apiGroup: string;
  /** With its subresource, such as `pods/status`. */
  readonly resource: string;
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
}

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

export function callOf(method: string, path: ResourcePath, query: URLSearchParams): Call {
  const { group, plural, subresource, namespace, name = '' } = path;
  const one = /^metadata\.name=([^,]+)$/.exec(query.get('fieldSelector') ?? '')?.[1];
  const reading = method === 'GET' || method === 'HEAD';
  const watching = reading && ['true', '1'].includes(query.get('watch') ?? '');
  const verb = watching
    ? 'watch'
    : reading
      ? name === ''
        ? 'list'
        : 'get'
      : method === 'DELETE' && name === ''
        ? 'deletecollection'
        : (VERBS[method] ?? method.toLowerCase());
  return {
    verb,
    apiGroup: group,
    resource: subresource === undefined ? plural : `${plural}/${subresource}`,
    // A Namespace counts as inside itself, so that a RoleBinding in it can grant rights on it.
    namespace: namespace ?? (group === '' && plural === 'namespaces' ? name : ''),
    name: name || (reading ? (one ?? '') : ''),
  };
}
