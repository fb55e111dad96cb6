/** POST of an object that webhooks may change first. */
import { asObject, at, clone } from '../json.ts';
import type { Json, KubeObject } from '../json.ts';
import type { Cluster } from '../kinds.ts';
import { create } from '../ops/create.ts';
import type { WriteOptions, WriteResult } from '../ops/options.ts';
import { admit } from './admit.ts';
import type { Question } from './review.ts';

/** Fields that the server sets only when it stores. */
const NOT_YET = ['uid', 'resourceVersion', 'creationTimestamp', 'generation'];

export async function createAdmitted(
  cluster: Cluster,
  namespace: string | undefined,
  body: Json,
  options: WriteOptions,
  question: Question,
): Promise<WriteResult> {
  const { kind } = question;
  const named = Boolean(at(body, 'metadata', 'name'));
  /** As webhooks see it: complete, but not stored. */
  const draft = (source: Json): KubeObject => {
    const { object } = create(cluster, kind, namespace, clone(source), { ...options, dryRun: true });
    for (const field of named ? NOT_YET : [...NOT_YET, 'name']) delete object.metadata[field];
    return kind.hasStatus ? { ...object, status: {} } : object;
  };
  const { object, changed, warnings } = await admit(cluster.store, draft(body), question, (one) => draft(unowned(one)));
  const result = create(cluster, kind, namespace, changed ? unowned(object) : body, options);
  return { ...result, warnings: [...result.warnings, ...warnings] };
}

/** The creator owns what webhooks add, so ownership is computed again. */
function unowned(object: KubeObject): Json {
  const { managedFields: _managedFields, ...metadata } = asObject(object.metadata);
  return { ...object, metadata };
}
