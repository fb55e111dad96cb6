/** The health of the endpoints of one set: active checks (prober), passive checks (outlier detection) and panic mode. */
import { describeCheck, describeFinding, describeProbe } from '../health/describe-check.ts';
import { OutlierDetection } from '../health/outlier-detection.ts';
import { describeOutcome, judgeOutcome } from '../health/outlier-state.ts';
import type { EjectionReason, Outcome } from '../health/outlier-state.ts';
import type { Prober } from '../health/prober.ts';
import type { HealthCheck, UnhealthyEndpoint } from '../snapshot/types.ts';
import type { AttemptHandle } from './attempt-handle.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { HealthLog } from './health-log.ts';
import { isHealthy, PickSet } from './pick-set.ts';
import type { Readiness } from './pick-set.ts';

export interface EndpointHealthDeps {
  readonly prober: Prober;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly log: HealthLog;
  /** Called after each change of `readiness`, or of which endpoints are `unhealthy` and why, but for evidence alone. */
  readonly news: () => void;
}

/** Called by EndpointHealth; implemented by the endpoint set. */
export interface HealthEvents {
  /** `usable` or `healthy` of these endpoints changed. */
  readonly changed: (endpoints: readonly EndpointState[]) => void;
  /** An endpoint in state `filling` passed its first probe. */
  readonly firstProbePassed: () => void;
}

export class EndpointHealth {
  #id: string;
  #check: HealthCheck;
  #deps: EndpointHealthDeps;
  #on: HealthEvents;
  #outliers: OutlierDetection<EndpointState>;
  #pickSet = new PickSet();

  /** @param id of the endpoint set */
  constructor(id: string, check: HealthCheck, deps: EndpointHealthDeps, on: HealthEvents) {
    this.#id = id;
    this.#check = check;
    this.#deps = deps;
    this.#on = on;
    this.#outliers = new OutlierDetection(check.passive);
  }

  /** Whether endpoints are probed. */
  get hasProbes(): boolean {
    return this.#check.active !== undefined;
  }

  /** Whether health is ignored because too few endpoints are healthy. */
  get panic(): boolean {
    return this.#pickSet.panic;
  }

  /** What a request to the set gets, whatever the load. */
  get readiness(): Readiness {
    return this.#pickSet.readiness;
  }

  /** Takes new settings; returns whether the active check changed. */
  configure(check: HealthCheck): boolean {
    const differs = JSON.stringify(this.#check.active) !== JSON.stringify(check.active);
    this.#check = check;
    this.#outliers.configure(check.passive);
    return differs;
  }

  /** Starts to probe an endpoint, or replaces its check by the present one. */
  watch(e: EndpointState): void {
    const { active } = this.#check;
    const before = e.watch;
    e.watch =
      active &&
      this.#deps.prober.watch(
        e,
        active,
        (healthy, detail) => {
          this.#deps.log.checked(this.#id, e, healthy, describeProbe(active, healthy, detail));
          this.#refresh(e);
          // Its health is the same where it is ejected, too; why it is unhealthy is not.
          this.#deps.news();
        },
        (ok, first) => this.#onProbe(e, ok, first),
      );
    // Stopped after the new watch began, so that a check both have in common keeps its state.
    before?.stop();
  }

  /** The endpoint leaves the set. */
  remove(e: EndpointState): void {
    e.watch?.stop();
    this.#outliers.remove(e);
  }

  /** Computes the health of all endpoints after an update. Does not call `changed`. */
  evaluate(endpoints: readonly EndpointState[]): void {
    this.#pickSet.update(endpoints, this.#deps.now());
    this.#readmitLast();
    this.#updatePanic();
    for (const e of endpoints) e.usable = this.#pickSet.isUsable(e);
  }

  /** Whether an ejection time is over, so that a probation request should be made. Called for every request. */
  isProbationDue(now: number): boolean {
    return now >= this.#outliers.nextProbationAt;
  }

  /** The ejected endpoint that the next retriable request should test; undefined when none is due. */
  probationCandidate(now: number): EndpointState | undefined {
    return this.#outliers.ejected.find((e) => this.#isDue(e, now));
  }

  /** An ejected endpoint for a request that failed on every other one. */
  lastResort(tried: readonly EndpointState[]): EndpointState | undefined {
    return this.#outliers.ejected.find((e) => this.#pickSet.isAvailableUnlessEjected(e) && !tried.includes(e));
  }

  /** A request is sent to the endpoint that `probationCandidate` returned. */
  beginProbation(attempt: AttemptHandle): void {
    this.#outliers.beginProbation(attempt.endpoint, attempt);
  }

  /**
   * Tests every endpoint that is due by a TCP connection, for when no request can be the probation request. Endpoints with an active
   * check are left out: the check itself readmits them.
   */
  probeDue(now: number): void {
    for (const e of this.#outliers.ejected) {
      if (e.watch || !this.#isDue(e, now)) continue;
      const probation = {};
      this.#outliers.beginProbation(e, probation);
      this.#deps.prober.probeConnection(e, (ok) =>
        this.#recordProbation(e, probation, ok ? 'connected' : 'connect', this.#deps.now()),
      );
    }
    for (const e of this.#pickSet.endpoints) if (!e.watch && this.#outliers.isTestDue(e, now)) this.#testConnection(e);
  }

  #testConnection(e: EndpointState): void {
    this.#outliers.beginTest(e);
    this.#deps.prober.probeConnection(e, (ok) => {
      this.#outliers.recordTest(e, ok, this.#deps.now());
      if (ok) this.#deps.news();
    });
  }

  /** Records an outcome of an attempt. May be called several times for one attempt. */
  record(attempt: AttemptHandle, outcome: Outcome, now: number): void {
    const e = attempt.endpoint;
    if (attempt.probation === 'due' && e.outlier.probationRequest === attempt)
      return this.#recordProbation(e, attempt, outcome, now);
    if (e.index < 0) return;
    if (attempt.probation === 'last' && e.outlier.ejected) return this.#recordLastResort(e, outcome, now);
    const { refusing } = e.outlier;
    const reason = this.#outliers.record(e, outcome, now, this.#pickSet.counts);
    if (refusing !== e.outlier.refusing) this.#deps.news();
    if (reason === undefined) return;
    this.#onEjected(e, reason);
    this.#refresh(e);
  }

  /** What the last probe of an endpoint that fails its check found, in words. */
  failedCheck(e: EndpointState): string {
    const detail = e.watch?.detail ?? '';
    return this.#check.active === undefined ? detail : describeProbe(this.#check.active, false, detail);
  }

  /** Endpoints that fail their check or are ejected, with evidence. */
  unhealthy(now: number): UnhealthyEndpoint[] {
    // A status request also triggers due probes, since there may be no requests of clients that would.
    this.probeDue(now);
    const { active } = this.#check;
    const check = active && describeCheck(active);
    const found: UnhealthyEndpoint[] = [];
    for (const e of this.#pickSet.endpoints) {
      const of = { pool: this.#id, endpoint: e.id };
      if (active && check !== undefined && e.watch?.healthy === false)
        found.push({ ...of, reason: 'probe', detail: describeFinding(active, false, e.watch.detail), check });
      else if (e.outlier.ejected) found.push({ ...of, reason: 'ejected', detail: e.outlier.evidence });
      else if (e.outlier.refusing) found.push({ ...of, reason: 'probe', detail: this.#outliers.refusal, check: 'requests' });
    }
    return found;
  }

  #recordProbation(e: EndpointState, probation: object, outcome: Outcome, now: number): void {
    if (e.index < 0) return;
    const became = this.#outliers.recordProbation(e, probation, outcome, now);
    if (became === 'ejected') this.#onEjected(e, 'probation');
    if (became === 'back') this.#onReturned(e, `${describeOutcome(outcome)} on probation`);
  }

  /** A failure here does not extend the ejection. */
  #recordLastResort(e: EndpointState, outcome: Outcome, now: number): void {
    if (judgeOutcome(outcome) !== 'works') return;
    this.#outliers.readmit(e, now, false);
    this.#onReturned(e, `${describeOutcome(outcome)} when everything else had failed`);
  }

  #onEjected(e: EndpointState, reason: EjectionReason): void {
    e.metrics.ejected(reason);
    this.#deps.log.ejected(this.#id, e, reason, e.outlier.evidence);
  }

  #onReturned(e: EndpointState, how: string): void {
    this.#deps.log.returned(this.#id, e, how);
    this.#refresh(e);
  }

  /** A passed probe ends an ejection. */
  #onProbe(e: EndpointState, ok: boolean, first: boolean): void {
    e.metrics.probed(ok);
    if (ok && e.state === 'filling') {
      e.state = 'active';
      if (e.index >= 0) this.#on.firstProbePassed();
    }
    const { refusing } = e.outlier;
    if (ok && this.#outliers.clear(e, this.#deps.now())) this.#onReturned(e, 'active check passed');
    if (refusing !== e.outlier.refusing) this.#deps.news();
    if (ok && first && this.#pickSet.isOnlyKnownHealthy(e)) this.#deps.news();
  }

  #refresh(e: EndpointState): void {
    if (e.index < 0 || e.healthy === isHealthy(e)) return;
    this.#pickSet.flipHealth(e, this.#deps.now());
    const readmitted = this.#readmitLast();
    const changed = this.#updatePanic() ? this.#pickSet.endpoints : readmitted ? [e, readmitted] : [e];
    for (const each of changed) each.usable = this.#pickSet.isUsable(each);
    this.#on.changed(changed);
    this.#deps.news();
  }

  #updatePanic(): boolean {
    const { panic, eligible, counts } = this.#pickSet;
    if (!this.#pickSet.updatePanic(this.#check.panicThreshold ?? 0)) return false;
    this.#deps.log.panic(this.#id, !panic, counts.available, eligible);
    return true;
  }

  /** Without an available endpoint and without panic mode, readmits the ejected endpoint whose ejection time ends first. */
  #readmitLast(): EndpointState | undefined {
    const { panicThreshold = 0 } = this.#check;
    if (this.#pickSet.counts.available > 0 || panicThreshold > 0) return undefined;
    const first = this.#outliers.ejected
      .filter((e) => this.#pickSet.isAvailableUnlessEjected(e))
      .reduce<EndpointState | undefined>((a, e) => (a && a.outlier.ejectedUntil <= e.outlier.ejectedUntil ? a : e), undefined);
    if (!first) return undefined;
    const now = this.#deps.now();
    this.#outliers.readmit(first, now, true);
    this.#deps.log.returned(this.#id, first, 'no other endpoint is left');
    this.#pickSet.flipHealth(first, now);
    return first;
  }

  #isDue(e: EndpointState, now: number): boolean {
    return !e.outlier.probationRequest && now >= e.outlier.ejectedUntil && this.#pickSet.isAvailableUnlessEjected(e);
  }
}
