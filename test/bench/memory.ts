/** Resident memory of the bundles with one policy, some time after their first traffic. */
import { setTimeout as delay } from 'node:timers/promises';
import { SYSTEM_NAMESPACE } from '../local-cluster/manifests.ts';
import { addBackend, GATEWAYS, NAMESPACE, OPERATOR, programPolicy, SERVICE, startBenchCluster } from './bench-cluster.ts';
import type { Bench, Row } from './bench.ts';
import { bundleSize, BUNDLES } from './bundles.ts';
import { create } from '../local-cluster/create.ts';
import { backendService } from '../local-cluster/manifests.ts';
import { residentBytes } from './process-stats.ts';
import { runLoad } from './run-load.ts';
import { Cleanup } from './cleanup.ts';
import { median } from './stats.ts';

const STARTS = 3;
const IDLE_SECONDS = 60;
const CONNECTIONS = 8;
/** GETs: the first traffic, and those after the measurement, which show how much memory compiled code and garbage add. */
const FIRST = 100;
const MORE = 10_000;
/** Time limit. */
const GET_SECONDS = 60;
/** Limit and target, in megabytes (10⁶ bytes). */
const BOUNDS = { proxy: { max: 75, target: 65 }, operator: { max: 120, target: undefined } } as const;

type Name = keyof typeof BUNDLES;
type Memory = Readonly<Record<Name | 'busyProxy', number>>;

export const memory: Bench = async ({ rounds = STARTS, seconds = IDLE_SECONDS }, cleanup, note) => {
  const starts: Memory[] = [];
  for (let start = 1; start <= rounds; start += 1) {
    const inner = new Cleanup();
    cleanup.defer(() => inner.run());
    const found = await measureOnce(inner, seconds);
    note(`start ${start} of ${rounds}: proxy ${found.proxy.toFixed(1)} MB, operator ${found.operator.toFixed(1)} MB`);
    starts.push(found);
    await inner.run();
  }
  const sizes = (Object.keys(BUNDLES) as Name[]).map((name) => `${BUNDLES[name]} ${(bundleSize(name) / 1000).toFixed(0)} kB`);
  return [
    rowOf('proxy', starts, seconds),
    rowOf('operator', starts, seconds),
    { what: `Memory of the proxy, ${MORE} GETs later`, number: formatMegabytes(starts.map(({ busyProxy }) => busyProxy)) },
    { what: 'Bundles', number: sizes.join(', ') },
  ];
};

async function measureOnce(cleanup: Cleanup, idleSeconds: number): Promise<Memory> {
  const gateways = GATEWAYS.slice(0, 1);
  const cluster = await startBenchCluster(cleanup, gateways);
  await create(cluster.api, backendService(SERVICE, NAMESPACE));
  await addBackend(cluster.api, 'echo-1');
  const targets = await programPolicy(cluster, {}, gateways);
  const get = (count: number) => runLoad(cleanup, { targets, connections: CONNECTIONS, seconds: GET_SECONDS, count });
  const megabytes = (pod: string) => residentBytes(cluster.pods.pid(SYSTEM_NAMESPACE, pod) as number) / 1e6;
  await get(FIRST);
  await delay(idleSeconds * 1000);
  const idle = { proxy: megabytes(gateways[0] as string), operator: megabytes(OPERATOR) };
  await get(MORE);
  return { ...idle, busyProxy: megabytes(gateways[0] as string) };
}

function rowOf(name: Name, starts: readonly Memory[], seconds: number): Row {
  const { max, target } = BOUNDS[name];
  const values = starts.map((start) => start[name]);
  return {
    what: `Memory of the ${name} (VmRSS) with one policy, ${seconds} s idle after first traffic, median of ${starts.length} starts`,
    number: formatMegabytes(values),
    bound: { text: `≤ ${max} MB${target === undefined ? '' : `, target ≤ ${target}`}`, met: median(values) <= max },
  };
}

const formatMegabytes = (values: readonly number[]) =>
  `${median(values).toFixed(1)} MB (${values.map((value) => value.toFixed(1)).join(', ')})`;
