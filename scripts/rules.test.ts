/** The rules of lint and imports, tried on code that breaks them: a rule that never fires would go unnoticed. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { cruise, type ICruiseResult, type IForbiddenRuleType, type ICruiseOptions } from 'dependency-cruiser';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const ROOT = join(import.meta.dirname, '..');
const CONFIG = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
  forbidden: IForbiddenRuleType[];
  options: ICruiseOptions;
};

test('pure folders: clock, chance, timers and environment are refused, in tests they are not', async () => {
  const eslint = new ESLint({
    cwd: ROOT,
    // The text stands in no file, so there are no types to ask.
    overrideConfig: [{ files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked }],
  });
  const text = [
    'Date.now();',
    'performance.now();',
    'Math.random();',
    'setTimeout(() => undefined, 1);',
    'setInterval(() => undefined, 1);',
    'void process.env;',
    'void new Date();',
  ].join('\n');
  const linesIn = async (filePath: string) => {
    const [result] = await eslint.lintText(text, { filePath: join(ROOT, filePath) });
    return [...new Set(result?.messages.filter(({ ruleId }) => ruleId?.startsWith('no-restricted-')).map(({ line }) => line))];
  };
  for (const file of [
    'proxy/balance/x.ts',
    'proxy/route/x.ts',
    'proxy/resilience/x.ts',
    'proxy/health/health-state.ts',
    'operator/translate/x.ts',
  ]) {
    assert.deepEqual(await linesIn(file), [1, 2, 3, 4, 5, 6, 7], file);
  }
  assert.deepEqual(await linesIn('proxy/balance/x.test.ts'), []);
  assert.deepEqual(await linesIn('proxy/health/prober.ts'), []);
});

test('import rules: each of them catches what it forbids, and lets the allowed neighbour pass', async (t) => {
  const cases: Readonly<Record<string, readonly [file: string, imported: string]>> = {
    'proxy-knows-no-operator': ['proxy/a.ts', '../operator/api/x.ts'],
    'operator-knows-only-the-wire': ['operator/a.ts', '../proxy/control/x.ts'],
    'operator-features-share-through-util': ['operator/status/a.ts', '../push/x.ts'],
    'operator-tools-know-no-feature': ['operator/kube/a.ts', '../watch/x.ts'],
    'proxy-stays-small': ['proxy/b.ts', 'undici'],
    'pure-is-pure': ['proxy/balance/a.ts', 'node:fs'],
    'pure-knows-pure': ['proxy/route/a.ts', '../control/x.ts'],
    'message-is-neutral': ['proxy/message/a.ts', '../http1/x.ts'],
    'sides-meet-in-message': ['proxy/downstream/tcp/a.ts', '../../upstream/http2/x.ts'],
    'codec-and-socket-know-the-seam': ['proxy/socket/a.ts', '../upstream/x.ts'],
    'protocols-apart': ['proxy/upstream/http-proxy/a.ts', '../http2/x.ts'],
    'engines-are-chosen-at-the-top': ['proxy/request/a.ts', '../upstream/http2/x.ts'],
    'product-knows-no-tests': ['operator/b.ts', '../test/x.ts'],
    'product-needs-no-dev-dependency': ['operator/c.ts', 'fflate'],
    resolvable: ['operator/d.ts', './nowhere.ts'],
    'no-cycles': ['proxy/c.ts', './d.ts'],
  };
  const allowed: readonly (readonly [string, string])[] = [
    ['operator/e.ts', '../proxy/snapshot/x.ts'],
    ['operator/f.ts', 'undici'],
    ['proxy/downstream/node-http/b.ts', '../../message/x.ts'],
    ['proxy/upstream/http-proxy/b.ts', '../../http1/x.ts'],
    ['proxy/data-plane.ts', './upstream/http-proxy/x.ts'],
    ['operator/status/b.ts', '../util/x.ts'],
    ['operator/watch/a.ts', '../kube/x.ts'],
    ['proxy/balance/a.test.ts', 'node:fs'],
  ];
  const folder = await tree(t, [...Object.values(cases), ...allowed, ['proxy/d.ts', './c.ts']]);
  const { output } = await cruise(['operator', 'proxy'], {
    ...CONFIG.options,
    baseDir: folder,
    validate: true,
    ruleSet: { forbidden: CONFIG.forbidden },
  });
  const violations = (output as ICruiseResult).summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`);
  const expected = Object.entries(cases).map(([rule, [file]]) => `${rule}: ${file}`);
  assert.deepEqual(violations.sort(), expected.sort());
});

/** A small project in a temporary folder: every file imports one thing, and everything imported exists (but `nowhere`). */
async function tree(t: test.TestContext, imports: readonly (readonly [file: string, imported: string])[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-rules-'));
  t.after(() => rm(folder, { recursive: true }));
  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  };
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await symlink(join(ROOT, 'package.json'), join(folder, 'package.json'));
  await symlink(join(ROOT, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  for (const [file, imported] of imports) {
    if (imported.endsWith('/x.ts')) await write(join(dirname(file), imported), 'export const x = 1;\n');
    await write(file, `import * as all from '${imported}';\nexport const y = all;\n`);
  }
  return folder;
}
