/** The real helm on a cluster, as a user would type it, and the charts that it installs. */
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureHelm } from '../../scripts/tools.ts';

export const CHART = join(import.meta.dirname, '../../charts/outrigger');

/** `helm ARGS…`; its output. @throws Error with helm's output when it fails */
export type Helm = (...args: readonly string[]) => Promise<string>;

/** A helm for this server and namespace, with its caches in `folder`. */
export async function helmFor(kubeconfig: string, namespace: string, folder: string): Promise<Helm> {
  const file = await ensureHelm();
  const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig };
  return (...args) =>
    new Promise((resolve, reject) => {
      execFile(file, [...args, '--namespace', namespace], { env, timeout: 120_000 }, (error, out, err) => {
        if (error) reject(new Error(`helm ${args.join(' ')}: ${err || error.message}`));
        else resolve(out);
      });
    });
}

/**
 * The chart of the previous version. None has been released yet, so it is made from the present one: an older version number and an
 * older default.
 */
export async function previousChart(folder: string): Promise<string> {
  const chart = join(folder, 'previous');
  await cp(CHART, chart, { recursive: true });
  await edit(join(chart, 'Chart.yaml'), [
    [/^version: .*$/m, 'version: 0.0.9'],
    [/^appVersion: .*$/m, 'appVersion: "0.0.9"'],
  ]);
  await edit(join(chart, 'values.yaml'), [[/(?<=^ {2})maxConnections: 10000$/m, 'maxConnections: 5000']]);
  return chart;
}

async function edit(file: string, changes: readonly (readonly [RegExp, string])[]): Promise<void> {
  let text = await readFile(file, 'utf8');
  for (const [pattern, replacement] of changes) {
    if (!pattern.test(text)) throw new Error(`${file} has nothing like ${pattern.source}`);
    text = text.replace(pattern, replacement);
  }
  await writeFile(file, text);
}
