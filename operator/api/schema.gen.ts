// Generated from crds/loadbalancerpolicies.yaml by scripts/generate-types.ts: edit that, then run the script.

/** The annotation of the CustomResourceDefinition that holds the version of its schema. */
export const SCHEMA_VERSION_ANNOTATION = 'outrigger.dev/schema-version';

/** The version that this operator was built for. */
export const SCHEMA_VERSION = 3;
// digest: 133b7a8c6c6abf4ba7b342e57a04efd6e30592940121f3cd46a9a6de4ba87914
