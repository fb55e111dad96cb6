import type { Version } from '../../proxy/snapshot/types.ts';
import type { ProxyTarget, Translation } from '../translate/types.ts';
import { SnapshotBodyCache } from './snapshot-body-cache.ts';
import { PushExchange } from './push-exchange.ts';
import type { FleetOptions } from './fleet-types.ts';
import { PUSH_TIMING, ProxyState } from './proxy-state.ts';
import type { NextStep } from './proxy-state.ts';
import type { Fleet, KeyDistribution } from './fleet-types.ts';
import type { ProxyReport } from './proxy-report.ts';
import type { SigningKeys } from '../signing-keys/key-secret.ts';
import type { Signer } from '../signing-keys/signer.ts';
import { ConcurrencyLimit } from '../util/concurrency-limit.ts';
import { FleetObserver } from './fleet-observer.ts';
import { SnapshotVersioner, desiredContent } from './versioned-snapshot.ts';
import type { DesiredContent } from './versioned-snapshot.ts';

/** Exchanges that may run in parallel, and milliseconds after which a slow one no longer counts. */
const CONCURRENCY = 16;
const SLOW_AFTER = 100;
/** How long `stop` waits for exchanges in flight, in milliseconds. */
const STOP_WITHIN = 2_000;
/** Seconds. Answers are not authenticated: an epoch further ahead of ours and of the clock is taken as false. */
const MAX_EPOCH_AHEAD = 24 * 3600;

/** The fleet does nothing until both `setDesired` and `setEpoch` were called. */
export function createFleet(options: FleetOptions): Fleet & KeyDistribution {
  return new PushingFleet(options);
}

/** One proxy with its only timer and its only exchange in flight. */
interface Member {
  readonly state: ProxyState;
  busy: boolean;
  timer: NodeJS.Timeout | undefined;
}

class PushingFleet implements Fleet, KeyDistribution {
  readonly #options: FleetOptions;
  readonly #concurrency = new ConcurrencyLimit(CONCURRENCY, SLOW_AFTER);
  readonly #exchange: PushExchange;
  readonly #observer: FleetObserver;
  readonly #members = new Map<string, Member>();
  readonly #inFlight = new Set<Promise<void>>();
  #desired: ReadonlyMap<string, DesiredContent> = new Map();
  /** Present while leading. */
  #versioner: SnapshotVersioner | undefined;
  #stopped = false;
  #keys: SigningKeys;
  /** Epoch under which `fenced` was called: once for each. */
  #fencedUnder: number | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#keys = options.keys;
    const { client, now, unixNow, random, metrics, events } = options;
    this.#observer = new FleetObserver({ metrics, events, now, reportOf: (state) => this.#reportOf(state) });
    this.#exchange = new PushExchange({
      ...{ client, now, unixNow, random, bodies: new SnapshotBodyCache() },
      signer: (proxy) => this.#signer(proxy),
      mayPush: (snapshot) => !this.#stopped && snapshot.version.epoch === this.#versioner?.epoch && options.leading(),
      pushed: (result) => metrics.pushed(result),
      higherVersionSeen: (current) => this.#higherVersionSeen(current),
    });
  }

  setDesired(translation: Translation, changedAt: number): void {
    const before = this.#desired;
    this.#desired = new Map(
      [...translation.contents].map(([selection, content]) => [
        selection,
        desiredContent(content, before.get(selection)?.content),
      ]),
    );
    this.#versioner?.retain(new Set([...this.#desired.values()].map(({ key }) => key)));
    const present = new Set(translation.proxies.map(({ uid }) => uid));
    for (const [uid, member] of this.#members) if (!present.has(uid)) this.#drop(uid, member);
    for (const target of translation.proxies) {
      const member = this.#members.get(target.uid);
      if (member) member.state.retarget(target);
      else this.#members.set(target.uid, this.#newMember(target));
    }
    this.#touchAll();
    this.#observer.desiredChanged(changedAt);
    for (const member of this.#members.values()) this.#advance(member);
  }

  setEpoch(epoch: number | undefined): void {
    if (epoch === this.#versioner?.epoch) return;
    this.#versioner = epoch === undefined ? undefined : new SnapshotVersioner(epoch, this.#keys.trustedKeys);
    for (const { state } of this.#members.values()) {
      if (epoch === undefined) state.forget();
      else state.newEpoch();
    }
    this.#touchAll();
    this.#observer.termChanged(epoch !== undefined);
    for (const member of this.#members.values()) this.#advance(member);
  }

  setKeys(keys: SigningKeys): void {
    this.#keys = keys;
    this.#versioner?.setTrustedKeys(keys.trustedKeys);
    for (const member of this.#members.values()) this.#advance(member);
  }

  proxiesMissingKey(publicKey: string): readonly string[] {
    const missing = [...this.#members.values()].filter(({ state }) => !state.target.terminating && !state.trusts(publicKey));
    return missing.map(({ state }) => state.target.name);
  }

  reports(): ReadonlyMap<string, ProxyReport> {
    return new Map([...this.#members].map(([uid, { state }]) => [uid, this.#reportOf(state)]));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#observer.stop();
    for (const member of this.#members.values()) clearTimeout(member.timer);
    const finished = Promise.all(this.#inFlight);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([finished, new Promise((resolve) => (timer = setTimeout(resolve, STOP_WITHIN)))]);
    clearTimeout(timer);
    await this.#options.client.close();
    await finished;
  }

  #newMember(target: ProxyTarget): Member {
    return {
      state: new ProxyState(target, this.#options.timing ?? PUSH_TIMING),
      busy: false,
      timer: undefined,
    };
  }

  #drop(uid: string, member: Member): void {
    clearTimeout(member.timer);
    this.#members.delete(uid);
    this.#observer.remove(member.state);
  }

  #desiredFor(state: ProxyState): DesiredContent | undefined {
    return this.#desired.get(state.target.selection);
  }

  #reportOf(state: ProxyState): ProxyReport {
    const desired = this.#desiredFor(state);
    return state.report(desired?.key, desired?.content.uids);
  }

  #isPresent(member: Member): boolean {
    return !this.#stopped && this.#members.get(member.state.target.uid) === member;
  }

  #touchAll(): void {
    for (const { state } of this.#members.values()) this.#observer.touch(state);
  }

  /** What is due for a proxy now: nothing when the proxy is gone, or this process does not lead. */
  #nextStep(member: Member): NextStep {
    const { state } = member;
    const idle = !this.#isPresent(member) || !this.#options.leading();
    if (idle || this.#versioner === undefined) return { kind: 'wait', ms: Infinity };
    return state.nextStep(this.#desiredFor(state)?.key, this.#versioner, this.#options.now());
  }

  /** Starts what is due, or a timer for it. One exchange at a time; it takes the newest desired content when it starts. */
  #advance(member: Member): void {
    if (member.busy) return;
    clearTimeout(member.timer);
    const step = this.#nextStep(member);
    if (step.kind === 'wait') {
      if (step.ms !== Infinity) member.timer = setTimeout(() => this.#advance(member), step.ms);
      return;
    }
    member.busy = true;
    const exchange = this.#concurrency
      .run(() => this.#sync(member))
      .finally(() => {
        this.#inFlight.delete(exchange);
        member.busy = false;
        if (this.#isPresent(member)) this.#observer.touch(member.state);
        this.#advance(member);
      });
    this.#inFlight.add(exchange);
  }

  async #sync(member: Member): Promise<void> {
    const { state } = member;
    const { kind } = this.#nextStep(member);
    const desired = this.#desiredFor(state);
    if (kind === 'wait' || this.#versioner === undefined || desired === undefined) return;
    const { epoch } = this.#versioner;
    if (kind === 'push') await this.#exchange.push(state, this.#versioner.assignVersion(desired, state.minSequence));
    else await this.#exchange.queryStatus(state, { epoch, sequence: state.minSequence });
  }

  /** The successor, for proxies that are known to trust it. A proxy of which nothing is known trusts the keys in its file. */
  #signer(proxy: ProxyState): Signer {
    const { signer, successor } = this.#keys;
    return successor !== undefined && proxy.trusts(successor.publicKey) ? successor : signer;
  }

  #higherVersionSeen(current: Version): void {
    const epoch = this.#versioner?.epoch;
    if (epoch === undefined || epoch === this.#fencedUnder) return;
    const latest = Math.max(epoch, this.#options.unixNow() / 1000) + MAX_EPOCH_AHEAD;
    if (current.epoch < epoch || current.epoch > latest) return;
    this.#fencedUnder = epoch;
    this.#options.events.fenced(current);
  }
}
