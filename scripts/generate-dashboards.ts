/**
 * Writes charts/outrigger/dashboards/*.json, which Grafana imports, from scripts/dashboards.
 *
 *   node scripts/generate-dashboards.ts            write
 *   node scripts/generate-dashboards.ts --check    write nothing; exit 1 and name the files that are out of date
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { controlPlane } from './dashboards/control-plane.ts';
import { endpoints } from './dashboards/endpoints.ts';
import { toGrafana } from './dashboards/grafana.ts';
import { traffic } from './dashboards/traffic.ts';

const FOLDER = join(import.meta.dirname, '../charts/outrigger/dashboards');
const DASHBOARDS = { traffic, endpoints, 'control-plane': controlPlane };

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
if (!values.check) await mkdir(FOLDER, { recursive: true });
for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
  const path = join(FOLDER, `${name}.json`);
  const wanted = `${JSON.stringify(toGrafana(dashboard), undefined, 2)}\n`;
  if (!values.check) await writeFile(path, wanted);
  else if ((await readFile(path, 'utf8').catch(() => '')) !== wanted) {
    console.error(`${path} is out of date. Run: node scripts/generate-dashboards.ts`);
    process.exitCode = 1;
  }
}
