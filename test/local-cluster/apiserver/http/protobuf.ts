/**
 * The protobuf bodies that kubectl and helm send and that they do not send as JSON instead: four bytes of magic, then `runtime.Unknown`,
 * which contains the kind and the message. Only the fields needed are described; one that is not described is refused, so that
 * nothing a client wrote is silently lost.
 */
import protobuf from 'protobufjs/light.js';
import { isObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { badRequest } from '../status.ts';

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const MAGIC = Buffer.from('k8s\0');

const field = (id: number, type = 'string') => ({ id, type });
const list = (id: number, type = 'string') => ({ id, type, rule: 'repeated' });
const map = (id: number, type = 'string') => ({ id, type, keyType: 'string' });

/** From k8s.io/apimachinery and k8s.io/api, `generated.proto`: numbers and types as there. */
const FIELDS: Readonly<Record<string, Record<string, protobuf.IField>>> = {
  Unknown: { typeMeta: field(1, 'TypeMeta'), raw: field(2, 'bytes'), contentEncoding: field(3), contentType: field(4) },
  TypeMeta: { apiVersion: field(1), kind: field(2) },
  Time: { seconds: field(1, 'int64'), nanos: field(2, 'int32') },
  ObjectMeta: {
    ...{ name: field(1), generateName: field(2), namespace: field(3), selfLink: field(4), uid: field(5) },
    ...{ resourceVersion: field(6), generation: field(7, 'int64'), creationTimestamp: field(8, 'Time') },
    ...{ deletionTimestamp: field(9, 'Time'), deletionGracePeriodSeconds: field(10, 'int64') },
    ...{ labels: map(11), annotations: map(12), finalizers: list(14) },
  },
  Secret: {
    ...{ metadata: field(1, 'ObjectMeta'), data: map(2, 'bytes'), type: field(3) },
    ...{ stringData: map(4), immutable: field(5, 'bool') },
  },
  NamespaceSpec: { finalizers: list(1) },
  NamespaceStatus: { phase: field(1) },
  Namespace: { metadata: field(1, 'ObjectMeta'), spec: field(2, 'NamespaceSpec'), status: field(3, 'NamespaceStatus') },
  Preconditions: { uid: field(1), resourceVersion: field(2) },
  DeleteOptions: {
    ...{ gracePeriodSeconds: field(1, 'int64'), preconditions: field(2, 'Preconditions'), orphanDependents: field(3, 'bool') },
    ...{ propagationPolicy: field(4), dryRun: list(5) },
  },
};
/** Objects that may come in this form. */
export const PROTOBUF_KINDS = ['Secret', 'Namespace'];
const BODIES = [...PROTOBUF_KINDS, 'DeleteOptions'];

const root = protobuf.Root.fromJSON({
  // proto2: a field that is present has a meaning also when it is 0 or empty (gracePeriodSeconds).
  nested: Object.fromEntries(Object.entries(FIELDS).map(([name, fields]) => [name, { edition: 'proto2', fields }])),
});

/** @returns the body as its JSON would be. @throws 400 */
export function fromProtobuf(bytes: Buffer): Json {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const { typeMeta, raw = Buffer.alloc(0), contentEncoding } = parse('Unknown', bytes.subarray(MAGIC.length));
  const { apiVersion = '', kind = '' } = (typeMeta ?? {}) as { apiVersion?: string; kind?: string };
  if (!BODIES.includes(kind)) throw badRequest(`protobuf bodies of kind "${kind}" are not understood here: send JSON`);
  if (contentEncoding) throw badRequest('a contentEncoding is not understood here: send the message as it is');
  const message = root.lookupType(kind).toObject(parse(kind, raw as Uint8Array), { bytes: String, longs: Number });
  return { apiVersion, kind, ...(plain(message) as JsonObject) };
}

/** @throws 400 for a message that is cut short, or that has fields that are not described */
function parse(type: string, bytes: Uint8Array): protobuf.Message & Record<string, unknown> {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = false;
  let message: protobuf.Message & Record<string, unknown>;
  try {
    message = root.lookupType(type).decode(reader);
  } catch (error) {
    throw badRequest(`the protobuf body is broken: ${error instanceof Error ? error.message : ''}`);
  }
  if (hasUnknown(message)) throw badRequest(`the protobuf body has fields of ${type} that are not understood here: send JSON`);
  return message;
}

function hasUnknown(value: unknown): boolean {
  if (!(value instanceof protobuf.Message)) return false;
  if ((value as { $unknowns?: unknown }).$unknowns !== undefined) return true;
  return Object.values(value).some(hasUnknown);
}

/** The entries of these are the client's own, also empty ones. */
const MAPS = new Set(['labels', 'annotations', 'data', 'stringData']);

/** As in JSON: times as text, and what was never set (Go's zero time, its empty strings) left out. */
function plain(value: Json): Json {
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([name, child]): [string, Json][] => {
    if (child === '') return [];
    if (MAPS.has(name)) return [[name, child]];
    if (!name.endsWith('Timestamp') || !isObject(child)) return [[name, plain(child)]];
    const seconds = child['seconds'];
    return typeof seconds === 'number' ? [[name, `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`]] : [];
  });
  return Object.fromEntries(entries);
}
