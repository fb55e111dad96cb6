// Generated from crds/loadbalancerpolicies.yaml by scripts/generate-types.ts: edit that, then run the script.

/** The annotation of the CustomResourceDefinition that holds the version of its schema. */
export const SCHEMA_VERSION_ANNOTATION = 'outrigger.dev/schema-version';

/** The version that this operator was built for. */
export const SCHEMA_VERSION = 2;
// digest: 202238804c180e77a4b238d3c43c9d3546e03671d8096aeaec3a49264ed959c7
