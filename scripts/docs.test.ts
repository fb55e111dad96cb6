/** Pages and READMEs: what they link to is there, so is every file that they name, and the lists of where to add things are exact. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { parseTarget } from '../proxy/http1/request-target.ts';
import { LOCAL_REPLIES } from '../proxy/message/local-replies.ts';
import { DEFAULT_PATH_NORMALIZATION } from '../proxy/snapshot/path-normalization.ts';
import type { PathNormalization } from '../proxy/snapshot/types.ts';

const ROOT = join(import.meta.dirname, '..');
const GUIDES = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
const PAGES = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...globSync(['README.md', '{charts,crds,findings,operator,proxy,scripts,test}/**/README.md'], { cwd: ROOT }),
  ...GUIDES.map((name) => `docs/${name}`),
];
const REFERENCE = ['docs/architecture.md', 'docs/wire-protocol.md', 'docs/policy-rules.md'];

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
      const files = [...read(page).matchAll(/`((?:operator|proxy|crds|scripts|test)\/[\w./-]+\.(?:ts|yaml))`/g)].map(
        ([, file = '']) => file,
      );
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

describe('where to add', () => {
  // A heading `### A thing, as `example``, and behind it a list of files: those of the product in which the example stands.
  const [, text = ''] = read('docs/architecture.md').split('## Where to add');
  const product = globSync('{crds,operator,proxy}/**/*.{ts,yaml}', { cwd: ROOT }).filter(
    (file) => !/\.test\.ts$|\.gen\.ts$|\/testing\.ts$|\/test-[a-z-]+\.ts$|^crds\/examples\//.test(file),
  );
  const sections = text.split('\n### ').slice(1);
  test('there is a list for each', () => assert.equal(sections.length, 7));
  for (const section of sections) {
    const [, title = '', example = ''] = /^(.*), as `([^`]+)`/.exec(section) ?? [];
    test(title, () => {
      const listed = [...section.matchAll(/^- `([^`]+)`/gm)].map(([, file = '']) => file);
      const word = new RegExp(`(?<![\\w-])${example}(?![\\w-])`);
      assert.deepEqual(listed.sort(), product.filter((file) => word.test(read(file))).sort());
    });
  }
});

test('no page refers to a design that is not in the repository', () => {
  for (const page of PAGES) assert.doesNotMatch(read(page), /\b(?:DESIGN|HOUSE|API|WIRE|PROXY|OPERATOR)\.md\b/, page);
});

describe('policy-rules.md says what becomes of paths', () => {
  const [, section = ''] = read('docs/policy-rules.md').split('\n## Paths\n');
  const [, head = '', body = ''] = /^(\| path of the request .*)\n\|[-|]+\n((?:\|.*\n)+)/m.exec(section) ?? [];
  const cells = (row: string) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));
  const columns = cells(head)
    .slice(1)
    .map((title) => {
      const [, name, value = ''] = /^`(\w+): (\w+)`$/.exec(title) ?? [];
      const changed = name === undefined ? {} : { [name]: value === 'false' ? false : value };
      return { title, how: { ...DEFAULT_PATH_NORMALIZATION, ...changed } };
    });
  const becomes = (path: string, how: PathNormalization): string => {
    const target = parseTarget('GET', path, how);
    return typeof target === 'string' ? '400' : `\`${target.path}\``;
  };
  for (const row of body.trimEnd().split('\n')) {
    const [requests = '', ...results] = cells(row);
    for (const [, path = ''] of requests.matchAll(/`([^`]+)`/g))
      test(path, () => {
        const found = columns.map(({ title, how }) => [title, becomes(path, how)]);
        assert.deepEqual(
          found,
          columns.map(({ title }, i) => [title, results[i]]),
        );
      });
  }
  test('for each setting', () => {
    const settings = ['default', ...['decodeUnreserved: false', 'mergeSlashes: false'].map((name) => `\`${name}\``)];
    assert.deepEqual(
      columns.map(({ title }) => title),
      [...settings, '`encodedSlash: Reject`', '`encodedSlash: Decode`'],
    );
  });
});

test('errors.md lists exactly the replies that the proxy makes itself', () => {
  const listed = [...read('docs/errors.md').matchAll(/^\| (\d{3}) +\| `([^`]+)`/gm)].map(
    ([, status, reason]) => `${status} ${reason}`,
  );
  const made = new Set(Object.values(LOCAL_REPLIES).map(({ status, reason }) => `${status} ${reason}`));
  assert.deepEqual(listed.sort(), [...made].sort());
});
