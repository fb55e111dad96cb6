/** Which requests may change the protocol of their connection (RFC 9110 §7.8), mostly to WebSocket. PURE. */
import { REFUSED_UPGRADE, UPGRADE_METHOD, UPGRADE_PROTOCOLS } from '../snapshot/request-grammar.ts';

const PROTOCOLS = new RegExp(`^${UPGRADE_PROTOCOLS}$`);
const NAMED = /(?:^|,)[\t ]*upgrade[\t ]*(?:,|$)/i;
/** Characters of Upgrade. */
const MAX_LENGTH = 256;

/** Values of the fields that decide about it, as received. */
export interface UpgradeFields {
  readonly connection: string | undefined;
  readonly upgrade: string | undefined;
  /** Content-Length. */
  readonly length: string | undefined;
  /** Transfer-Encoding. */
  readonly coding: string | undefined;
  readonly expect: string | undefined;
}

/** Whether Connection names Upgrade, and there is one. */
export function asksForUpgrade({ connection, upgrade }: Pick<UpgradeFields, 'connection' | 'upgrade'>): boolean {
  return upgrade !== undefined && connection !== undefined && NAMED.test(connection);
}

/**
 * The protocols that a request asks for, if it is forwarded as one that does; undefined: it is not. It is if it is a GET of HTTP/1.1 without
 * a body or Expect, and asks for neither HTTP nor TLS.
 */
export function requestedProtocols(fields: UpgradeFields, method: string, minor: number): string | undefined {
  const { upgrade, length = '', coding, expect } = fields;
  if (upgrade === undefined || !asksForUpgrade(fields) || method !== UPGRADE_METHOD || minor !== 1) return undefined;
  if (coding !== undefined || expect !== undefined || !/^0*$/.test(length)) return undefined;
  return upgrade.length <= MAX_LENGTH && PROTOCOLS.test(upgrade) && !REFUSED_UPGRADE.test(upgrade) ? upgrade : undefined;
}
