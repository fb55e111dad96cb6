/** Role-based access: what Roles, ClusterRoles and their bindings allow, looked up for every request. */
import { asArray, asObject, asString, at } from '../json.ts';
import type { Json, KubeObject } from '../json.ts';
import type { Store } from '../store.ts';
import { ApiError } from '../status.ts';
import type { Call } from './call.ts';
import { SERVICE_ACCOUNT } from './user.ts';
import type { User } from './user.ts';

const RBAC = 'rbac.authorization.k8s.io';
/** The administrators' group: it may do everything, as in a real cluster. */
const MASTERS = 'system:masters';

export function isAllowed(store: Store, user: User, call: Call): boolean {
  if (user.groups.includes(MASTERS)) return true;
  const everywhere = store.list(`${RBAC}/clusterrolebindings`);
  const here = call.namespace === '' ? [] : store.list(`${RBAC}/rolebindings`, call.namespace);
  return [...everywhere, ...here].some(
    (binding) => binds(binding, user) && rulesOf(store, binding).some((rule) => allows(rule, call)),
  );
}

function binds(binding: KubeObject, { username, groups }: User): boolean {
  return asArray(binding['subjects']).some((subject) => {
    const { kind, name, namespace } = asObject(subject);
    if (kind === 'ServiceAccount') return username === `${SERVICE_ACCOUNT}${asString(namespace)}:${asString(name)}`;
    return kind === 'Group' ? groups.includes(asString(name)) : kind === 'User' && username === name;
  });
}

function rulesOf(store: Store, binding: KubeObject): Json[] {
  const { kind, name } = asObject(binding['roleRef']);
  const role =
    kind === 'Role'
      ? store.get(`${RBAC}/roles`, `${binding.metadata.namespace ?? ''}/${asString(name)}`)
      : store.get(`${RBAC}/clusterroles`, asString(name));
  return asArray(role?.['rules']);
}

function allows(rule: Json, { verb, apiGroup, resource, name }: Call): boolean {
  const has = (list: string, ...wanted: string[]): boolean =>
    asArray(at(rule, list)).some((one) => one === '*' || wanted.includes(asString(one)));
  const names = asArray(at(rule, 'resourceNames'));
  const [, subresource] = resource.split('/');
  const anySub = subresource === undefined ? [] : [`*/${subresource}`];
  return (
    has('verbs', verb) &&
    has('apiGroups', apiGroup) &&
    has('resources', resource, ...anySub) &&
    (names.length === 0 || (name !== '' && names.includes(name)))
  );
}

/** 403 with the message of a real server. */
export function refusal({ username }: User, { verb, apiGroup, resource, namespace, name }: Call): ApiError {
  const [plural = ''] = resource.split('/');
  const subject = `${plural}${apiGroup === '' ? '' : `.${apiGroup}`}${name === '' ? '' : ` "${name}"`}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const message = `${subject} is forbidden: User "${username}" cannot ${verb} resource "${resource}" in API group "${apiGroup}" ${where}`;
  const details = { ...(name === '' ? {} : { name }), ...(apiGroup === '' ? {} : { group: apiGroup }), kind: plural };
  return new ApiError(403, 'Forbidden', message, details);
}
