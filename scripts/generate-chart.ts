/**
 * Keeps charts/outrigger consistent with the rest of the project: its CRD is a copy of that in crds/, its versions are that of
 * package.json, and the table of values in its README is made from values.schema.json and values.yaml.
 *
 *   node scripts/generate-chart.ts [--chart DIR]           write
 *   node scripts/generate-chart.ts --check [--chart DIR]   write nothing; exit 1 and name the files that are out of date
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { valuesTable, type Schema } from './chart-values.ts';

const ROOT = join(import.meta.dirname, '..');
const { values: flags } = parseArgs({
  options: { check: { type: 'boolean', default: false }, chart: { type: 'string', default: join(ROOT, 'charts/outrigger') } },
});
const TABLE = /(?<=<!-- values: [^>]*-->\n).*?(?=<!-- end of values -->)/s;

const read = (path: string): Promise<string> => readFile(path, 'utf8');
const inChart = (path: string): string => join(flags.chart, path);

/** A file of the chart, and its text. */
interface Wanted {
  readonly path: string;
  readonly text: string;
}

async function crd(): Promise<Wanted> {
  return { path: inChart('files/loadbalancerpolicies.yaml'), text: await read(join(ROOT, 'crds/loadbalancerpolicies.yaml')) };
}

/** Replaces lines, so that comments and layout stay as they are. */
async function versions(): Promise<Wanted> {
  const path = inChart('Chart.yaml');
  const { version } = JSON.parse(await read(join(ROOT, 'package.json'))) as { version: string };
  const text = (await read(path)).replace(/^version: .*$/m, `version: ${version}`);
  return { path, text: text.replace(/^appVersion: .*$/m, `appVersion: "${version}"`) };
}

async function readme(): Promise<Wanted> {
  const path = inChart('README.md');
  const schema = JSON.parse(await read(inChart('values.schema.json'))) as Schema;
  const values = parse(await read(inChart('values.yaml'))) as Record<string, unknown>;
  const text = await read(path);
  if (!TABLE.test(text))
    throw new Error(`${path} has no place for the table of values: <!-- values: … --> and <!-- end of values -->`);
  return { path, text: text.replace(TABLE, () => `\n${valuesTable(schema, values)}\n\n`) };
}

for (const { path, text } of await Promise.all([crd(), versions(), readme()])) {
  if ((await read(path).catch(() => '')) === text) continue;
  if (flags.check) {
    console.error(`${path} is out of date. Run: node scripts/generate-chart.ts`);
    process.exitCode = 1;
  } else await writeFile(path, text);
}
