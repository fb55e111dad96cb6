/** What a client sends and what it takes: bodies within a limit, Accept headers, media types. */
import type { IncomingMessage } from 'node:http';
import { badRequest, notAcceptable, tooLarge } from '../status.ts';
import type { View } from '../view.ts';

/** Bytes of a request body; more is answered with 413. The real server has the same limit. */
export const MAX_BODY = 3 * 1024 * 1024;

/** Reads a whole body as text. @throws 413, 400 for what is not UTF-8 */
export async function readBody(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY) throw tooLarge(MAX_BODY);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw tooLarge(MAX_BODY);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw badRequest('the body of the request is not valid UTF-8');
  }
}

/** A media type without its parameters. */
export function mediaType(header: string | undefined): string {
  return (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

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

/** Whether a client of `/api` and `/apis` takes all groups in one document. */
export function wantsAggregated(accept: string | undefined): boolean {
  return parseAccept(accept).some(
    ({ parameters }) => parameters.get('as') === 'APIGroupDiscoveryList' && parameters.get('v') === 'v2',
  );
}
