// Generated from crds/loadbalancerpolicies.yaml by scripts/generate-types.ts: edit that, then run the script.

/** The annotation of the CustomResourceDefinition that holds the version of its schema. */
export const SCHEMA_VERSION_ANNOTATION = 'outrigger.dev/schema-version';

/** The version that this operator was built for. */
export const SCHEMA_VERSION = 4;
// digest: a5ed17b8d5009824454ab96840cf756fb8a8c16377332458af5022a827faed89
