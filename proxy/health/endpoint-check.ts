import type { ActiveCheck } from '../snapshot/types.ts';
import { GrpcProbe } from './grpc-probe.ts';
import { HttpProbe } from './http-probe.ts';
import { HealthState } from './health-state.ts';
import { runProbe, type Probe, type ProbeResult } from './probe.ts';
import { TcpProbe } from './tcp-probe.ts';

export interface ProbeTarget {
  readonly id: string;
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  readonly port: number;
}

/** Called when the endpoint becomes healthy or unhealthy. */
export type OnChange = (healthy: boolean, detail: string) => void;

/** Called after every probe, whether health changed or not. `first`: the endpoint had no result before. */
export type OnResult = (ok: boolean, first: boolean) => void;

/** One endpoint under one check: its probe, its state and its watchers. */
export class EndpointCheck {
  readonly target: ProbeTarget;
  readonly check: ActiveCheck;
  /** One entry per watcher, so that the same function may watch twice. */
  readonly watchers = new Set<{ readonly onChange: OnChange; readonly onResult: OnResult }>();
  /** What the last probe found that agrees with the present health; empty before the first. */
  detail = '';
  timer: NodeJS.Timeout | undefined;
  /** Probes started so far, including the one in progress. */
  started = 0;
  stopped = false;
  readonly #state: HealthState;
  readonly #probe: Probe;
  #running: AbortController | undefined;

  constructor(target: ProbeTarget, check: ActiveCheck) {
    this.target = target;
    this.check = check;
    this.#state = new HealthState(check);
    const port = check.port ?? target.port;
    this.#probe = createProbe(target.address, port, check);
  }

  get healthy(): boolean {
    return this.#state.healthy;
  }

  /** Whether a probe has had a result. */
  get checked(): boolean {
    return this.#state.checked;
  }

  run(): Promise<ProbeResult> {
    this.started++;
    this.#running = new AbortController();
    return runProbe(this.#probe, this.check.timeout, this.#running);
  }

  /** Records the result and calls the watchers. A watcher that another one stopped is not called any more. */
  record(result: ProbeResult): void {
    const first = !this.checked;
    const changed = this.#state.record(result.ok);
    // While an endpoint recovers, the passes that do not count yet are no evidence of why it is unhealthy.
    if (result.ok === this.healthy) this.detail = result.detail;
    for (const watcher of [...this.watchers]) {
      if (changed && this.watchers.has(watcher)) watcher.onChange(this.healthy, this.detail);
      if (this.watchers.has(watcher)) watcher.onResult(result.ok, first);
    }
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.#running?.abort();
    this.#probe.close();
  }
}

function createProbe(address: string, port: number, check: ActiveCheck): Probe {
  switch (check.type) {
    case 'HTTP':
      return new HttpProbe(address, port, check);
    case 'TCP':
      return new TcpProbe(address, port);
    case 'GRPC':
      return new GrpcProbe(address, port, check);
  }
}
