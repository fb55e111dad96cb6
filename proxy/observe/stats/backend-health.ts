/** Counts the endpoints of one backend, and says in words why none of them takes requests. PURE. */
import type { EndpointState } from '../../endpoints/endpoint-state.ts';
import { printable } from './text.ts';

/** Why an endpoint takes no requests, in the singular and the plural. */
const WORDS = {
  check: ['fails its check', 'fail their check'],
  ejected: ['is ejected', 'are ejected'],
  leaving: ['is leaving, or in maintenance', 'are leaving, or in maintenance'],
  weight: ['has weight 0', 'have weight 0'],
  new: ['awaits its first check', 'await their first check'],
  other: ['cannot be used', 'cannot be used'],
} as const;

type Cause = keyof typeof WORDS;

interface Group {
  count: number;
  /** Of the first endpoint. */
  readonly evidence: string;
  /** Whether all the others have the same. */
  same: boolean;
}

const MAX_LENGTH = 300;

export class BackendHealth {
  /** All endpoints; those that pass their checks and are not ejected; those that take requests. */
  endpoints = 0;
  healthy = 0;
  usable = 0;
  readonly #groups = new Map<Cause, Group>();

  /** @param checked what the last check of the endpoint found, in words */
  count(e: EndpointState, checked: (e: EndpointState) => string): void {
    this.endpoints++;
    if (e.healthy) this.healthy++;
    if (e.usable && e.fullWeight > 0) this.usable++;
    // One endpoint that takes requests is enough: no reason will be asked for.
    else if (this.usable === 0) this.#group(e, checked);
  }

  #group(e: EndpointState, checked: (e: EndpointState) => string): void {
    const cause = causeOf(e);
    const evidence = cause === 'check' ? withoutQuery(checked(e)) : cause === 'ejected' ? e.outlier.evidence : '';
    const group = this.#groups.get(cause);
    if (!group) return void this.#groups.set(cause, { count: 1, evidence, same: true });
    group.count++;
    group.same &&= group.evidence === evidence;
  }

  /** Empty where some endpoint takes requests. */
  get reason(): string {
    if (this.usable > 0) return '';
    if (this.endpoints === 0) return 'no Pod of the Service is ready, or the Service or its port does not exist';
    const groups = [...this.#groups];
    const texts = groups.map(([cause, group]) => `${this.#howMany(group.count)} ${inWords(cause, group)}`);
    return printable(
      groups.length === 1 ? texts.join('') : `none of ${this.endpoints} can be used: ${texts.join('; ')}`,
      MAX_LENGTH,
    );
  }

  #howMany(count: number): string {
    if (this.endpoints === 1) return 'the only endpoint';
    return count === this.endpoints ? `all ${count} endpoints` : `${count}`;
  }
}

/** The query of a check's path may hold a key, and everyone may read the page. */
function withoutQuery(evidence: string): string {
  return evidence.replace(/^(\S+ \/[^\s?]*)\?\S*:/, '$1?…:');
}

function causeOf(e: EndpointState): Cause {
  if (e.watch?.healthy === false) return 'check';
  if (e.outlier.ejected) return 'ejected';
  if (e.state === 'draining') return 'leaving';
  if (e.fullWeight === 0) return 'weight';
  return e.state === 'filling' ? 'new' : 'other';
}

function inWords(cause: Cause, { count, evidence, same }: Group): string {
  const words = WORDS[cause][count === 1 ? 0 : 1];
  return evidence === '' ? words : `${words}${same ? ':' : ', for example:'} ${evidence}`;
}
