/** Cases with the proxies that can run here. */
import { after, before } from 'node:test';
import { Cleanup } from '../bench/cleanup.ts';
import { startContender, whyMissing } from './contenders.ts';
import type { ContenderName, OwnName } from './contenders.ts';
import { converse } from './conversation.ts';
import type { ClientScript, Conversation } from './conversation.ts';
import type { PeerName } from './differences.ts';
import type { Answer } from './recording-backend.ts';

/** Those of both directions; `http-proxy` is compared in responses only. */
export const OWN: readonly OwnName[] = ['http1', 'node-http'];
export const PEERS: readonly PeerName[] = ['node-http', 'haproxy', 'nginx'];
const ALL: readonly ContenderName[] = ['http1', ...PEERS];

/** Why a test about these proxies is skipped; false: it runs. */
export const skipWithout = (...names: readonly ContenderName[]): string | false =>
  names.map(whyMissing).find((why) => why !== undefined) ?? false;

export interface Case {
  readonly what: string;
  readonly client: ClientScript;
  readonly answer?: Answer;
}

/**
 * Runs all cases before the first test of a file, with these proxies at the same time, and one case at a time for each. Returns what each
 * of them made of a case.
 */
export function runBefore(
  cases: readonly Case[],
  names: readonly ContenderName[] = ALL,
): (name: ContenderName, what: string) => Conversation {
  const cleanup = new Cleanup();
  const results = new Map<string, Conversation>();
  before(async () => {
    await Promise.all(
      names
        .filter((name) => whyMissing(name) === undefined)
        .map(async (name) => {
          const contender = await startContender(cleanup, name);
          for (const { what, client, answer } of cases) {
            const result = await converse(contender, client, answer).catch((error: unknown) => {
              throw new Error(`${name}: ${what}`, { cause: error });
            });
            results.set(`${name}: ${what}`, result);
          }
        }),
    );
  });
  after(() => cleanup.run());
  return (name, what) => {
    const result = results.get(`${name}: ${what}`);
    if (!result) throw new Error(`${name} has not run: ${what}`);
    return result;
  };
}
