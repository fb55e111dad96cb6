import { EMPTY_BODY_SHA } from '../../proxy/snapshot/token.ts';
import type { Version } from '../../proxy/snapshot/types.ts';
import { lacking } from './snapshot-body-cache.ts';
import type { Bodies } from './snapshot-body-cache.ts';
import type { ProxyClient, Refused } from './proxy-client.ts';
import type { ProxyState } from './proxy-state.ts';
import type { Signer } from '../signing-keys/signer.ts';
import type { Stamp } from './versioned-snapshot.ts';

/** Label of `outrigger_operator_pushes_total`. */
export type PushResult = 'acked' | Refused['kind'];

export interface DialogueOptions {
  /** Who signs what is for this proxy. */
  readonly signer: (proxy: ProxyState) => Signer;
  readonly client: ProxyClient;
  readonly bodies: Bodies;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Unix milliseconds. */
  readonly unixNow: () => number;
  readonly random: () => number;
  /** Whether a push that was prepared may still be sent. */
  readonly mayPush: (stamp: Stamp) => boolean;
  readonly pushed: (result: PushResult) => void;
  /** A proxy says that it saw a higher version. */
  readonly ahead: (current: Version) => void;
}

/** One push or one question, from token to what is then known of the proxy. Never rejects. */
export class Dialogue {
  readonly #options: DialogueOptions;

  constructor(options: DialogueOptions) {
    this.#options = options;
  }

  /** Pushes a stamp, with the parts that the proxy is believed to lack. */
  async push(proxy: ProxyState, stamp: Stamp): Promise<void> {
    const { client, bodies, now, mayPush, pushed } = this.#options;
    const { life, target } = proxy;
    const outcome = await this.#attempt(async () => {
      const body = await bodies.get(stamp, lacking(stamp, proxy.has));
      const token = await this.#sign(proxy, 'PUT', '/v1/snapshot', stamp.version, body.sha256);
      // Leadership may have ended while the body was made.
      if (!mayPush(stamp)) return undefined;
      proxy.floor = stamp.version.sequence;
      return client.push(target.address, token, body);
    });
    if (outcome === undefined) return;
    if (life !== proxy.life) return pushed(outcome.kind);
    const believed = outcome.kind !== 'acked' || proxy.acknowledge(stamp, outcome.answer, now(), target.zone ?? '');
    pushed(believed ? outcome.kind : 'failed');
    if (!believed) this.#fail(proxy, 'the answer acknowledges something else');
    else if (outcome.kind !== 'acked') this.#refused(proxy, outcome, stamp);
  }

  /** Asks for the status; `version` is the last one sent. */
  async ask(proxy: ProxyState, version: Version): Promise<void> {
    const { client, now, random, ahead } = this.#options;
    const life = proxy.life;
    const outcome = await this.#attempt(async () => {
      const token = await this.#sign(proxy, 'GET', '/v1/status', version, EMPTY_BODY_SHA);
      return client.status(proxy.target.address, token);
    });
    if (outcome === undefined || life !== proxy.life) return;
    if (outcome.kind !== 'status') return this.#refused(proxy, outcome);
    if (!proxy.heard(outcome.answer, now(), random)) return this.#fail(proxy, 'another pod answers at this address');
    if (outcome.answer.fence.epoch > version.epoch) ahead(outcome.answer.fence);
  }

  #sign(proxy: ProxyState, htm: string, htu: string, version: Version, bsha: string): Promise<string> {
    const { signer, unixNow } = this.#options;
    const { epoch, sequence: seq } = version;
    const { uid: aud, zone = '' } = proxy.target;
    return signer(proxy).sign({ aud, htm, htu, epoch, seq, zone, bsha }, Math.floor(unixNow() / 1000));
  }

  /** What can not even be sent, such as a body that is too large. */
  async #attempt<T>(attempt: () => Promise<T>): Promise<T | Refused> {
    try {
      return await attempt();
    } catch (error) {
      return { kind: 'invalid', detail: error instanceof Error ? error.message : 'the request could not be made' };
    }
  }

  #refused(proxy: ProxyState, outcome: Refused, stamp?: Stamp): void {
    switch (outcome.kind) {
      case 'missing':
        if (!proxy.lacks(outcome.digests)) this.#fail(proxy, 'the proxy lacks parts of the snapshot');
        return;
      case 'conflict':
        // Another snapshot has this version: the next try gets a higher one.
        if (stamp) proxy.floor = stamp.version.sequence + 1;
        return this.#fail(proxy, 'the proxy has another snapshot of the same version');
      case 'stale':
        this.#options.ahead(outcome.current);
        return this.#fail(proxy, `the proxy has seen version ${outcome.current.epoch}.${outcome.current.sequence}`);
      case 'unauthorized':
        return this.#unauthorized(proxy, outcome.reason, outcome.time);
      case 'invalid':
        return this.#fail(proxy, outcome.detail, stamp?.key);
      case 'failed':
        return this.#fail(proxy, outcome.detail);
    }
  }

  #unauthorized(proxy: ProxyState, reason: string, time: number | undefined): void {
    proxy.distrust();
    if (time !== undefined) proxy.skew = time - Math.floor(this.#options.unixNow() / 1000);
    const clock = proxy.skew === 0 ? '' : `; its clock is ${Math.abs(proxy.skew)} s ${proxy.skew > 0 ? 'ahead' : 'behind'}`;
    this.#fail(proxy, `the proxy refused the token (${reason})${clock}`);
  }

  #fail(proxy: ProxyState, error: string, key?: string): void {
    proxy.fail(error, this.#options.now(), this.#options.random, key);
  }
}
