/** What a client accepts: its Accept header. */
import { notAcceptable } from '../status.ts';
import type { View } from '../view.ts';

interface Accepted {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

function parseAccept(header: string | undefined): Accepted[] {
  return (header === undefined || header.trim() === '' ? '*/*' : header).split(',').map((part) => {
    const [type = '', ...rest] = part.split(';').map((piece) => piece.trim());
    const pairs = rest.map((piece) => piece.split('=', 2)).map(([name = '', value = '']) => [name, value] as const);
    return { type: type.toLowerCase(), parameters: new Map(pairs) };
  });
}

const JSON_TYPES = ['application/json', 'application/*', '*/*'];

/** The first form in the client's list that this server has. @throws 406 */
export function viewOf(accept: string | undefined, query: URLSearchParams): View {
  const include = query.get('includeObject');
  const rows = include === 'Object' || include === 'None' ? include : 'Metadata';
  for (const { type, parameters } of parseAccept(accept)) {
    if (!JSON_TYPES.includes(type)) continue;
    const as = parameters.get('as');
    if (as === undefined) return { form: 'object', include: rows };
    if (parameters.get('g') !== 'meta.k8s.io' || parameters.get('v') !== 'v1') continue;
    if (as === 'Table') return { form: 'table', include: rows };
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { form: 'metadata', include: rows };
  }
  throw notAcceptable(['application/json']);
}

/** Whether a client of `/api` and `/apis` accepts all groups in one document. */
export function wantsAggregated(accept: string | undefined): boolean {
  return parseAccept(accept).some(
    ({ parameters }) => parameters.get('as') === 'APIGroupDiscoveryList' && parameters.get('v') === 'v2',
  );
}
