/** What a client is told when no backend's answer can be passed on. */
import type { Failure, LocalReply } from './exchange.ts';

export const FAILED: Readonly<Record<Exclude<Failure['kind'], 'client-gone'>, LocalReply>> = {
  connect: { status: 503, reason: 'connect-failed', text: 'no connection to a backend could be made' },
  reset: { status: 503, reason: 'reset', text: 'the backend closed the connection before it answered' },
  timeout: { status: 504, reason: 'timeout', text: 'no backend answered in time' },
  protocol: { status: 502, reason: 'protocol', text: 'the backend sent a malformed response' },
  overflow: { status: 503, reason: 'overflow', text: 'no capacity is left' },
};
export const NO_ENDPOINT: LocalReply = { status: 503, reason: 'no-endpoint', text: 'no backend can be used' };
export const OVERFLOW: LocalReply = { status: 503, reason: 'overflow', text: 'all backends are busy' };
