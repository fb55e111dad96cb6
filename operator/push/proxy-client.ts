import { isIPv6 } from 'node:net';
import { Agent } from 'undici';
import { asPushAnswer, asRefusal, asStatusAnswer, MAX_ANSWER_BYTES } from '../../proxy/snapshot/answers.ts';
import type { Refusal } from '../../proxy/snapshot/answers.ts';
import { CONTROL_PORT } from '../../proxy/snapshot/ports.ts';
import { MAX_STATUS_WAIT } from '../../proxy/snapshot/limits.ts';
import type { PushAnswer, StatusAnswer, Version } from '../../proxy/snapshot/types.ts';
import type { EncodedBody } from './snapshot-body-cache.ts';

/** Why there was no valid 200, by kind. Texts are for people. */
export type Refused =
  | { readonly kind: 'missing'; readonly digests: readonly string[] }
  | { readonly kind: 'stale' | 'conflict'; readonly current: Version }
  /** `time`: the proxy's clock, unix seconds. */
  | { readonly kind: 'unauthorized'; readonly reason: string; readonly time: number | undefined }
  /** The proxy refused the document or the request: sending the same again is useless. */
  | { readonly kind: 'invalid'; readonly detail: string }
  /** No answer, or none that can be parsed. */
  | { readonly kind: 'failed'; readonly detail: string };

export type PushOutcome = { readonly kind: 'acked'; readonly answer: PushAnswer } | Refused;
export type StatusOutcome = { readonly kind: 'status'; readonly answer: StatusAnswer } | Refused;

/** A status question that is answered when there is news, or after MAX_STATUS_WAIT. */
export interface Wait {
  /** Revision of the status that is known. */
  readonly after: string;
  /** Ends the question. */
  readonly signal: AbortSignal;
}

/** A client of the proxies' control API. Never rejects: every answer and every failure is an outcome. */
export interface ProxyClient {
  push(address: string, token: string, body: EncodedBody): Promise<PushOutcome>;
  /** Without `wait`, the answer comes at once. */
  status(address: string, token: string, wait?: Wait): Promise<StatusOutcome>;
  /** Ends every connection, requests in flight included. */
  close(): Promise<void>;
}

export interface ClientOptions {
  /** Origin of the control API of the pod at this address; by default its port 9900. */
  readonly origin?: (address: string) => string;
  /** For a whole request and its answer. */
  readonly timeouts?: Timeouts;
}

/** Milliseconds. */
interface Timeouts {
  readonly push: number;
  readonly status: number;
  /** Of a status question that waits. */
  readonly wait: number;
}

const TIMEOUTS: Timeouts = { push: 10_000, status: 5_000, wait: MAX_STATUS_WAIT + 5_000 };

/** Milliseconds. Pods are near, so a connection that takes longer is not going to succeed. */
const CONNECT_TIMEOUT = 2_000;

/** A client over plain HTTP. It keeps one connection per proxy, and one more for a question that waits, so that no push is behind it. */
export function createProxyClient(options: ClientOptions = {}): ProxyClient {
  const { origin = podOrigin, timeouts = TIMEOUTS } = options;
  const [agent, waiting] = [createAgent(), createAgent()];
  return {
    async push(address, token, body) {
      const headers = { 'content-type': 'application/json', ...(body.gzip ? { 'content-encoding': 'gzip' } : {}) };
      const call = { path: '/v1/snapshot', method: 'PUT', headers, body: body.bytes } as const;
      const reply = await exchange(agent, origin(address), token, call, timeouts.push);
      if ('kind' in reply) return reply;
      const answer = reply.status === 200 ? asPushAnswer(reply.body) : undefined;
      return answer ? { kind: 'acked', answer } : refused(reply);
    },
    async status(address, token, wait) {
      const call = { path: statusTarget(wait?.after), method: 'GET', headers: {} } as const;
      const reply = wait
        ? await exchange(waiting, origin(address), token, call, timeouts.wait, wait.signal)
        : await exchange(agent, origin(address), token, call, timeouts.status);
      if ('kind' in reply) return reply;
      const answer = reply.status === 200 ? asStatusAnswer(reply.body) : undefined;
      return answer ? { kind: 'status', answer } : refused(reply);
    },
    close: async () => void (await Promise.all([agent.destroy(), waiting.destroy()])),
  };
}

function createAgent(): Agent {
  return new Agent({
    connections: 1,
    pipelining: 1,
    connect: { timeout: CONNECT_TIMEOUT },
    maxResponseSize: MAX_ANSWER_BYTES,
  });
}

/** Target of a status request, which its token names. A revision needs no escapes. */
export function statusTarget(after: string | undefined): string {
  return after === undefined ? '/v1/status' : `/v1/status?after=${after}`;
}

export function podOrigin(address: string): string {
  return `http://${isIPv6(address) ? `[${address}]` : address}:${CONTROL_PORT}`;
}

interface Call {
  readonly path: string;
  readonly method: 'GET' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}
interface Reply {
  readonly status: number;
  readonly body: unknown;
}

async function exchange(
  agent: Agent,
  origin: string,
  token: string,
  call: Call,
  timeout: number,
  ended?: AbortSignal,
): Promise<Reply | Refused> {
  const headers = { ...call.headers, authorization: `Bearer ${token}` };
  try {
    // One deadline for everything, so that an answer that arrives slowly does not block the proxy's next push.
    const deadline = AbortSignal.timeout(timeout);
    const signal = ended === undefined ? deadline : AbortSignal.any([deadline, ended]);
    const response = await agent.request({ ...call, origin, headers, signal });
    return { status: response.statusCode, body: await response.body.json() };
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') {
      return { kind: 'failed', detail: `no answer within ${timeout / 1000} s` };
    }
    return { kind: 'failed', detail: error instanceof Error ? error.message : 'the request failed' };
  }
}

function refused({ status, body }: Reply): Refused {
  const refusal = asRefusal(body);
  if (refusal === undefined) return { kind: 'failed', detail: `HTTP ${status} with an answer that cannot be parsed` };
  const { reason, time, current, missing, errors } = refusal;
  if (status === 401) return { kind: 'unauthorized', reason, time };
  if (status === 409 && current) return { kind: reason === 'conflict' ? 'conflict' : 'stale', current };
  if (status === 424 && missing) return { kind: 'missing', digests: missing };
  if (status >= 400 && status < 500) return { kind: 'invalid', detail: `HTTP ${status} ${reason}${named(errors)}` };
  return { kind: 'failed', detail: `HTTP ${status} ${reason}` };
}

function named(errors: Refusal['errors']): string {
  const first = (errors ?? []).slice(0, 3).map(({ path, message }) => `${path} ${message}`);
  return first.length === 0 ? '' : `: ${first.join('; ')}`;
}
