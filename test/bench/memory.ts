/** What the bundles hold in memory with one policy, some time after their first traffic. */
import { setTimeout as delay } from 'node:timers/promises';
import { SYSTEM_NAMESPACE } from '../local-cluster/manifests.ts';
import { addBackend, GATEWAYS, NAMESPACE, OPERATOR, programPolicy, SERVICE, startBenchCluster } from './bench-cluster.ts';
import type { Bench, Row } from './bench.ts';
import { bundleSize, BUNDLES } from './bundles.ts';
import { create } from '../local-cluster/create.ts';
import { backendService } from '../local-cluster/manifests.ts';
import { residentBytes } from './process-stats.ts';
import { runLoad } from './run-load.ts';
import { Scope } from './scope.ts';
import { median } from './stats.ts';

const STARTS = 3;
const IDLE_SECONDS = 60;
const TRAFFIC = { connections: 8, seconds: 10, count: 2_000 };
/** Megabytes (10⁶ bytes), and what would be better still. */
const BOUNDS = { proxy: { max: 75, stretch: 65 }, operator: { max: 120, stretch: undefined } } as const;

type Name = keyof typeof BUNDLES;
type Memory = Readonly<Record<Name, number>>;

export const memory: Bench = async ({ rounds = STARTS, seconds = IDLE_SECONDS }, scope, note) => {
  const starts: Memory[] = [];
  for (let start = 1; start <= rounds; start += 1) {
    const inner = new Scope();
    scope.defer(() => inner.end());
    const { proxy, operator } = await measureOnce(inner, seconds);
    note(`start ${start} of ${rounds}: proxy ${proxy.toFixed(1)} MB, operator ${operator.toFixed(1)} MB`);
    starts.push({ proxy, operator });
    await inner.end();
  }
  const sizes = (Object.keys(BUNDLES) as Name[]).map((name) => `${BUNDLES[name]} ${(bundleSize(name) / 1000).toFixed(0)} kB`);
  return [rowOf('proxy', starts, seconds), rowOf('operator', starts, seconds), { what: 'Bundles', number: sizes.join(', ') }];
};

async function measureOnce(scope: Scope, idleSeconds: number): Promise<Memory> {
  const gateways = GATEWAYS.slice(0, 1);
  const cluster = await startBenchCluster(scope, gateways);
  await create(cluster.api, backendService(SERVICE, NAMESPACE));
  await addBackend(cluster.api, 'echo-1');
  const targets = await programPolicy(cluster, {}, gateways);
  await runLoad(scope, { targets, ...TRAFFIC });
  await delay(idleSeconds * 1000);
  const megabytes = (pod: string) => residentBytes(cluster.pods.pid(SYSTEM_NAMESPACE, pod) as number) / 1e6;
  return { proxy: megabytes(gateways[0] as string), operator: megabytes(OPERATOR) };
}

function rowOf(name: Name, starts: readonly Memory[], seconds: number): Row {
  const { max, stretch } = BOUNDS[name];
  const value = median(starts.map((start) => start[name]));
  const all = starts.map((start) => start[name].toFixed(1)).join(', ');
  return {
    what: `Memory of the ${name} (VmRSS) with one policy, ${seconds} s idle after first traffic, median of ${starts.length} starts`,
    number: `${value.toFixed(1)} MB (${all})`,
    bound: { text: `≤ ${max} MB${stretch === undefined ? '' : `, better ≤ ${stretch}`}`, met: value <= max },
  };
}
