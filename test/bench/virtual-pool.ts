/** A pool of endpoints and two balancers in virtual time: how the strategies affect latency, without sockets, deterministic for a seed. */
import type { Balancer, EndpointView, Handle } from '../../proxy/balance/balancer.ts';
import { hash64 } from '../../proxy/balance/hash.ts';
import type { Hash } from '../../proxy/balance/hash.ts';
import { finishSteps, seeded } from '../../proxy/balance/testing.ts';

/** An endpoint of weight 1 serves this many requests at a time, others in proportion; further ones are queued. */
const PARALLEL = 8;
/** Mean of the exponential service time, ms. */
const SERVICE_MS = 10;
/** Arrival rate ÷ the capacity of all endpoints. */
const UTILISATION = 0.6;
const KEYS: readonly Hash[] = Array.from({ length: 10_000 }, (_, k) => hash64(`key-${k}`));

export interface Scenario {
  readonly seed: number;
  /** Of each endpoint. */
  readonly weights: readonly number[];
  /** Milliseconds of arrivals. */
  readonly duration: number;
  /** One endpoint, the first unless given, is ten times slower between these times; ms. */
  readonly slow?: { readonly from: number; readonly to: number; readonly endpoint?: number };
  /** One more endpoint, with the highest number and weight 1, joins at this time; ms. */
  readonly joins?: number;
}

export interface Arrival {
  /** Time of arrival, ms. */
  readonly at: number;
  /** Index of its endpoint. */
  readonly endpoint: number;
  /** Milliseconds until its response. */
  latency: number;
}

interface Job {
  readonly arrival: Arrival;
  readonly balancer: Balancer;
  readonly handle: Handle;
  done: number;
}

/** Every request in order of arrival; each one was completed. */
export function simulate(make: (seed: number) => Balancer, s: Scenario): readonly Arrival[] {
  const random = seeded(s.seed);
  const exponential = (mean: number) => -Math.log(1 - random()) * mean;
  const balancers = [make(1), make(2)];
  const update = (view: readonly EndpointView[], now: number) => {
    for (const b of balancers) {
      b.update(view, now);
      finishSteps(b);
    }
  };
  const view = [...s.weights, 1].map((weight, i) => ({ id: `e${i}`, hashKey: `pod-${i}:80`, weight }));
  update(view.slice(0, -1), 0);
  const arrivals: Arrival[] = [];
  const busy = new Departures();
  const queues = view.map(({ weight }) => ({ slots: weight * PARALLEL, serving: 0, waiting: [] as Job[], next: 0 }));
  const gap = SERVICE_MS / (s.weights.reduce((sum, weight) => sum + weight, 0) * PARALLEL * UTILISATION);
  const serve = (job: Job, now: number) => {
    const slow = s.slow && job.arrival.endpoint === (s.slow.endpoint ?? 0) && now >= s.slow.from && now < s.slow.to;
    job.done = now + exponential(SERVICE_MS) * (slow ? 10 : 1);
    busy.push(job);
  };
  const finish = (job: Job) => {
    job.arrival.latency = job.done - job.arrival.at;
    job.balancer.end(job.handle, true, job.arrival.latency, job.done);
    const queue = queues[job.arrival.endpoint] as (typeof queues)[number];
    const next = queue.waiting[queue.next];
    if (next === undefined) queue.serving--;
    else {
      queue.next++;
      serve(next, job.done);
    }
  };
  let joins = s.joins ?? Infinity;
  for (let now = exponential(gap); now < s.duration; now += exponential(gap)) {
    for (let job = busy.before(now); job; job = busy.before(now)) finish(job);
    if (now >= joins) {
      update(view, now);
      joins = Infinity;
    }
    const balancer = balancers[random() < 0.5 ? 0 : 1] as Balancer;
    const hash = KEYS[Math.trunc(random() * KEYS.length)] as Hash;
    const endpoint = balancer.pick({ tried: [], now, random, hash });
    const arrival = { at: now, endpoint, latency: Infinity };
    arrivals.push(arrival);
    const job = { arrival, balancer, handle: balancer.begin(endpoint, hash), done: 0 };
    const queue = queues[endpoint] as (typeof queues)[number];
    if (queue.serving >= queue.slots) queue.waiting.push(job);
    else {
      queue.serving++;
      serve(job, now);
    }
  }
  for (let job = busy.before(Infinity); job; job = busy.before(Infinity)) finish(job);
  return arrivals;
}

/** Jobs in service, a heap by their end; at most as many as all endpoints serve at once. */
class Departures {
  #heap: Job[] = [];

  push(job: Job): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Job;
      if (parent.done <= job.done) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = job;
  }

  /** Removes the first job, if it ends at or before `time`. */
  before(time: number): Job | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.done > time) return undefined;
    const last = heap.pop() as Job;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(job: Job): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && (heap[below + 1] as Job).done < (heap[below] as Job).done) below++;
      if ((heap[below] as Job).done >= job.done) break;
      heap[at] = heap[below] as Job;
      at = below;
    }
    heap[at] = job;
  }
}
