// Generated from crds/loadbalancerpolicies.yaml by scripts/generate-types.ts: edit that, then run the script.

/** The annotation of the CustomResourceDefinition that holds the version of its schema. */
export const SCHEMA_VERSION_ANNOTATION = 'outrigger.dev/schema-version';

/** The version that this operator was built for. */
export const SCHEMA_VERSION = 5;
// digest: fcf3e233d60c3c818b6f2da2cdd0864a2ccf5cb90365e4b8d6df5980e920cb8a
