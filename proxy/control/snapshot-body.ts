import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { MAX_COMPRESSED_BYTES } from '../snapshot/limits.ts';
import { MAX_SNAPSHOT_BYTES } from '../snapshot/types.ts';

export type BodyFault = 'too-large' | 'body-mismatch' | 'malformed' | 'unsupported-encoding' | 'aborted';
export type SnapshotBody = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: BodyFault };

const inflate = promisify(gunzip);

/** Reads the body of a push: limited as sent, hashed before it is parsed, decompressed up to 64 MiB. Never throws. */
export async function readSnapshotBody(req: IncomingMessage, sha256: string): Promise<SnapshotBody> {
  const encoding = (req.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding !== 'gzip' && encoding !== 'identity') return fault('unsupported-encoding');
  const sent = await readBytes(req, encoding === 'gzip' ? MAX_COMPRESSED_BYTES : MAX_SNAPSHOT_BYTES);
  if (typeof sent === 'string') return fault(sent);
  if (createHash('sha256').update(sent).digest('hex') !== sha256) return fault('body-mismatch');
  try {
    const bytes = encoding === 'gzip' ? await inflate(sent, { maxOutputLength: MAX_SNAPSHOT_BYTES }) : sent;
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) };
  } catch (error) {
    return fault((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'malformed');
  }
}

function fault(reason: BodyFault): SnapshotBody {
  return { ok: false, reason };
}

async function readBytes(req: IncomingMessage, limit: number): Promise<Buffer | 'too-large' | 'aborted'> {
  if (Number(req.headers['content-length'] ?? 0) > limit) return 'too-large';
  // The client may have left while the push waited for its turn.
  if (req.destroyed) return 'aborted';
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else settle('too-large');
    };
    const onEnd = (): void => settle(Buffer.concat(chunks));
    const onClose = (): void => settle('aborted');
    const settle = (result: Buffer | 'too-large' | 'aborted'): void => {
      req.off('data', onData).off('end', onEnd).off('close', onClose).pause();
      resolve(result);
    };
    req.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}
