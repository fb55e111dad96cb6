/** operator/api/schema.gen.ts: the version of the schema that the operator was built for, and what that version stands for. */
import { createHash } from 'node:crypto';

/** On the CustomResourceDefinition: a whole number, raised with every change of the schema but of its texts. */
const ANNOTATION = 'outrigger.dev/schema-version';

export interface Definition {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly versions: readonly object[] };
}

/**
 * The file for a definition.
 *
 * @param present the file as it is; tells whether the schema changed without its version
 * @throws what the author has to do first
 */
export function schemaVersionFile(definition: Definition, present: string): string {
  const version = definition.metadata?.annotations?.[ANNOTATION] ?? '';
  if (!/^[1-9]\d{0,8}$/.test(version)) throw new Error(`the annotation ${ANNOTATION} must be a whole number, as text`);
  const digest = createHash('sha256')
    .update(JSON.stringify(withoutTexts(definition.spec.versions)))
    .digest('hex');
  const [, before, digestBefore] = /SCHEMA_VERSION = (\d+);[^]*digest: ([0-9a-f]+)/.exec(present) ?? [];
  if (digestBefore !== undefined && digestBefore !== digest && Number(version) <= Number(before)) {
    throw new Error(`the schema has changed: raise the annotation ${ANNOTATION} above ${before}`);
  }
  return `// Generated from crds/loadbalancerpolicies.yaml by scripts/generate-types.ts: edit that, then run the script.

/** The annotation of the CustomResourceDefinition that holds the version of its schema. */
export const SCHEMA_VERSION_ANNOTATION = '${ANNOTATION}';

/** The version that this operator was built for. */
export const SCHEMA_VERSION = ${version};
// digest: ${digest}
`;
}

/** Members that say what is meant and change nothing that is accepted: rewording them makes no one upgrade. */
const TEXTS: readonly string[] = ['description', 'message'];

function withoutTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTexts);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name, member]) => !TEXTS.includes(name) || typeof member !== 'string');
  return Object.fromEntries(entries.map(([name, member]) => [name, withoutTexts(member)]));
}
