// Generated from crds/loadbalancerpolicies.yaml by scripts/generate-types.ts: edit that, then run the script.

/** The annotation of the CustomResourceDefinition that holds the version of its schema. */
export const SCHEMA_VERSION_ANNOTATION = 'outrigger.dev/schema-version';

/** The version that this operator was built for. */
export const SCHEMA_VERSION = 6;
// digest: ee818854b4a1b2d0f972f3018fa96c7e6669c85d4cd0ab0c782553dbda907a7d
