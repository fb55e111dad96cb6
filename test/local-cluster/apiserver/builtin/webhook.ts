/** Entries of MutatingWebhookConfigurations: defaults, and the checks that matter here. */
import { asArray, asObject, asString, isObject, setDefault } from '../json.ts';
import type { JsonObject, KubeObject } from '../json.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';

export function defaults(configuration: KubeObject): void {
  for (const webhook of asArray(configuration['webhooks']).filter(isObject)) {
    const usual: JsonObject = {
      ...{ failurePolicy: 'Fail', matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} },
      ...{ timeoutSeconds: 10, reinvocationPolicy: 'Never' },
    };
    for (const [name, value] of Object.entries(usual)) setDefault(webhook, name, value);
    const { service } = asObject(webhook['clientConfig']);
    if (isObject(service)) setDefault(service, 'port', 443);
    for (const rule of asArray(webhook['rules'])) if (isObject(rule)) setDefault(rule, 'scope', '*');
  }
}

export function validate(configuration: KubeObject): FieldError[] {
  return asArray(configuration['webhooks']).flatMap((one, i) => {
    const webhook = asObject(one);
    const path = `webhooks[${i}]`;
    const { clientConfig, sideEffects, timeoutSeconds, failurePolicy } = webhook;
    const { url, service } = asObject(clientConfig);
    const name = asString(webhook['name']);
    const errors: FieldError[] = [];
    if (name.split('.').length < 3) {
      const detail = 'should be a domain with at least three segments separated by dots';
      errors.push(fieldError.invalid(`${path}.name`, name, detail));
    }
    if (typeof url === 'string' && URL.parse(url)?.protocol !== 'https:') {
      errors.push(fieldError.invalid(`${path}.clientConfig.url`, url, "'https' is the only allowed URL scheme"));
    }
    if (asArray(webhook['matchConditions']).length > 0) {
      errors.push(fieldError.forbidden(`${path}.matchConditions`, 'they are not evaluated by the local cluster'));
    }
    if ((url === undefined) === (service === undefined)) {
      errors.push(fieldError.required(`${path}.clientConfig`, 'exactly one of url or service is required'));
    }
    if (!['None', 'NoneOnDryRun'].includes(asString(sideEffects))) {
      errors.push(fieldError.notSupported(`${path}.sideEffects`, sideEffects ?? '', ['None', 'NoneOnDryRun']));
    }
    if (!['Fail', 'Ignore'].includes(asString(failurePolicy))) {
      errors.push(fieldError.notSupported(`${path}.failurePolicy`, failurePolicy ?? '', ['Fail', 'Ignore']));
    }
    if (!(Number(timeoutSeconds) >= 1 && Number(timeoutSeconds) <= 30)) {
      const detail = 'the timeout value must be between 1 and 30 seconds';
      errors.push(fieldError.invalid(`${path}.timeoutSeconds`, timeoutSeconds ?? 0, detail));
    }
    if (!asArray(webhook['admissionReviewVersions']).includes('v1')) {
      errors.push(
        fieldError.invalid(`${path}.admissionReviewVersions`, webhook['admissionReviewVersions'] ?? [], 'must include v1'),
      );
    }
    return errors;
  });
}
