/** The user of a request: the administrator, whose token the server was started with, or a service account by a token of this server. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { at } from '../json.ts';
import type { Json } from '../json.ts';
import type { Store } from '../store.ts';

export interface User {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
}

const ADMIN: User = { username: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'] };
const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const HEADER = encode({ alg: 'HS256', typ: 'JWT' });
export const SERVICE_ACCOUNT = 'system:serviceaccount:';

export interface TokenFor {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly audiences: readonly string[];
  readonly expiresAt: Date;
}

export class Users {
  readonly #store: Store;
  readonly #admin: Buffer;
  readonly #key: string;

  /** The key that tokens are signed with is kept in `directory`, so that they stay valid after a restart. */
  constructor(store: Store, adminToken: string, directory: string) {
    this.#store = store;
    this.#admin = digest(`Bearer ${adminToken}`);
    const file = path.join(directory, 'token-key');
    if (!fs.existsSync(file)) fs.writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 });
    this.#key = fs.readFileSync(file, 'utf8');
  }

  /** @returns undefined for a request whose token is missing, wrong, too old, or of a deleted service account */
  of(authorization: string | undefined, now: Date): User | undefined {
    if (timingSafeEqual(digest(authorization ?? ''), this.#admin)) return ADMIN;
    const [, head, payload, signature] = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization ?? '') ?? [];
    if (head === undefined || payload === undefined || signature === undefined) return undefined;
    if (!timingSafeEqual(digest(signature), digest(this.#sign(`${head}.${payload}`)))) return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Json;
    const subject = at(claims, 'sub');
    const expires = at(claims, 'exp');
    if (typeof subject !== 'string' || typeof expires !== 'number' || expires * 1000 <= now.getTime()) return undefined;
    const [namespace = '', name = ''] = subject.slice(SERVICE_ACCOUNT.length).split(':');
    const uid = at(claims, 'kubernetes.io', 'serviceaccount', 'uid');
    const account = this.#store.get('/serviceaccounts', `${namespace}/${name}`);
    if (account === undefined || account.metadata.uid !== uid) return undefined;
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
    return { username: subject, uid: account.metadata.uid, groups };
  }

  token({ namespace, name, uid, audiences, expiresAt }: TokenFor, now: Date): string {
    const claims = {
      aud: audiences.length > 0 ? [...audiences] : [ISSUER],
      exp: seconds(expiresAt),
      iat: seconds(now),
      iss: ISSUER,
      'kubernetes.io': { namespace, serviceaccount: { name, uid } },
      nbf: seconds(now),
      sub: `${SERVICE_ACCOUNT}${namespace}:${name}`,
    };
    const text = `${HEADER}.${encode(claims)}`;
    return `${text}.${this.#sign(text)}`;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}

function encode(value: Json): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);

/** Digests have one length, so comparing them reveals nothing about the token. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
