/** One Event, two API versions: stored as core/v1, served as events.k8s.io/v1 with the newer field names. */
import { asObject, asString, setDefault } from '../json.ts';
import type { KubeObject } from '../json.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';

/** [events.k8s.io/v1, core v1] */
const RENAMED: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];

function rename(object: KubeObject, pairs: readonly (readonly [string, string])[], apiVersion: string): KubeObject {
  const names = new Map(pairs);
  const entries = Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value]);
  return { ...(Object.fromEntries(entries) as KubeObject), apiVersion };
}

export function eventFromStored(object: KubeObject): KubeObject {
  return rename(
    object,
    RENAMED.map(([now, core]) => [core, now]),
    'events.k8s.io/v1',
  );
}

export function eventToStored(object: KubeObject): KubeObject {
  return rename(object, RENAMED, 'v1');
}

export function coreEventPrepare(event: KubeObject): void {
  for (const name of ['source', 'involvedObject']) setDefault(event, name, {});
  for (const name of ['firstTimestamp', 'lastTimestamp', 'eventTime']) setDefault(event, name, null);
  for (const name of ['reportingComponent', 'reportingInstance']) setDefault(event, name, '');
}

export function eventPrepare(event: KubeObject): void {
  setDefault(event, 'deprecatedSource', {});
  for (const name of ['deprecatedFirstTimestamp', 'deprecatedLastTimestamp']) setDefault(event, name, null);
}

export function coreEventValidate(event: KubeObject): FieldError[] {
  const about = asString(asObject(event['involvedObject'])['namespace']) || 'default';
  if (about === event.metadata.namespace) return [];
  return [fieldError.invalid('involvedObject.namespace', about, 'does not match event.namespace')];
}

export function eventValidate(event: KubeObject): FieldError[] {
  const required = ['reportingController', 'reportingInstance', 'action', 'reason', 'eventTime'];
  const errors = required.filter((name) => asString(event[name]) === '').map((name) => fieldError.required(name));
  const type = asString(event['type']);
  if (type !== 'Normal' && type !== 'Warning') errors.push(fieldError.invalid('type', type, 'has invalid value: '));
  return errors;
}
