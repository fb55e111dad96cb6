/**
 * The health side of one pool: which of its endpoints are fit to take work, by probes and by what requests run into. Usable = in
 * the pick set ∧ (healthy ∧ not ejected, or panic); the pick set are the active endpoints, or the draining ones where none is.
 */
import { Outlier } from '../health/outlier-detection.ts';
import { describeSeen, verdict } from '../health/outlier-state.ts';
import type { EjectionReason, Seen } from '../health/outlier-state.ts';
import type { PoolEndpoint } from './endpoint-state.ts';
import type { PoolDeps, Work } from './endpoint-set-types.ts';
import type { HealthCheck, UnhealthyEndpoint } from '../snapshot/types.ts';

/** What the pool is told. */
export interface HealthEvents {
  /** These became usable or healthy, or no longer are. */
  readonly changed: (endpoints: readonly PoolEndpoint[]) => void;
  /** An endpoint that was filling has passed its first probe. */
  readonly proven: () => void;
}

export class PoolHealth {
  #pool: string;
  #check: HealthCheck;
  #deps: PoolDeps;
  #on: HealthEvents;
  #outlier: Outlier<PoolEndpoint>;
  #endpoints: readonly PoolEndpoint[] = [];
  /** `fit`: in the pick set, healthy, weight > 0. `active`: weight > 0. */
  #counts = { fit: 0, active: 0 };
  /** In the pick set, weight > 0. */
  #eligible = 0;
  #panic = false;

  /** @param pool its id */
  constructor(pool: string, check: HealthCheck, deps: PoolDeps, on: HealthEvents) {
    this.#pool = pool;
    this.#check = check;
    this.#deps = deps;
    this.#on = on;
    this.#outlier = new Outlier(check.passive);
  }

  /** Whether endpoints are probed. */
  get probes(): boolean {
    return this.#check.active !== undefined;
  }

  /** Whether health is ignored, because too few endpoints have it. */
  get panic(): boolean {
    return this.#panic;
  }

  /** Takes new settings; whether those of probes are other ones. */
  configure(check: HealthCheck): boolean {
    const differs = JSON.stringify(this.#check.active) !== JSON.stringify(check.active);
    this.#check = check;
    this.#outlier.configure(check.passive);
    return differs;
  }

  /** Begins to probe an endpoint, or does so by a new check. */
  watch(e: PoolEndpoint): void {
    const { active } = this.#check;
    const before = e.watch;
    e.watch =
      active &&
      this.#deps.prober.watch(
        e,
        active,
        () => this.#refresh(e),
        (ok) => this.#onProbe(e, ok),
      );
    // Only now, so that a probe that goes on is never without a watcher.
    before?.stop();
  }

  /** The endpoint leaves the pool. */
  leave(e: PoolEndpoint): void {
    e.watch?.stop();
    this.#outlier.forget(e);
  }

  /** Looks at every endpoint of a new view; nobody is told. */
  judge(endpoints: readonly PoolEndpoint[]): void {
    this.#endpoints = endpoints;
    this.#counts.active = endpoints.filter((e) => e.state !== 'draining' && e.fullWeight > 0).length;
    this.#counts.fit = 0;
    this.#eligible = 0;
    for (const e of endpoints) {
      const healthy = this.#isHealthy(e);
      if (healthy !== e.healthy) e.turnedAt = this.#deps.now();
      e.healthy = healthy;
      if (!this.#isEligible(e)) continue;
      this.#eligible++;
      if (e.healthy) this.#counts.fit++;
    }
    this.#keepOne();
    this.#judgePanic();
    for (const e of endpoints) e.usable = this.#isUsable(e);
  }

  /** Whether an ejection is over, so that a trial should be made. Asked for every request. */
  due(now: number): boolean {
    return now >= this.#outlier.nextDue;
  }

  /** The endpoint that a request which may be tried elsewhere should go to, to find out whether it works again. */
  onTrial(now: number): PoolEndpoint | undefined {
    return this.#outlier.out.find((e) => this.#isDue(e, now));
  }

  /** One that is ejected, for a request that failed everywhere else: worse than that it can not be. */
  lastResort(tried: readonly PoolEndpoint[]): PoolEndpoint | undefined {
    return this.#outlier.out.find((e) => this.#wouldBeFit(e) && !tried.includes(e));
  }

  /** A request is sent to the endpoint that `onTrial` gave. */
  beginTrial(work: Work): void {
    this.#outlier.begin(work.endpoint, work);
  }

  /**
   * Where no request can be the trial, a connection is: for every endpoint that is due. One whose checks go on has no need of it:
   * when they pass, it is back.
   */
  probeDue(now: number): void {
    for (const e of this.#outlier.out) {
      if (e.watch || !this.#isDue(e, now)) continue;
      const trial = {};
      this.#outlier.begin(e, trial);
      this.#deps.prober.connects(e, (ok) => this.#onTrial(e, trial, ok ? 'connected' : 'connect', this.#deps.now()));
    }
  }

  /** What a try on an endpoint came to. Any number of times for one try. */
  record(work: Work, seen: Seen, now: number): void {
    const e = work.endpoint;
    if (work.trial === 'due' && e.suspect.trial === work) return this.#onTrial(e, work, seen, now);
    if (e.index < 0) return;
    if (work.trial === 'last' && e.suspect.out) return this.#onLastResort(e, seen, now);
    const reason = this.#outlier.record(e, seen, now, this.#counts);
    if (reason === undefined) return;
    this.#onEjected(e, reason);
    this.#refresh(e);
  }

  /** Endpoints that may not be picked for their health, with evidence. */
  unhealthy(now: number): UnhealthyEndpoint[] {
    // Somebody looks, where perhaps no request comes.
    this.probeDue(now);
    const found: UnhealthyEndpoint[] = [];
    for (const e of this.#endpoints) {
      const of = { pool: this.#pool, endpoint: e.id };
      if (e.watch?.healthy === false) found.push({ ...of, reason: 'probe', detail: e.watch.detail });
      else if (e.suspect.out) found.push({ ...of, reason: 'ejected', detail: e.suspect.evidence });
    }
    return found;
  }

  #onTrial(e: PoolEndpoint, trial: object, seen: Seen, now: number): void {
    if (e.index < 0) return;
    const became = this.#outlier.tried(e, trial, seen, now);
    if (became === 'ejected') this.#onEjected(e, 'probation');
    if (became === 'back') this.#onReturned(e, `${describeSeen(seen)} on probation`);
  }

  /** One that fails stays out as it was. */
  #onLastResort(e: PoolEndpoint, seen: Seen, now: number): void {
    if (verdict(seen) !== 'works') return;
    this.#outlier.readmit(e, now, false);
    this.#onReturned(e, `${describeSeen(seen)} when everything else had failed`);
  }

  #onEjected(e: PoolEndpoint, reason: EjectionReason): void {
    e.metrics.ejected(reason);
    this.#deps.log.ejected(this.#pool, e, reason, e.suspect.evidence);
  }

  #onReturned(e: PoolEndpoint, how: string): void {
    this.#deps.log.returned(this.#pool, e, how);
    this.#refresh(e);
  }

  /** When the endpoint answers, what passive checks hold against it is over. */
  #onProbe(e: PoolEndpoint, ok: boolean): void {
    e.metrics.probed(ok);
    if (ok && e.state === 'filling') {
      e.state = 'active';
      if (e.index >= 0) this.#on.proven();
    }
    if (ok && this.#outlier.absolve(e, this.#deps.now())) this.#onReturned(e, 'active check passed');
  }

  #refresh(e: PoolEndpoint): void {
    if (e.index < 0 || e.healthy === this.#isHealthy(e)) return;
    this.#turn(e);
    const kept = this.#keepOne();
    const changed = this.#judgePanic() ? this.#endpoints : kept ? [e, kept] : [e];
    for (const each of changed) each.usable = this.#isUsable(each);
    this.#on.changed(changed);
  }

  /** Its health is the other way round now. */
  #turn(e: PoolEndpoint): void {
    e.healthy = !e.healthy;
    e.turnedAt = this.#deps.now();
    if (e.healthy) e.startedAt = e.turnedAt;
    if (this.#isEligible(e)) this.#counts.fit += e.healthy ? 1 : -1;
  }

  /** Whether panic began or ended. */
  #judgePanic(): boolean {
    const { panicThreshold = 0 } = this.#check;
    const { fit } = this.#counts;
    const panic = this.#eligible > 0 && fit * 100 < panicThreshold * this.#eligible;
    if (panic === this.#panic) return false;
    this.#panic = panic;
    this.#deps.log.panic(this.#pool, panic, fit, this.#eligible);
    return true;
  }

  /** Probes or an update took the last fit endpoint away: one that is only ejected is better than none. */
  #keepOne(): PoolEndpoint | undefined {
    const { panicThreshold = 0 } = this.#check;
    if (this.#counts.fit > 0 || panicThreshold > 0) return undefined;
    const first = this.#outlier.out
      .filter((e) => this.#wouldBeFit(e))
      .reduce<PoolEndpoint | undefined>((a, e) => (a && a.suspect.until <= e.suspect.until ? a : e), undefined);
    if (!first) return undefined;
    this.#outlier.readmit(first, this.#deps.now(), true);
    this.#deps.log.returned(this.#pool, first, 'no other endpoint is left');
    this.#turn(first);
    return first;
  }

  #isDue(e: PoolEndpoint, now: number): boolean {
    return !e.suspect.trial && now >= e.suspect.until && this.#wouldBeFit(e);
  }

  /** But for its ejection. */
  #wouldBeFit(e: PoolEndpoint): boolean {
    return e.watch?.healthy !== false && this.#isEligible(e);
  }

  #isHealthy(e: PoolEndpoint): boolean {
    return e.watch?.healthy !== false && !e.suspect.out;
  }

  #isUsable(e: PoolEndpoint): boolean {
    return this.#isInPickSet(e) && (e.healthy || this.#panic);
  }

  #isEligible(e: PoolEndpoint): boolean {
    return e.fullWeight > 0 && this.#isInPickSet(e);
  }

  /** With no active endpoint, the draining ones serve. */
  #isInPickSet(e: PoolEndpoint): boolean {
    return e.state !== 'draining' || this.#counts.active === 0;
  }
}
