/** Every backend is replaced one by one, over and over, as a Deployment does it, and no GET fails. */
import { until } from '../local-cluster/cluster.ts';
import type { Api } from '../local-cluster/api.ts';
import { addBackend, NAMESPACE, podPath } from './bench-cluster.ts';
import type { Bench } from './bench.ts';
import { startWithBackends, underLoad } from './no-fault.ts';

const SECONDS = 60;
const BACKENDS = 3;
const GONE_MS = 30_000;

export const rolling: Bench = async ({ seconds = SECONDS }, scope, note) => {
  const names = Array.from({ length: BACKENDS }, (_, i) => `echo-${i + 1}`);
  const { cluster, targets } = await startWithBackends(scope, names);
  return underLoad(scope, targets, seconds, note, async (more) => {
    const replaced = await replaceInTurn(cluster.api, names, more);
    return { done: `${replaced} backends replaced one by one`, enough: replaced >= BACKENDS };
  });
};

/** The oldest of these backends gives way to a new one, `echo-N`, over and over. How many were replaced. */
export async function replaceInTurn(api: Api, names: readonly string[], more: () => boolean): Promise<number> {
  const present = [...names];
  let replaced = 0;
  for (; more(); replaced += 1) {
    const name = `echo-${names.length + replaced + 1}`;
    await addBackend(api, name);
    present.push(name);
    await remove(api, present.shift() as string);
  }
  return replaced;
}

/** From ready to terminating (and still serving) to gone. */
async function remove(api: Api, name: string): Promise<void> {
  await api.delete(podPath(NAMESPACE, name));
  await until(`${name} is gone`, GONE_MS, async () => (await api.find(podPath(NAMESPACE, name))) === undefined);
}
