/** The response to a routed request: a backend's response with the changes of the route, a redirect, or a local reply. PURE. */
import type { Failure } from '../message/attempt.ts';
import { ListFields } from '../message/fields.ts';
import { editResponseFields } from '../message/header-edit.ts';
import type { HeaderEdit } from '../message/header-edit.ts';
import { LOCAL_REPLIES, redirectTo } from '../message/local-replies.ts';
import type { LocalReply } from '../message/local-replies.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { Fallback } from '../snapshot/types.ts';

/** The reply when no try gave a response that can be forwarded, by the failure of the last one. */
export const FAILURE_REPLIES = {
  connect: LOCAL_REPLIES.connectFailed,
  reset: LOCAL_REPLIES.reset,
  timeout: LOCAL_REPLIES.timeout,
  protocol: LOCAL_REPLIES.malformedResponse,
} as const satisfies Readonly<Record<Exclude<Failure['kind'], 'client-gone'>, LocalReply>>;

/** A backend's head with the changes of the route. `cookies`: Set-Cookie values of this proxy. */
export function clientHead(head: ResponseHead, edit: HeaderEdit | undefined, cookies: readonly string[]): ResponseHead {
  if (edit === undefined && cookies.length === 0) return head;
  const edited = edit ? editResponseFields(head.fields, edit) : head.fields;
  return { ...head, fields: new ListFields([...edited.list(), ...cookies.flatMap((cookie) => ['set-cookie', cookie])]) };
}

export function redirectReply(status: number, location: string, edit: HeaderEdit | undefined): LocalReply {
  const reply = redirectTo(location, status);
  return edit ? { ...reply, fields: editResponseFields(new ListFields(reply.fields ?? []), edit).list() } : reply;
}

/**
 * The reply of the policy's fallback when no backend can be used; undefined: it has none, or another backend.
 * @param failure the reply without a fallback, whose reason is kept.
 */
export function fallbackReply(
  fallback: Fallback | undefined,
  failure: LocalReply,
  edit: HeaderEdit | undefined,
): LocalReply | undefined {
  if (fallback === undefined || fallback.type === 'Backend') return undefined;
  if (fallback.type === 'Redirect') return redirectReply(fallback.statusCode, fallback.url, edit);
  const { statusCode: status, contentType, body: text } = fallback;
  return { status, reason: failure.reason, contentType, text };
}
