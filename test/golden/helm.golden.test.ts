/**
 * Compares the chart rendered with helm/NAME.in.yaml (settings and values of a release) with NAME.out.yaml. To rewrite the outputs, and then
 * review the difference: UPDATE_GOLDEN=1 node --test test/golden/helm.golden.test.ts
 *
 * Documents that are copies of other files are replaced by their names: the CRD, dashboards and alerts.
 */
import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { template, whyNoHelm, type Settings } from '../install/helm.ts';

const CASES = new URL('./helm/', import.meta.url);
const COPIES = /^# Source: outrigger\/templates\/(?:crds|dashboards)\.yaml$|^kind: PrometheusRule$/m;
const names = await namesOf('.in.yaml');

describe('helm', { skip: whyNoHelm }, () => {
  for (const name of names) {
    test(name, async () => {
      const settings = parse(await readFile(new URL(`${name}.in.yaml`, CASES), 'utf8')) as Settings;
      const { code, out: rendered, err } = template(settings);
      assert.equal(code, 0, err);
      const out = new URL(`${name}.out.yaml`, CASES);
      const written = omitCopies(rendered);
      if (process.env['UPDATE_GOLDEN'] === '1') await writeFile(out, written);
      else assert.equal(written, await readFile(out, 'utf8'));
    });
  }
  test('every output has an input', async () => {
    assert.deepEqual(await namesOf('.out.yaml'), names);
  });
});

function omitCopies(rendered: string): string {
  const documents = rendered.split(/^---\n/m).map((text) => {
    if (!COPIES.test(text)) return text;
    const [kind, name] = [/^kind: (.*)$/m, /^ {2}name: (.*)$/m].map((pattern) => pattern.exec(text)?.[1]);
    return `${/^# Source.*\n/.exec(text)?.[0]}# ${kind} ${name}\n`;
  });
  return documents.join('---\n');
}

async function namesOf(suffix: string): Promise<string[]> {
  const files = (await readdir(CASES)).filter((file) => file.endsWith(suffix));
  return files.map((file) => file.slice(0, -suffix.length)).sort();
}
