/** Backends are replaced one by one, repeatedly, as in a rolling update of a Deployment, and no GET fails. */
import { until } from '../local-cluster/cluster.ts';
import type { Api } from '../local-cluster/api.ts';
import { addBackend, NAMESPACE, podPath } from './bench-cluster.ts';
import type { Bench } from './bench.ts';
import { startWithBackends, measureUnderLoad } from './no-fault.ts';

const SECONDS = 60;
const BACKENDS = 3;
const GONE_MS = 30_000;

export const rolling: Bench = async ({ seconds = SECONDS }, cleanup, note) => {
  const names = Array.from({ length: BACKENDS }, (_, i) => `echo-${i + 1}`);
  const { cluster, targets } = await startWithBackends(cleanup, names);
  return measureUnderLoad(cleanup, targets, seconds, note, async (more) => {
    const replaced = await replaceInTurn(cluster.api, names, more);
    return { description: `${replaced} backends replaced one by one`, sufficient: replaced >= BACKENDS };
  });
};

/** Replaces the oldest of these backends by a new one, `echo-N`, while `more` returns true. Returns how many were replaced. */
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

/** Deletes a pod, which still serves while it terminates; resolves when it is gone. */
async function remove(api: Api, name: string): Promise<void> {
  await api.delete(podPath(NAMESPACE, name));
  await until(`${name} is gone`, GONE_MS, async () => (await api.find(podPath(NAMESPACE, name))) === undefined);
}
