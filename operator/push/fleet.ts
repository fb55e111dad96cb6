import type { Version } from '../../proxy/snapshot/types.ts';
import type { ProxyTarget, Translation } from '../translate/types.ts';
import { Bodies } from './snapshot-body-cache.ts';
import { Dialogue } from './push-exchange.ts';
import type { FleetOptions } from './fleet-types.ts';
import { PUSH_TIMING, ProxyState } from './proxy-state.ts';
import type { Step } from './proxy-state.ts';
import type { Fleet, KeyCarrier } from './fleet-types.ts';
import type { ProxyReport } from './proxy-report.ts';
import type { SigningKeys } from '../signing-keys/key-secret.ts';
import type { Signer } from '../signing-keys/signer.ts';
import { ConcurrencyLimit } from '../util/concurrency-limit.ts';
import { NONE, summarise } from './fleet-summary.ts';
import type { Summary } from './fleet-summary.ts';
import { Stamper, wish } from './versioned-snapshot.ts';
import type { Wish } from './versioned-snapshot.ts';

/** Exchanges that may start at once, and after how many milliseconds a slow one no longer counts. */
const CONCURRENCY = 16;
const PATIENCE = 100;
/** How long `stop` waits for what is in flight, in milliseconds. */
const STOP_WITHIN = 2_000;
/** Answers are not authenticated: an epoch this many seconds beyond our own and our clock is no epoch, but a lie. */
const PLAUSIBLE_LEAD = 24 * 3600;

/** Makes the fleet; it is silent until it is told both what to want and under which epoch to lead. */
export function createFleet(options: FleetOptions): Fleet & KeyCarrier {
  return new PushingFleet(options);
}

/** One proxy with its only timer and its only exchange in flight. */
interface Member {
  readonly state: ProxyState;
  /** What the last `changed` event knew of it. */
  told: string;
  busy: boolean;
  timer: NodeJS.Timeout | undefined;
}

class PushingFleet implements Fleet, KeyCarrier {
  readonly #options: FleetOptions;
  readonly #slots = new ConcurrencyLimit(CONCURRENCY, PATIENCE);
  readonly #dialogue: Dialogue;
  readonly #members = new Map<string, Member>();
  readonly #inFlight = new Set<Promise<void>>();
  #wishes: ReadonlyMap<string, Wish> = new Map();
  /** Present while leading. */
  #stamper: Stamper | undefined;
  #stopped = false;
  #keys: SigningKeys;
  /** Epoch under which `fenced` was said; once is enough. */
  #fencedUnder: number | undefined;
  /** First sight of the oldest change that some Ready proxy has not acknowledged. */
  #unsettledSince: number | undefined;
  #summaryDue = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#keys = options.keys;
    const { client, now, unixNow, random, metrics } = options;
    this.#dialogue = new Dialogue({
      ...{ client, now, unixNow, random, bodies: new Bodies() },
      signer: (proxy) => this.#signer(proxy),
      mayPush: (stamp) => !this.#stopped && stamp.version.epoch === this.#stamper?.epoch && options.leading(),
      pushed: (result) => metrics.pushed(result),
      ahead: (current) => this.#ahead(current),
    });
  }

  want(translation: Translation, changedAt: number): void {
    this.#wishes = new Map([...translation.contents].map(([selection, content]) => [selection, wish(content)]));
    this.#stamper?.retain(new Set([...this.#wishes.values()].map(({ key }) => key)));
    const wanted = new Set(translation.proxies.map(({ uid }) => uid));
    for (const [uid, member] of this.#members) if (!wanted.has(uid)) this.#drop(uid, member);
    for (const target of translation.proxies) {
      const member = this.#members.get(target.uid);
      if (member) member.state.retarget(target);
      else this.#members.set(target.uid, this.#join(target));
    }
    if (this.#stamper && !this.#summary().settled) this.#unsettledSince ??= changedAt;
    for (const member of this.#members.values()) this.#advance(member);
    this.#tellSoon();
  }

  lead(epoch: number | undefined): void {
    if (epoch === this.#stamper?.epoch) return;
    this.#stamper = epoch === undefined ? undefined : new Stamper(epoch, this.#keys.trustedKeys);
    // Who did not lead can not have been slow.
    this.#unsettledSince = this.#stamper && !this.#summary().settled ? this.#options.now() : undefined;
    for (const member of this.#members.values()) {
      if (epoch === undefined) member.state.forget();
      else member.state.newEpoch();
      this.#advance(member);
    }
    this.#tellSoon();
  }

  trust(keys: SigningKeys): void {
    this.#keys = keys;
    this.#stamper?.trust(keys.trustedKeys);
    for (const member of this.#members.values()) this.#advance(member);
  }

  lacking(publicKey: string): readonly string[] {
    const lacking = [...this.#members.values()].filter(({ state }) => !state.target.terminating && !state.trusts(publicKey));
    return lacking.map(({ state }) => state.target.name);
  }

  reports(): ReadonlyMap<string, ProxyReport> {
    return new Map(
      [...this.#members].map(([uid, { state }]) => {
        const wanted = this.#wish(state);
        return [uid, state.report(wanted?.key, wanted?.content.uids)];
      }),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const member of this.#members.values()) clearTimeout(member.timer);
    const finished = Promise.all(this.#inFlight);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([finished, new Promise((resolve) => (timer = setTimeout(resolve, STOP_WITHIN)))]);
    clearTimeout(timer);
    await this.#options.client.close();
    await finished;
  }

  #join(target: ProxyTarget): Member {
    return { state: new ProxyState(target, this.#options.timing ?? PUSH_TIMING), told: '', busy: false, timer: undefined };
  }

  #drop(uid: string, member: Member): void {
    clearTimeout(member.timer);
    this.#members.delete(uid);
  }

  #wish(state: ProxyState): Wish | undefined {
    return this.#wishes.get(state.target.selection);
  }

  /** What is due for a proxy now; a proxy that is gone, or a fleet that may not push, has nothing due. */
  #step(member: Member): Step {
    const { state } = member;
    const silent = this.#stopped || this.#members.get(state.target.uid) !== member;
    if (silent || this.#stamper === undefined || !this.#options.leading()) return { kind: 'wait', ms: Infinity };
    return state.step(this.#wish(state)?.key, this.#stamper, this.#options.now());
  }

  /** Starts what is due, or the timer for it. One exchange at a time: the newest wish is looked up when its turn comes. */
  #advance(member: Member): void {
    if (member.busy) return;
    clearTimeout(member.timer);
    const step = this.#step(member);
    if (step.kind === 'wait') {
      if (step.ms !== Infinity) member.timer = setTimeout(() => this.#advance(member), step.ms);
      return;
    }
    member.busy = true;
    const turn = this.#slots
      .run(() => this.#converse(member))
      .finally(() => {
        this.#inFlight.delete(turn);
        member.busy = false;
        this.#tellSoon();
        this.#advance(member);
      });
    this.#inFlight.add(turn);
  }

  async #converse(member: Member): Promise<void> {
    const { state } = member;
    const { kind } = this.#step(member);
    const wanted = this.#wish(state);
    if (kind === 'wait' || this.#stamper === undefined || wanted === undefined) return;
    const { epoch } = this.#stamper;
    if (kind === 'push') await this.#dialogue.push(state, this.#stamper.stamp(wanted, state.floor));
    else await this.#dialogue.ask(state, { epoch, sequence: state.floor });
  }

  /** The successor, for proxies that are known to trust it: one of which nothing is known trusts what its file said. */
  #signer(proxy: ProxyState): Signer {
    const { signer, successor } = this.#keys;
    return successor !== undefined && proxy.trusts(successor.publicKey) ? successor : signer;
  }

  #ahead(current: Version): void {
    const epoch = this.#stamper?.epoch;
    if (epoch === undefined || epoch === this.#fencedUnder) return;
    const latest = Math.max(epoch, this.#options.unixNow() / 1000) + PLAUSIBLE_LEAD;
    if (current.epoch < epoch || current.epoch > latest) return;
    this.#fencedUnder = epoch;
    this.#options.events.fenced(current);
  }

  #summary(): Summary {
    return summarise([...this.#members.values()].map(({ state }) => ({ state, key: this.#wish(state)?.key })));
  }

  /** Metrics and the event, once for everything that happens in one turn of the event loop. */
  #tellSoon(): void {
    if (this.#summaryDue) return;
    this.#summaryDue = true;
    setImmediate(() => {
      this.#summaryDue = false;
      if (!this.#stopped) this.#tell();
    });
  }

  #tell(): void {
    const { metrics, events, now } = this.#options;
    const { counts, skew, settled } = this.#summary();
    // Two replicas must not both count: who does not lead knows of no proxy.
    metrics.proxies(this.#stamper ? counts : NONE);
    metrics.skew(skew);
    if (settled && this.#unsettledSince !== undefined) {
      metrics.propagated((now() - this.#unsettledSince) / 1000);
      this.#unsettledSince = undefined;
    }
    let changed = false;
    for (const member of this.#members.values()) {
      const told = member.state.fingerprint(this.#wish(member.state)?.key);
      changed ||= told !== member.told;
      member.told = told;
    }
    if (changed) events.changed();
  }
}
