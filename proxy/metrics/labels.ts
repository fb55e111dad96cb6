/** Labels of a series, and their text in the Prometheus exposition format. */
export type Labels = Readonly<Record<string, string>>;

/** The text between the braces, without them. */
export function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(',');
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function escape(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => ESCAPES[character] as string);
}

/** @param id begins with `namespace/policy`. */
export function policyLabels(id: string): { namespace: string; policy: string } {
  const [namespace = '', policy = ''] = id.split('/');
  return { namespace, policy };
}
