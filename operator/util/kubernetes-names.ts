/** Names as Kubernetes allows them. */

/** A DNS label (RFC 1123): namespaces and parts of names. */
export const isDnsLabel = (text: string): boolean => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);

/** A DNS subdomain: names of most objects. */
export const isDnsSubdomain = (text: string): boolean => text.length <= 253 && text.split('.').every(isDnsLabel);

/** Names of Services begin with a letter (RFC 1035). */
export const isServiceName = (text: string): boolean => /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);

export const isLabelValue = (text: string): boolean => /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(text);

/** Names of labels, annotations, resources and classes: `name` or `prefix/name`. */
export function isQualifiedName(text: string): boolean {
  const [first = '', second, ...rest] = text.split('/');
  const name = second ?? first;
  return rest.length === 0 && name !== '' && isLabelValue(name) && (second === undefined || isDnsSubdomain(first));
}
