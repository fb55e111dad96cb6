/** The calls of service accounts to the API server, from its audit log, to compare with what roles allow. */
import { readFile } from 'node:fs/promises';

export interface ServiceAccountCall {
  /** `NAMESPACE:NAME`. */
  readonly serviceAccount: string;
  readonly verb: string;
  readonly apiGroup: string;
  /** With its subresource, such as `pods/status`. */
  readonly resource: string;
  /** Empty at the cluster's scope. */
  readonly namespace: string;
  /** Empty for collections, unless they are restricted to one object by `metadata.name`. */
  readonly name: string;
  /** False: it was refused. */
  readonly allowed: boolean;
}

const PREFIX = 'system:serviceaccount:';

/** Each distinct call once, in the order of first occurrence. Calls of other users are left out. */
export async function readCalls(auditLog: string): Promise<readonly ServiceAccountCall[]> {
  const calls = new Map<string, ServiceAccountCall>();
  for (const line of (await readFile(auditLog, 'utf8')).split('\n')) {
    if (!line.endsWith('}')) continue; // the last one may be half written
    const { user, verb, apiGroup, resource, namespace, name, allowed } = JSON.parse(line) as ServiceAccountCall & {
      user: string;
    };
    if (!user.startsWith(PREFIX)) continue;
    const call = { serviceAccount: user.slice(PREFIX.length), verb, apiGroup, resource, namespace, name, allowed };
    calls.set(JSON.stringify(call), call);
  }
  return [...calls.values()];
}
