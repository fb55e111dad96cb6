/** Interim responses (1xx) on their way to the client. */
import type { Http1Exchange } from './exchange.ts';

export interface Information {
  readonly statusCode: number;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
}

/** 103 goes on with its Link fields; 100 is answered by the attempt; 101 can not come, nothing asked for it; others stay here. */
export function relayInformation({ req, res }: Http1Exchange, { statusCode, rawHeaders }: Information): void {
  if (statusCode !== 103 || res.headersSent || req.httpVersionMinor === 0) return;
  const links: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === 'link') links.push(rawHeaders[i + 1] as string);
  }
  try {
    if (links.length > 0) res.writeEarlyHints({ link: links });
  } catch {
    // Early hints are a courtesy: links that node:http does not like stay here.
  }
}
