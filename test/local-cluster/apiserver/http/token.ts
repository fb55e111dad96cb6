/** `POST …/serviceaccounts/NAME/token`: a token for a service account. */
import type { Users } from '../access/user.ts';
import { asArray, asObject, asString, at } from '../json.ts';
import type { Json } from '../json.ts';
import type { Cluster, Kind } from '../kinds.ts';
import { timestamp } from '../ops/options.ts';
import { find } from '../ops/update.ts';
import { fieldError, invalid } from '../status.ts';
import type { Reply } from './reply.ts';

const HOUR = 3600;
const LONGEST = 2 ** 32;

/** @throws 404 for an unknown service account, 422 for a duration that is too short */
export function requestToken(cluster: Cluster, users: Users, kind: Kind, namespace: string, name: string, body: Json): Reply {
  const account = find(cluster, { kind, namespace, name });
  const now = cluster.now();
  const asked = at(body, 'spec', 'expirationSeconds') ?? HOUR;
  if (typeof asked !== 'number' || !(asked >= 600 && asked <= LONGEST)) {
    const error = fieldError.invalid('spec.expirationSeconds', asked, 'may not specify a duration less than 10 minutes');
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, [error]);
  }
  const expiresAt = new Date(now.getTime() + asked * 1000);
  const audiences = asArray(at(body, 'spec', 'audiences')).map(asString);
  const token = users.token({ namespace, name, uid: account.metadata.uid, audiences, expiresAt }, now);
  const metadata = { name, namespace, creationTimestamp: timestamp(now) };
  const spec = { ...asObject(at(body, 'spec')), audiences, expirationSeconds: asked };
  const status = { token, expirationTimestamp: timestamp(expiresAt) };
  return { code: 201, body: { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata, spec, status } };
}
