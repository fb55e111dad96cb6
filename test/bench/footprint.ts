/** Resident memory of the proxy with its own engines, beside HAProxy and the engines on node:http. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, Row } from './bench.ts';
import { Cleanup } from './cleanup.ts';
import { startBackends, type Site } from './contenders.ts';
import { DEFAULTS, enterProxy, enterReference, WIRE, WIRE_TITLE, type Entrant } from './lineup.ts';
import { openClients } from './open-clients.ts';
import { residentBytes } from './process-stats.ts';
import { atMost } from './rounds.ts';
import { runLoad } from './run-load.ts';
import { median } from './stats.ts';

const STARTS = 3;
/** GETs of the first traffic, and the time after them. */
const FIRST = 100;
const IDLE_SECONDS = 10;
/** Load after that. */
const [CONNECTIONS, LOAD_SECONDS] = [64, 3];
/** Idle clients of another process, which has had no other load. */
const CLIENTS = 10_000;

const STATES = {
  idle: { what: `with one policy, ${FIRST} GETs and a pause later`, bound: 64 },
  loaded: { what: `after load over ${CONNECTIONS} connections`, bound: 100 },
  crowded: { what: `with ${CLIENTS} idle clients that had one response each`, bound: 150 },
} as const;
type State = keyof typeof STATES;
/** In megabytes, 10⁶ bytes. */
type Footprint = Readonly<Record<State, number>>;

const megabytes = ({ pid }: Entrant) => residentBytes(pid) / 1e6;

export const footprint: Bench = async ({ rounds = STARTS, seconds = IDLE_SECONDS }, cleanup, note) => {
  const site = await startBackends(cleanup);
  const found = new Map<string, Footprint[]>();
  for (let start = 1; start <= rounds; start += 1) {
    const inner = new Cleanup();
    cleanup.defer(() => inner.run());
    for (const [title, one] of await measureStart(inner, site, seconds, start === 1 ? note : () => undefined)) {
      found.set(title, [...(found.get(title) ?? []), one]);
      note(
        `start ${start} of ${rounds}, ${title}: ${Object.values(one)
          .map((value) => value.toFixed(0))
          .join(', ')} MB`,
      );
    }
    await inner.run();
  }
  return (Object.keys(STATES) as State[]).flatMap((state) => rowsOf(state, found));
};

/** One process of each for the first two states, and another for the third. */
async function measureStart(
  cleanup: Cleanup,
  site: Site,
  idleSeconds: number,
  note: (text: string) => void,
): Promise<ReadonlyMap<string, Footprint>> {
  const enter = async () => [
    await enterReference(cleanup, 'haproxy', site, note),
    await enterProxy(cleanup, WIRE, site),
    await enterProxy(cleanup, DEFAULTS, site),
  ];
  const [busy, quiet] = [await enter(), await enter()];
  const load = ({ target }: Entrant, connections: number, more: { readonly seconds: number; readonly count?: number }) =>
    runLoad(cleanup, { targets: [target], connections, cpu: 'shared', ...more });
  const pairs = busy.flatMap((one, i) => (one && quiet[i] ? [{ one, other: quiet[i] }] : []));
  for (const { one } of pairs) await load(one, 1, { seconds: 60, count: FIRST });
  await delay(idleSeconds * 1000);
  const idle = pairs.map(({ one }) => megabytes(one));
  const found = new Map<string, Footprint>();
  for (const [i, { one, other }] of pairs.entries()) {
    await load(one, CONNECTIONS, { seconds: LOAD_SECONDS });
    const loaded = megabytes(one);
    const clients = await openClients(cleanup, other.target, CLIENTS);
    found.set(one.title, { idle: idle[i] as number, loaded, crowded: megabytes(other) });
    await clients.disconnect();
  }
  return found;
}

function rowsOf(state: State, found: ReadonlyMap<string, readonly Footprint[]>): readonly Row[] {
  const { what, bound } = STATES[state];
  return [...found].map(([title, starts]) => {
    const values = starts.map((one) => one[state]);
    return {
      what: `Resident memory ${what}: ${title}`,
      number: `${median(values).toFixed(1)} MB (${values.map((value) => value.toFixed(1)).join(', ')})`,
      ...(title === WIRE_TITLE && atMost(bound, median(values), ' MB')),
    };
  });
}
