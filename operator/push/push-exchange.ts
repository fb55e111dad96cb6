import { UNKNOWN_LOCATION } from '../../proxy/snapshot/location.ts';
import { EMPTY_BODY_SHA } from '../../proxy/snapshot/token.ts';
import type { Version } from '../../proxy/snapshot/types.ts';
import { missingParts } from './snapshot-body-cache.ts';
import type { SnapshotBodyCache } from './snapshot-body-cache.ts';
import { statusTarget, type ProxyClient, type Refused } from './proxy-client.ts';
import type { ProxyState } from './proxy-state.ts';
import type { Signer } from '../signing-keys/signer.ts';
import type { VersionedSnapshot } from './versioned-snapshot.ts';

/** Label of `outrigger_operator_pushes_total`. */
export type PushResult = 'acked' | Refused['kind'];

export interface PushExchangeOptions {
  /** The signer for requests to this proxy. */
  readonly signer: (proxy: ProxyState) => Signer;
  readonly client: ProxyClient;
  readonly bodies: SnapshotBodyCache;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Unix milliseconds. */
  readonly unixNow: () => number;
  readonly random: () => number;
  /** Whether a prepared push may still be sent. */
  readonly mayPush: (snapshot: VersionedSnapshot) => boolean;
  readonly pushed: (result: PushResult) => void;
  /** A proxy reports a higher version than that of a request that was sent under `epoch`. */
  readonly higherVersionSeen: (current: Version, epoch: number) => void;
}

/** What a waiting question needs beside the proxy. */
export interface Waiting {
  /** Ends the question, and its answer no longer counts. */
  readonly signal: AbortSignal;
  /** Settles when no push is in flight to this proxy that was when it was called. */
  readonly pushEnded: () => Promise<void>;
}

/** One push or one status query, from its token to the new state of the proxy. Never rejects. */
export class PushExchange {
  readonly #options: PushExchangeOptions;

  constructor(options: PushExchangeOptions) {
    this.#options = options;
  }

  /** Pushes a snapshot, with the parts that the proxy is believed not to have. */
  async push(proxy: ProxyState, snapshot: VersionedSnapshot): Promise<void> {
    const { client, bodies, now, mayPush, pushed } = this.#options;
    const { generation, target } = proxy;
    const outcome = await this.#attempt(async () => {
      const body = await bodies.get(snapshot, missingParts(snapshot, proxy.knownParts));
      const token = await this.#sign(proxy, 'PUT', '/v1/snapshot', snapshot.version, body.sha256);
      // Leadership may have ended while the body was made.
      if (!mayPush(snapshot)) return undefined;
      proxy.minSequence = snapshot.version.sequence;
      return client.push(target.address, token, body);
    });
    if (outcome === undefined) return;
    if (generation !== proxy.generation) return pushed(outcome.kind);
    const believed = outcome.kind !== 'acked' || proxy.acknowledge(snapshot, outcome.answer, now(), target.location);
    pushed(believed ? outcome.kind : 'failed');
    if (!believed) this.#fail(proxy, 'the answer acknowledges something else');
    else if (outcome.kind !== 'acked') this.#refused(proxy, outcome, snapshot.version.epoch, snapshot);
  }

  /** Queries the status. `version`: the last one sent. */
  async queryStatus(proxy: ProxyState, version: Version): Promise<void> {
    const { client, now, random } = this.#options;
    const { generation } = proxy;
    const outcome = await this.#attempt(async () => {
      const token = await this.#sign(proxy, 'GET', statusTarget(undefined), version, EMPTY_BODY_SHA);
      return client.status(proxy.target.address, token);
    });
    if (generation !== proxy.generation) return;
    if (outcome.kind !== 'status') return this.#refused(proxy, outcome, version.epoch);
    if (!proxy.applyStatus(outcome.answer, now(), random)) return this.#fail(proxy, 'another pod answers at this address');
    this.#checkFence(outcome.answer.fence, version);
  }

  /**
   * Asks for the status that follows the one that is known. An answer that comes during a push is used when the push has ended: it may
   * have been made before the push took effect, or after.
   */
  async awaitNews(proxy: ProxyState, version: Version, { signal, pushEnded }: Waiting): Promise<void> {
    const { client, now, random } = this.#options;
    const question = proxy.waitingQuestion(now());
    if (question === undefined) return;
    const { generation, waits } = question;
    const outcome = await this.#attempt(async () => {
      const token = await this.#sign(proxy, 'GET', statusTarget(waits.after), version, EMPTY_BODY_SHA);
      return client.status(proxy.target.address, token, { after: waits.after, signal });
    });
    await pushEnded();
    if (signal.aborted || generation !== proxy.generation) return;
    const counts = outcome.kind === 'status' && proxy.applyStatus(outcome.answer, now(), random, question);
    if (!counts) return proxy.questionFailed(now(), random);
    this.#checkFence(outcome.answer.fence, version);
  }

  #checkFence(fence: Version, { epoch }: Version): void {
    if (fence.epoch > epoch) this.#options.higherVersionSeen(fence, epoch);
  }

  #sign(proxy: ProxyState, htm: string, htu: string, version: Version, bsha: string): Promise<string> {
    const { signer, unixNow } = this.#options;
    const { epoch, sequence: seq } = version;
    const { uid: aud, location = UNKNOWN_LOCATION } = proxy.target;
    return signer(proxy).sign({ aud, htm, htu, epoch, seq, ...location, bsha }, Math.floor(unixNow() / 1000));
  }

  /** A request that cannot be sent (its body is too large, say) is an outcome, too. */
  async #attempt<T>(attempt: () => Promise<T>): Promise<T | Refused> {
    try {
      return await attempt();
    } catch (error) {
      return { kind: 'invalid', detail: error instanceof Error ? error.message : 'the request could not be made' };
    }
  }

  #refused(proxy: ProxyState, outcome: Refused, epoch: number, snapshot?: VersionedSnapshot): void {
    switch (outcome.kind) {
      case 'missing':
        if (!proxy.reportMissing(outcome.digests)) this.#fail(proxy, 'the proxy lacks parts of the snapshot');
        return;
      case 'conflict':
        // Another snapshot has this version: the next try gets a higher one.
        if (snapshot) proxy.minSequence = snapshot.version.sequence + 1;
        return this.#fail(proxy, 'the proxy has another snapshot of the same version');
      case 'stale':
        this.#options.higherVersionSeen(outcome.current, epoch);
        return this.#fail(proxy, `the proxy has seen version ${outcome.current.epoch}.${outcome.current.sequence}`);
      case 'unauthorized':
        return this.#unauthorized(proxy, outcome.reason, outcome.time);
      case 'invalid':
        return this.#fail(proxy, outcome.detail, snapshot?.key);
      case 'failed':
        return this.#fail(proxy, outcome.detail);
    }
  }

  #unauthorized(proxy: ProxyState, reason: string, time: number | undefined): void {
    proxy.forgetTrust();
    if (time !== undefined) proxy.skew = time - Math.floor(this.#options.unixNow() / 1000);
    const clock = proxy.skew === 0 ? '' : `; its clock is ${Math.abs(proxy.skew)} s ${proxy.skew > 0 ? 'ahead' : 'behind'}`;
    this.#fail(proxy, `the proxy refused the token (${reason})${clock}`);
  }

  #fail(proxy: ProxyState, error: string, key?: string): void {
    proxy.fail(error, this.#options.now(), this.#options.random, key);
  }
}
