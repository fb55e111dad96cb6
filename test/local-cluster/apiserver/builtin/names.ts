/** Names and labels according to RFC 1123, RFC 1035 and the API conventions; messages as in kube-apiserver. */
import type { Kind } from '../kinds.ts';
import type { ObjectMeta } from '../json.ts';
import { isObject } from '../json.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const KEY = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

interface NameRule {
  readonly pattern: RegExp;
  readonly longest: number;
  readonly message: string;
}

function using(pattern: string): string {
  return `regex used for validation is '${pattern}')`;
}

const subdomain: NameRule = {
  pattern: new RegExp(`^${SUBDOMAIN}$`),
  longest: 253,
  message: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', ${using(SUBDOMAIN)}`,
};
const label: NameRule = {
  pattern: new RegExp(`^${LABEL}$`),
  longest: 63,
  message: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', ${using(LABEL)}`,
};
const serviceName: NameRule = {
  pattern: new RegExp(`^${LABEL_1035}$`),
  longest: 63,
  message: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', ${using(LABEL_1035)}`,
};
const any: NameRule = { pattern: /^(?!\.{1,2}$)[^/%]+$/, longest: 253, message: "may not contain '/' or '%'" };
const RULES: Readonly<Record<Kind['nameRule'], NameRule>> = { subdomain, label, serviceName, any };

function checkName(value: string, rule: NameRule, field: string): FieldError[] {
  return [
    ...(value.length > rule.longest ? [fieldError.invalid(field, value, `must be no more than ${rule.longest} characters`)] : []),
    ...(rule.pattern.test(value) ? [] : [fieldError.invalid(field, value, rule.message)]),
  ];
}

/** A DNS label such as a port's name. */
export function checkLabel(value: string, field: string): FieldError[] {
  return checkName(value, label, field);
}

export function checkSubdomain(value: string, field: string): FieldError[] {
  return checkName(value, subdomain, field);
}

export function checkMetadata(meta: ObjectMeta, kind: Kind): FieldError[] {
  return [
    ...checkName(meta.name, RULES[kind.nameRule], 'metadata.name'),
    ...(meta.namespace === undefined ? [] : checkName(meta.namespace, label, 'metadata.namespace')),
    ...checkStrings(meta, 'labels', true),
    ...checkStrings(meta, 'annotations', false),
  ];
}

function checkStrings(meta: ObjectMeta, name: 'labels' | 'annotations', areLabels: boolean): FieldError[] {
  const map = meta[name];
  if (map === undefined || !isObject(map)) return [];
  const field = `metadata.${name}`;
  return Object.entries(map).flatMap(([key, value]) => [
    ...checkKey(key, field),
    ...(areLabels ? checkLabelValue(value, field) : []),
  ]);
}

function checkKey(key: string, field: string): FieldError[] {
  const [first = '', second, ...rest] = key.split('/');
  const name = second ?? first;
  const prefixed = second === undefined || (first.length <= 253 && subdomain.pattern.test(first));
  if (rest.length === 0 && prefixed && name.length <= 63 && new RegExp(`^${KEY}$`).test(name)) return [];
  return [
    fieldError.invalid(
      field,
      key,
      `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', ${using(KEY)}`,
    ),
  ];
}

function checkLabelValue(value: string, field: string): FieldError[] {
  if (value.length > 63) return [fieldError.invalid(field, value, 'must be no more than 63 characters')];
  if (value === '' || new RegExp(`^${KEY}$`).test(value)) return [];
  return [
    fieldError.invalid(
      field,
      value,
      `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', ${using(`(${KEY})?`)}`,
    ),
  ];
}
