/** AdmissionReview in, AdmissionReview out. A Pod is always admitted: a missing sidecar must not keep an application from starting. */
import { inject } from './sidecar-patch.ts';
import type { InjectablePod } from './injectable-pod.ts';
import type { Sidecar } from './sidecar-container.ts';

export type InjectionResult = 'injected' | 'unchanged' | 'refused';

export interface Reviewed {
  readonly result: InjectionResult;
  /** AdmissionReview with the response, as JSON. */
  readonly body: string;
}

interface AdmissionReview {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly request?: {
    readonly uid?: unknown;
    readonly operation?: unknown;
    readonly resource?: { readonly group?: unknown; readonly resource?: unknown } | null;
    readonly subResource?: unknown;
    readonly object?: unknown;
  } | null;
}

const API_VERSION = 'admission.k8s.io/v1';

/** Undefined: the text is not an AdmissionReview of this version. */
export function review(text: string, sidecar: Sidecar): Reviewed | undefined {
  const { apiVersion, kind, request } = parse(text) ?? {};
  if (apiVersion !== API_VERSION || kind !== 'AdmissionReview' || typeof request?.uid !== 'string') return undefined;
  const { uid } = request;
  const pod = podOf(request);
  const injection = pod === undefined ? { patch: [] } : inject(pod, sidecar);
  if ('refused' in injection) {
    const warnings = [`no Outrigger sidecar was added: ${injection.refused}`];
    return { result: 'refused', body: answer({ uid, allowed: true, warnings }) };
  }
  if (injection.patch.length === 0) return { result: 'unchanged', body: answer({ uid, allowed: true }) };
  const patch = Buffer.from(JSON.stringify(injection.patch)).toString('base64');
  return { result: 'injected', body: answer({ uid, allowed: true, patchType: 'JSONPatch', patch }) };
}

function parse(text: string): AdmissionReview | undefined {
  try {
    return (JSON.parse(text) as AdmissionReview | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The Pod that is being created; undefined for anything else, which a differently configured webhook may send. */
function podOf({ operation, resource, subResource, object }: NonNullable<AdmissionReview['request']>): InjectablePod | undefined {
  const isPod = resource?.group === '' && resource.resource === 'pods' && !subResource;
  return operation === 'CREATE' && isPod && typeof object === 'object' && object !== null ? object : undefined;
}

function answer(response: object): string {
  return JSON.stringify({ apiVersion: API_VERSION, kind: 'AdmissionReview', response });
}
