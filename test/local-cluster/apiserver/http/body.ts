/** Bodies of requests: within a limit, as JSON or as the protobuf that kubectl and helm require. */
import type { IncomingMessage } from 'node:http';
import { asObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Kind } from '../kinds.ts';
import { badRequest, tooLarge, unsupportedMediaType } from '../status.ts';
import { PROTOBUF, PROTOBUF_KINDS, fromProtobuf } from './protobuf.ts';

/** Bytes of a request body; more is answered with 413. The real server has the same limit. */
export const MAX_BODY = 3 * 1024 * 1024;
const JSON_BODY = 'application/json';

/** The body of a request, and its media type without parameters. */
export interface Body {
  readonly bytes: Buffer;
  readonly type: string;
}

/** Reads a whole body. @throws 413 */
export async function readBody(request: IncomingMessage): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY) throw tooLarge(MAX_BODY);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw tooLarge(MAX_BODY);
    chunks.push(chunk);
  }
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return { bytes: Buffer.concat(chunks), type };
}

/** @throws 400 for what is not UTF-8 */
export function textOf({ bytes }: Body): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badRequest('the body of the request is not valid UTF-8');
  }
}

/** An object to be written. @throws 400, 415 */
export function parseBody(kind: Kind, body: Body): Json {
  if (body.type === PROTOBUF && kind.group === '' && PROTOBUF_KINDS.includes(kind.kind)) return fromProtobuf(body.bytes);
  if (body.type !== '' && body.type !== JSON_BODY) throw unsupportedMediaType([JSON_BODY]);
  const text = textOf(body);
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const why =
      error instanceof Error && !/end of JSON|Unterminated/.test(error.message) ? error.message : 'unexpected end of JSON input';
    const shown = text.length > 2048 ? `${text.slice(0, 2048)}...` : text;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: ${why} (${shown})`,
    );
  }
}

/** The `DeleteOptions` of a DELETE. @throws 400, 415 */
export function parseOptions(body: Body): JsonObject {
  if (body.bytes.length === 0) return {};
  if (body.type === PROTOBUF) return asObject(fromProtobuf(body.bytes));
  if (body.type !== '' && body.type !== JSON_BODY) throw unsupportedMediaType([JSON_BODY]);
  const text = textOf(body);
  if (text.trim() === '') return {};
  try {
    return asObject(JSON.parse(text) as Json);
  } catch {
    throw badRequest('the DeleteOptions in the body are not JSON');
  }
}
