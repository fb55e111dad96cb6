/**
 * `Programmed` against what is true: proxies that join, leave, restart with what they had, reject, and whose answers get lost; a
 * policy that is edited and recreated; an operator that restarts. The status may be behind, never ahead.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { listener } from '../../proxy/snapshot/testing.ts';
import type { PolicyStatus } from '../api/policy.gen.ts';
import { PUSH_TIMING, ProxyState } from '../push/proxy-state.ts';
import { SnapshotVersioner, desiredContent, type DesiredContent } from '../push/versioned-snapshot.ts';
import type { ProxyTarget, SnapshotContent } from '../translate/types.ts';
import { fleetOf, NOW, proxy, statusOf, verdict } from './testing.ts';

const KEY = 'shop/checkout';
const NAMES = ['a', 'b', 'c'] as const;

interface Running {
  readonly uid: string;
  readonly generation: number;
  readonly rejected: boolean;
  /** Its version and content. */
  readonly snapshot: string;
}

/** A proxy as it is, and what the operator knows of it. */
interface Simulated {
  target: ProxyTarget;
  running: Running | undefined;
  /** What a container finds that starts. */
  saved: Running | undefined;
  rejects: boolean;
  known: ProxyState;
}

class Simulation {
  readonly proxies = new Map<string, Simulated>();
  readonly #versioner = new SnapshotVersioner(1, ['k']);
  uid = 'uid-1';
  generation = 1;
  settling = true;
  status: PolicyStatus | undefined;

  get desired(): DesiredContent {
    const one = listener(8080, KEY, 'shop/checkout/shop/web:80');
    // A recreated policy is younger.
    const routes = one.routes.map((route) => ({ ...route, generation: this.generation, created: this.uid.length }));
    const content: SnapshotContent = {
      listeners: [{ ...one, routes }],
      pools: [],
      parts: new Map(),
      generations: new Map([[KEY, this.generation]]),
      uids: new Map([[KEY, this.uid]]),
    };
    return desiredContent(content);
  }

  join(name: string): void {
    if (this.proxies.has(name)) return;
    const target = proxy(name, { ready: false });
    const known = new ProxyState(target, PUSH_TIMING);
    this.proxies.set(name, { target, running: undefined, saved: undefined, rejects: false, known });
  }

  /** The proxy applies what is pushed; the operator hears of it unless the answer is lost. */
  push(one: Simulated, answered: boolean): void {
    const snapshot = this.#versioner.assignVersion(this.desired, one.known.minSequence);
    // A proxy that runs this very snapshot does nothing (docs/wire-protocol.md), so what it rejects stays as it was.
    if (one.running?.snapshot !== snapshot.key) {
      one.saved = one.running;
      one.running = { uid: this.uid, generation: this.generation, rejected: one.rejects, snapshot: snapshot.key };
    }
    const rejected = one.running.rejected ? [{ policy: KEY, listener: 8080, reason: 'in use' }] : [];
    const answer = { pod: one.target.uid, applied: { ...snapshot.version, digest: snapshot.digest }, rejected };
    if (!answered) one.known.fail('no answer', 0, () => 1, snapshot.key);
    else assert.ok(one.known.acknowledge(snapshot, answer, 0));
  }

  /** The container restarts, with the newest snapshot it saved or the one before; the watch shows it. */
  restart(one: Simulated, older: boolean): void {
    if (older) one.running = one.saved;
    this.aim(one, { container: `${one.target.container}+` });
  }

  aim(one: Simulated, change: Partial<ProxyTarget>): void {
    one.target = { ...one.target, ...change };
    one.known.retarget(one.target);
  }

  restartOperator(): void {
    for (const one of this.proxies.values()) one.known = new ProxyState(one.target, PUSH_TIMING);
    this.settling = true;
  }

  recreate(): void {
    this.uid += '+';
    this.generation = 1;
    this.status = undefined;
  }

  /** What a look at everything writes into the status: whether it says Programmed. */
  look(): boolean {
    const all = [...this.proxies.values()];
    const { key, content } = this.desired;
    const reports = Object.fromEntries(all.map(({ target, known }) => [target.uid, known.report(key, content)]));
    const judged = verdict({ uid: this.uid, generation: this.generation, proxies: all.map(({ target }) => target.uid) });
    const view = fleetOf(
      all.map(({ target }) => target),
      reports,
      this.settling,
    );
    this.status = statusOf(judged, view, this.status, NOW);
    const programmed = this.status.conditions?.find(({ type }) => type === 'Programmed');
    assert.equal(programmed?.observedGeneration, this.generation);
    return programmed.status === 'True';
  }

  /** What the status may say at most. */
  get truth(): boolean {
    const counted = [...this.proxies.values()].filter(({ target }) => target.ready && !target.terminating);
    const runs = ({ running }: Simulated): boolean =>
      running?.uid === this.uid && running.generation === this.generation && !running.rejected;
    return counted.length > 0 && counted.every(runs);
  }
}

const which = { name: fc.constantFrom(...NAMES), flag: fc.boolean() };
const events = [
  'push',
  'push',
  'join',
  'leave',
  'restart',
  'ready',
  'terminate',
  'rejects',
  'edit',
  'recreate',
  'settle',
  'operator',
];
const happening = fc.record({ event: fc.constantFrom(...events), ...which });

function happen(simulation: Simulation, { event, name, flag }: { event: string; name: string; flag: boolean }): void {
  if (event === 'join') return simulation.join(name);
  if (event === 'edit') return void simulation.generation++;
  if (event === 'recreate') return simulation.recreate();
  if (event === 'settle') return void (simulation.settling = false);
  if (event === 'operator') return simulation.restartOperator();
  if (event === 'leave') return void simulation.proxies.delete(name);
  const one = simulation.proxies.get(name);
  if (one === undefined) return;
  if (event === 'push') simulation.push(one, flag);
  if (event === 'restart') simulation.restart(one, flag);
  if (event === 'ready') simulation.aim(one, { ready: flag });
  if (event === 'terminate') simulation.aim(one, { terminating: flag });
  if (event === 'rejects') one.rejects = flag;
}

test('Programmed is never True too early, and is True once every proxy runs the policy and has answered', () => {
  let saidSo = 0;
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const simulation = new Simulation();
      for (const name of NAMES) simulation.join(name);
      for (const each of happenings) {
        const before = simulation.status?.conditions?.find(({ type }) => type === 'Programmed');
        happen(simulation, each);
        const says = simulation.look();
        const kept = simulation.settling && before?.status === 'True' && before.observedGeneration === simulation.generation;
        assert.ok(!says || simulation.truth || kept, `${each.event} ${each.name} ${each.flag}`);
        saidSo += Number(says);
      }
      simulation.settling = false;
      for (const one of simulation.proxies.values()) simulation.push(one, true);
      assert.equal(simulation.look(), simulation.truth);
    }),
    { numRuns: 500 },
  );
  assert.ok(saidSo > 0, 'the property has something to say');
});
