/** The annotations that users write: what their values mean, and what is wrong with one that cannot be read. Pure. */
import { isDnsLabel } from '../util/kubernetes-names.ts';
import { DEFAULTS } from './defaults.ts';
import {
  IDLE_ANNOTATION,
  MAINTENANCE_ANNOTATION,
  MAX_ENDPOINT_WEIGHT,
  SHARED_WITH_ANNOTATION,
  WEIGHT_ANNOTATION,
} from './labels.ts';

type Annotations = Readonly<Record<string, string>> | undefined;

export interface AnnotationProblem {
  readonly annotation: string;
  /** As it was written: any text, of any length. */
  readonly value: string;
  /** The part that cannot be read, for a message: short, and without characters that cannot be seen. */
  readonly shown: string;
  /** What it may be: `a whole number from 0 to 1000`. */
  readonly allowed: string;
  /** What counts instead, as a sentence. */
  readonly instead: string;
}

/** The weight of a Pod's endpoints. */
export function readWeight(annotations: Annotations): { readonly weight: number; readonly problem?: AnnotationProblem } {
  const value = annotations?.[WEIGHT_ANNOTATION];
  if (value === undefined) return { weight: DEFAULTS.weight };
  if (/^\d{1,4}$/.test(value) && Number(value) <= MAX_ENDPOINT_WEIGHT) return { weight: Number(value) };
  const allowed = `a whole number from 0 to ${MAX_ENDPOINT_WEIGHT}`;
  const instead = `The weight is ${DEFAULTS.weight}, as without the annotation.`;
  return { weight: DEFAULTS.weight, problem: problemOf(WEIGHT_ANNOTATION, value, allowed, instead) };
}

/** Whether a Pod's endpoints drain. */
export function readMaintenance(annotations: Annotations): {
  readonly maintenance: boolean;
  readonly problem?: AnnotationProblem;
} {
  const { value, problem } = readBoolean(annotations, MAINTENANCE_ANNOTATION, 'The Pod is not in maintenance.');
  return { maintenance: value, ...(problem && { problem }) };
}

/** Whether a policy without endpoints is meant to have none. */
export function readIdle(annotations: Annotations): { readonly idle: boolean; readonly problem?: AnnotationProblem } {
  const { value, problem } = readBoolean(annotations, IDLE_ANNOTATION, 'The policy does not count as idle on purpose.');
  return { idle: value, ...(problem && { problem }) };
}

/** The namespaces whose gateway policies may use a Service; `*` is all of them. What cannot be read permits nothing. */
export function readSharedWith(annotations: Annotations): {
  readonly namespaces: readonly string[];
  readonly problem?: AnnotationProblem;
} {
  const value = annotations?.[SHARED_WITH_ANNOTATION];
  if (value === undefined) return { namespaces: [] };
  const parts = value.split(',').map((part) => part.trim());
  const namespaces = parts.filter((part) => part === '*' || isDnsLabel(part));
  const unread = parts.find((part) => part !== '' && part !== '*' && !isDnsLabel(part));
  if (unread === undefined) return { namespaces };
  const allowed = 'the name of a namespace, nor * for all (several are separated by commas)';
  const instead = 'That part permits nothing; the others count.';
  return { namespaces, problem: { ...problemOf(SHARED_WITH_ANNOTATION, value, allowed, instead), shown: printable(unread) } };
}

/** For a list of notes, without the end of a sentence. */
export function noteOf({ annotation, shown, allowed }: AnnotationProblem): string {
  return `annotation ${annotation} is ignored, "${shown}" is not ${allowed}`;
}

/** For an Event. */
export function sentenceOf({ annotation, shown, allowed, instead }: AnnotationProblem): string {
  return `The annotation ${annotation} cannot be read: "${shown}" is not ${allowed}. ${instead}`;
}

function readBoolean(annotations: Annotations, name: string, instead: string) {
  const value = annotations?.[name];
  if (value === undefined || value === 'true' || value === 'false') return { value: value === 'true' };
  return { value: false, problem: problemOf(name, value, '"true" or "false"', instead) };
}

function problemOf(annotation: string, value: string, allowed: string, instead: string): AnnotationProblem {
  return { annotation, value, shown: printable(value), allowed, instead };
}

/** Longest quotation, in characters. */
const MAX_SHOWN = 40;
/** Control characters, and others that have no width or turn the text around. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function printable(value: string): string {
  // An annotation may have 256 KiB.
  const characters = [...value.slice(0, 1000).toWellFormed().replace(UNSEEN, '')];
  return characters.length > MAX_SHOWN ? `${characters.slice(0, MAX_SHOWN).join('')}…` : characters.join('');
}
