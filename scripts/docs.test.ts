/** The pages for users: what they link to is there, and so is every file that a reference page names as the one that holds a rule. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const GUIDES = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'crds/README.md',
  'charts/outrigger/README.md',
  ...GUIDES.map((name) => `docs/${name}`),
];
const REFERENCE = ['docs/wire-protocol.md', 'docs/policy-rules.md'];

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Names of sections as GitHub makes them. */
function anchorsOf(page: string): readonly string[] {
  const text = page.replace(/^```.*?^```$/gms, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** Why a link of a page leads nowhere; undefined when it leads somewhere. */
function broken(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, target))) return `${target} does not exist`;
  if (anchor === undefined) return undefined;
  const file = statSync(join(ROOT, target)).isDirectory() ? join(target, 'README.md') : target;
  return anchorsOf(read(file)).includes(anchor) ? undefined : `${file} has no section #${anchor}`;
}

describe('links lead somewhere', () => {
  for (const page of PAGES) {
    test(page, () => {
      const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^\w+:/.test(link));
      assert.deepEqual(
        links.flatMap((link) => broken(page, link) ?? []),
        [],
      );
    });
  }
});

describe('files that hold a rule are there', () => {
  for (const page of REFERENCE) {
    test(page, () => {
      const files = [...read(page).matchAll(/`((?:operator|proxy|crds)\/[\w./-]+\.(?:ts|yaml))`/g)].map(([, file = '']) => file);
      assert.ok(files.length > 10);
      assert.deepEqual(
        files.filter((file) => !existsSync(join(ROOT, file))),
        [],
      );
    });
  }
});

test('the index of docs/ has every page', () => {
  const index = read('docs/README.md');
  for (const name of GUIDES.filter((guide) => guide !== 'README.md')) assert.ok(index.includes(`](${name})`), name);
});
