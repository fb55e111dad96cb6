/** Faults of backends that must not fail a request. No cluster removes a dead backend: the proxy handles it alone. */
import { setTimeout as pause } from 'node:timers/promises';
import { startProxy, type PolicySettings } from '../bench/proxy-process.ts';
import { startConstantRate } from '../bench/run-rate.ts';
import type { Cleanup } from '../bench/cleanup.ts';
import { AddressBlock } from '../local-cluster/pods.ts';
import { CONNECTIONS, occurredOftenEnough, RATE, SECONDS, type Experiment } from './chaos.ts';
import { BACKEND_PORT, FaultyBackend } from './faulty-backend-process.ts';
import type { Mode } from './modes.ts';
import { RETRY_AFTER_TIMEOUT, DEFAULT_RETRY } from './policies.ts';
import { noFailureRow } from './result-row.ts';

const PORT = 8080;
/** Duration of a fault, and of the time without a fault after it. */
const FAULTY_MS = 1200;
const HEALTHY_MS = 1200;

interface Fault {
  /** Description of one occurrence. */
  readonly what: string;
  readonly backends: number;
  readonly policy?: Pick<PolicySettings, 'part' | 'route'>;
  /** One occurrence, from its start to its end; `count` is the number of earlier ones. */
  readonly occur: (backends: readonly FaultyBackend[], count: number) => Promise<void>;
}

const inTurn = (backends: readonly FaultyBackend[], count: number) => backends[count % backends.length] as FaultyBackend;

async function killAndRestart(...victims: readonly FaultyBackend[]): Promise<void> {
  await Promise.all(victims.map((backend) => backend.kill()));
  await pause(FAULTY_MS);
  await Promise.all(victims.map((backend) => backend.start()));
}

/** One backend after another is in this mode for a while. */
function failing(mode: Mode, what: string, policy?: Fault['policy']): Fault {
  const occur: Fault['occur'] = async (backends, count) => {
    const victim = inTurn(backends, count);
    await victim.setMode(mode);
    await pause(FAULTY_MS);
    await victim.setMode('normal');
  };
  return { what, backends: 5, occur, ...(policy && { policy }) };
}

const FAULTS = {
  kill: {
    what: 'SIGKILLs of 5 backends in turn',
    backends: 5,
    occur: (backends, count) => killAndRestart(inTurn(backends, count)),
  },
  dead: {
    what: 'times two of three backends dead at once',
    backends: 3,
    occur: (backends, count) => killAndRestart(inTurn(backends, count), inTurn(backends, count + 1)),
  },
  hang: failing('hang', 'times a backend accepts and never answers', { route: { retry: RETRY_AFTER_TIMEOUT } }),
  half: failing('half', 'times a backend answers 503 to half its requests'),
  reset: failing('reset', 'times a backend resets mid-head'),
  refuse: failing('refuse', "times a backend's listener refuses"),
} as const satisfies Readonly<Record<string, Fault>>;

export const backendFaults = Object.fromEntries(Object.entries(FAULTS).map(([name, fault]) => [name, rowOf(fault)])) as Readonly<
  Record<keyof typeof FAULTS, Experiment>
>;

function rowOf({ what, backends: count, policy, occur }: Fault): Experiment {
  return async ({ seconds = SECONDS }, cleanup, note) => {
    const { target, backends } = await startBehindProxy(cleanup, count, policy);
    const load = await startConstantRate(cleanup, {
      targets: [target],
      rate: RATE,
      connections: CONNECTIONS,
      seconds,
      cpu: 'shared',
    });
    let occurrences = 0;
    for (await pause(HEALTHY_MS / 2); load.running; await Promise.race([pause(HEALTHY_MS), load.report])) {
      await occur(backends, occurrences);
      occurrences += 1;
    }
    return [
      noFailureRow(
        await load.report,
        { description: `${occurrences} ${what}`, sufficient: occurredOftenEnough(occurrences, seconds) },
        note,
      ),
    ];
  };
}

/** Starts a proxy and its backends; `target` is the proxy's `HOST:PORT`, `args` are added to its command line. */
export async function startBehindProxy(
  cleanup: Cleanup,
  count: number,
  policy: Pick<PolicySettings, 'part' | 'route'> = {},
  args: readonly string[] = [],
) {
  const addresses = await AddressBlock.claim(process.env['OUTRIGGER_TEST_POD_PREFIX']);
  cleanup.defer(() => addresses.release());
  const backends = await FaultyBackend.start(cleanup, addresses, count);
  const address = addresses.take();
  const settings: PolicySettings = {
    port: PORT,
    backends: backends.map((backend) => backend.address),
    backendPort: BACKEND_PORT,
    route: policy.route ?? { retry: DEFAULT_RETRY },
    part: { loadBalancer: { type: 'LeastRequest' }, ...policy.part },
  };
  const proxy = await startProxy(cleanup, { address, args, ...settings });
  return { target: `${address}:${PORT}`, address, backends, proxy, settings };
}
