/** The policy (`namespace/name`) of a pool, whose id is `namespace/policy/refNamespace/service:port`. */
export function policyOf(pool: string): string {
  return pool.split('/', 2).join('/');
}
