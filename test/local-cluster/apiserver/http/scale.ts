/** The `scale` subresource of Deployments: how many pods, without the rest. */
import { asObject, at } from '../json.ts';
import type { Json, KubeObject } from '../json.ts';
import type { Cluster } from '../kinds.ts';
import type { WriteOptions } from '../ops/options.ts';
import { MERGE, PATCH_TYPES, patch } from '../ops/patch.ts';
import { find } from '../ops/update.ts';
import type { Target } from '../ops/update.ts';
import { badRequest, methodNotAllowed, unsupportedMediaType } from '../status.ts';
import { parseBody } from './body.ts';
import type { Body } from './body.ts';
import type { Reply } from './reply.ts';

/** GET; PUT and merge patch, of which only `spec.replicas` and `metadata.resourceVersion` count. */
export function scale(cluster: Cluster, target: Target, method: string, body: Body, options: WriteOptions): Reply {
  if (method === 'GET') return { code: 200, body: scaleOf(find(cluster, target)) };
  if (method !== 'PUT' && method !== 'PATCH') throw methodNotAllowed();
  if (method === 'PATCH') {
    if (!PATCH_TYPES.includes(body.type)) throw unsupportedMediaType([MERGE]);
    find(cluster, target); // as in a real server, 404 comes before what may be wrong with the patch
    if (body.type !== MERGE) throw unsupportedMediaType([MERGE]);
  }
  const wanted = parseBody(target.kind, { bytes: body.bytes, type: '' });
  find(cluster, target);
  const replicas = at(wanted, 'spec', 'replicas');
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    throw badRequest('spec.replicas must be a whole number that is not negative');
  }
  const version = at(wanted, 'metadata', 'resourceVersion');
  const change: Json = { ...(typeof version === 'string' ? { metadata: { resourceVersion: version } } : {}), spec: { replicas } };
  const { object } = patch(cluster, target, MERGE, JSON.stringify(change), options);
  return { code: 200, body: scaleOf(object) };
}

function scaleOf(object: KubeObject) {
  const { name, namespace = '', uid, resourceVersion, creationTimestamp } = object.metadata;
  const labels = Object.entries(asObject(at(object, 'spec', 'selector', 'matchLabels')));
  return {
    ...{ kind: 'Scale', apiVersion: 'autoscaling/v1' },
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: at(object, 'spec', 'replicas') ?? 0 },
    status: {
      replicas: at(object, 'status', 'replicas') ?? 0,
      selector: labels.map(([key, value]) => `${key}=${String(value as string)}`).join(','),
    },
  };
}
