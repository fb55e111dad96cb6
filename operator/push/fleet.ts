import type { Version } from '../../proxy/snapshot/types.ts';
import type { ProxyTarget, Translation } from '../translate/types.ts';
import { SnapshotBodyCache } from './snapshot-body-cache.ts';
import { PushExchange } from './push-exchange.ts';
import type { FleetOptions } from './fleet-types.ts';
import { Lane } from './lane.ts';
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

/** One proxy with the exchanges in flight to it. */
interface Member {
  readonly state: ProxyState;
  /** Pushes, and plain status queries. */
  readonly pushes: Lane;
  /** Questions that wait for news, so that no push is behind them. */
  readonly questions: Lane;
  /** Ends the question that waits. */
  waiting: AbortController | undefined;
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
      higherVersionSeen: (current, epoch) => this.#higherVersionSeen(current, epoch),
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
      if (member === undefined) this.#members.set(target.uid, this.#newMember(target));
      else if (!member.state.retarget(target)) member.waiting?.abort();
    }
    this.#touchAll();
    this.#observer.desiredChanged(changedAt);
    this.#advanceAll();
  }

  setEpoch(epoch: number | undefined): void {
    if (epoch === this.#versioner?.epoch) return;
    this.#versioner = epoch === undefined ? undefined : new SnapshotVersioner(epoch, this.#keys.trustedKeys);
    for (const { state, waiting } of this.#members.values()) {
      waiting?.abort();
      if (epoch === undefined) state.forget();
      else state.newEpoch();
    }
    this.#touchAll();
    this.#observer.termChanged(epoch !== undefined);
    this.#advanceAll();
  }

  setKeys(keys: SigningKeys): void {
    this.#keys = keys;
    this.#versioner?.setTrustedKeys(keys.trustedKeys);
    this.#advanceAll();
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
    for (const member of this.#members.values()) halt(member);
    const finished = Promise.all(this.#inFlight);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([finished, new Promise((resolve) => (timer = setTimeout(resolve, STOP_WITHIN)))]);
    clearTimeout(timer);
    await this.#options.client.close();
    await finished;
  }

  #newMember(target: ProxyTarget): Member {
    const lane = (due: () => number, exchange: () => Promise<void>, after: () => void): Lane =>
      new Lane({
        due,
        exchange: () => this.#track(exchange()),
        ended: () => {
          if (this.#isPresent(member)) this.#observer.touch(member.state);
          after();
        },
      });
    const member: Member = {
      state: new ProxyState(target, this.#options.timing ?? PUSH_TIMING),
      pushes: lane(
        () => this.#untilStep(member),
        () => this.#concurrency.run(() => this.#sync(member)),
        () => member.questions.advance(),
      ),
      // Not among the exchanges that are limited: it may wait for long, and pushes are urgent.
      questions: lane(
        () => (this.#termFor(member) ? member.state.untilQuestion(this.#options.now()) : Infinity),
        () => this.#awaitNews(member),
        () => member.pushes.advance(),
      ),
      waiting: undefined,
    };
    return member;
  }

  /** `stop` waits for it. */
  #track(exchange: Promise<void>): Promise<void> {
    const tracked = exchange.finally(() => this.#inFlight.delete(tracked));
    this.#inFlight.add(tracked);
    return tracked;
  }

  #drop(uid: string, member: Member): void {
    halt(member);
    this.#members.delete(uid);
    this.#observer.remove(member.state);
  }

  #desiredFor(state: ProxyState): DesiredContent | undefined {
    return this.#desired.get(state.target.selection);
  }

  #reportOf(state: ProxyState): ProxyReport {
    const desired = this.#desiredFor(state);
    return state.report(desired?.key, desired?.content);
  }

  #isPresent(member: Member): boolean {
    return !this.#stopped && this.#members.get(member.state.target.uid) === member;
  }

  /** Under what anything may be sent to this proxy; undefined: it is gone, or this process does not lead. */
  #termFor(member: Member): SnapshotVersioner | undefined {
    return this.#isPresent(member) && this.#options.leading() ? this.#versioner : undefined;
  }

  #nextStep(member: Member): NextStep {
    const { state } = member;
    const term = this.#termFor(member);
    if (term === undefined) return { kind: 'wait', ms: Infinity };
    return state.nextStep(this.#desiredFor(state)?.key, term, this.#options.now());
  }

  #untilStep(member: Member): number {
    const step = this.#nextStep(member);
    return step.kind === 'wait' ? step.ms : 0;
  }

  #touchAll(): void {
    for (const { state } of this.#members.values()) this.#observer.touch(state);
  }

  #advanceAll(): void {
    for (const { pushes, questions } of this.#members.values()) {
      pushes.advance();
      questions.advance();
    }
  }

  /** Pushes the newest desired content, or queries the status; what is due is decided when its turn has come. */
  async #sync(member: Member): Promise<void> {
    const { state } = member;
    const { kind } = this.#nextStep(member);
    const desired = this.#desiredFor(state);
    if (kind === 'wait' || this.#versioner === undefined || desired === undefined) return;
    const { epoch } = this.#versioner;
    if (kind === 'push') await this.#exchange.push(state, this.#versioner.assignVersion(desired, state.minSequence));
    else await this.#exchange.queryStatus(state, { epoch, sequence: state.minSequence });
  }

  async #awaitNews(member: Member): Promise<void> {
    if (this.#versioner === undefined) return;
    const { state, pushes } = member;
    const version = { epoch: this.#versioner.epoch, sequence: state.minSequence };
    member.waiting = new AbortController();
    await this.#exchange.awaitNews(state, version, {
      signal: member.waiting.signal,
      pushEnded: async () => pushes.inFlight,
    });
  }

  /** The successor, for proxies that are known to trust it. A proxy of which nothing is known trusts the keys in its file. */
  #signer(proxy: ProxyState): Signer {
    const { signer, successor } = this.#keys;
    return successor !== undefined && proxy.trusts(successor.publicKey) ? successor : signer;
  }

  /** `under`: the epoch of the request. After an answer to one of an earlier epoch, the higher version may be ours. */
  #higherVersionSeen(current: Version, under: number): void {
    const epoch = this.#versioner?.epoch;
    if (epoch === undefined || epoch !== under || epoch === this.#fencedUnder) return;
    const latest = Math.max(epoch, this.#options.unixNow() / 1000) + MAX_EPOCH_AHEAD;
    if (current.epoch < epoch || current.epoch > latest) return;
    this.#fencedUnder = epoch;
    this.#options.events.fenced(current);
  }
}

/** Nothing more is due for it, and it is no longer asked; a push in flight may finish. */
function halt({ pushes, questions, waiting }: Member): void {
  pushes.stop();
  questions.stop();
  waiting?.abort();
}
