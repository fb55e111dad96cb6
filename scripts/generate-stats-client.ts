/**
 * Writes proxy/observe/stats/client.gen.ts, the script of the stats page as one string, from proxy/observe/stats/page/client.ts.
 *
 *   node scripts/generate-stats-client.ts [FILE]           write (FILE instead of the one above)
 *   node scripts/generate-stats-client.ts --check [FILE]   write nothing; exit 1 when it is out of date
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const SOURCE = fileURLToPath(new URL('../proxy/observe/stats/page/client.ts', import.meta.url));
const TARGET = fileURLToPath(new URL('../proxy/observe/stats/client.gen.ts', import.meta.url));

const { outputFiles } = await build({
  entryPoints: [SOURCE],
  write: false,
  bundle: true,
  minify: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
});
const code = (outputFiles[0]?.text ?? '').trim();
// The script is embedded in a page without escaping.
if (/<\/script|<!--/i.test(code)) throw new Error('the script of the stats page would end its own element');
const text = `// Generated from page/client.ts by scripts/generate-stats-client.ts: edit that, then run the script.
export const CLIENT = ${JSON.stringify(code)};
`;

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true });
const target = positionals[0] ?? TARGET;
if (values.check !== true) {
  await writeFile(target, text);
} else if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
  console.error(`${target} is out of date: run node scripts/generate-stats-client.ts`);
  process.exitCode = 1;
}
