/** What roles grant and what was called, in one format: `SCOPE GROUP/RESOURCE[NAME] VERB`. */
import type { ServiceAccountCall } from '../local-cluster/calls.ts';
import type { Rendered } from '../install/helm.ts';
import type { Rules } from '../install/kinds.ts';

interface Binding {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
}

/** SCOPE is a namespace, or `*` for all of them and the cluster itself. */
export function grantedTo(serviceAccount: string, objects: readonly Rendered[]): Set<string> {
  const [namespace, name] = serviceAccount.split(':');
  const isBinding = (object: Rendered): object is Rendered & Binding => /^(Cluster)?RoleBinding$/.test(object.kind);
  const bindings = objects.filter(isBinding);
  const mine = bindings.filter(({ subjects }) =>
    subjects.some((each) => each.kind === 'ServiceAccount' && each.name === name && each.namespace === namespace),
  );
  const granted = mine.flatMap(({ kind, metadata, roleRef }) => {
    const role = objects.find((each) => each.kind === roleRef.kind && each.metadata.name === roleRef.name) as Rendered & Rules;
    const scope = kind === 'RoleBinding' ? (metadata.namespace ?? '') : '*';
    return role.rules.flatMap(({ apiGroups: groups, resources, verbs, resourceNames = [''] }) =>
      groups.flatMap((group) =>
        resources.flatMap((resource) =>
          resourceNames.flatMap((one) => verbs.map((verb) => format({ scope, group, resource, name: one, verb }))),
        ),
      ),
    );
  });
  return new Set(granted);
}

/** The rights any of which allows a call. */
export function needed({ namespace, apiGroup: group, resource, name, verb }: ServiceAccountCall): readonly string[] {
  const scopes = namespace === '' ? ['*'] : [namespace, '*'];
  const names = name === '' ? [''] : [name, ''];
  return scopes.flatMap((scope) => names.map((one) => format({ scope, group, resource, name: one, verb })));
}

interface Right {
  readonly scope: string;
  readonly group: string;
  readonly resource: string;
  /** Empty: any name. */
  readonly name: string;
  readonly verb: string;
}

const format = ({ scope, group, resource, name, verb }: Right) => `${scope} ${group}/${resource}${name && `[${name}]`} ${verb}`;
