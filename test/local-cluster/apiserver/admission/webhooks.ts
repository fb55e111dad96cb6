/** Which webhooks are called for a new object. */
import { asArray, asObject, asString, at } from '../json.ts';
import type { Json, JsonObject, KubeObject } from '../json.ts';
import type { Kind } from '../kinds.ts';
import type { Store } from '../store.ts';

/** An entry of a MutatingWebhookConfiguration. */
export interface Webhook {
  readonly name: string;
  readonly clientConfig: JsonObject;
  readonly ignoresFailure: boolean;
  readonly timeoutSeconds: number;
  readonly reinvoked: boolean;
}

/** In the order of the calls: by the name of their configuration, then as listed. */
export function webhooksFor(store: Store, kind: Kind, object: KubeObject): Webhook[] {
  const namespace = store.get('/namespaces', object.metadata.namespace ?? '')?.metadata.labels ?? {};
  const entries = store
    .list('admissionregistration.k8s.io/mutatingwebhookconfigurations')
    .flatMap((configuration) => asArray(configuration['webhooks']).map(asObject));
  const concerned = entries.filter(
    (entry) =>
      asArray(entry['rules']).some((rule) => covers(rule, kind)) &&
      selects(entry['namespaceSelector'], namespace) &&
      selects(entry['objectSelector'], object.metadata.labels ?? {}),
  );
  return concerned.map((entry) => ({
    name: asString(entry['name']),
    clientConfig: asObject(entry['clientConfig']),
    ignoresFailure: entry['failurePolicy'] === 'Ignore',
    timeoutSeconds: Number(entry['timeoutSeconds'] ?? 10),
    reinvoked: entry['reinvocationPolicy'] === 'IfNeeded',
  }));
}

function covers(rule: Json, kind: Kind): boolean {
  const has = (name: string, ...wanted: string[]): boolean =>
    asArray(at(rule, name)).some((one) => one === '*' || wanted.includes(asString(one)));
  const scope = asString(at(rule, 'scope')) || '*';
  return (
    has('operations', 'CREATE') &&
    has('apiGroups', kind.group) &&
    has('apiVersions', kind.version) &&
    has('resources', kind.plural, '*/*') &&
    (scope === '*' || (scope === 'Namespaced') === kind.namespaced)
  );
}

/** A LabelSelector; an empty one selects everything. */
function selects(selector: Json | undefined, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels, matchExpressions } = asObject(selector);
  return (
    Object.entries(asObject(matchLabels)).every(([name, value]) => labels[name] === value) &&
    asArray(matchExpressions).every((expression) => meets(asObject(expression), labels))
  );
}

function meets({ key, operator, values }: JsonObject, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[asString(key)];
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  const among = value !== undefined && asArray(values).includes(value);
  return operator === 'NotIn' ? !among : operator === 'In' && among;
}
