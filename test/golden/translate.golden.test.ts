/**
 * Compares the translation of translate/NAME.in.yaml (Kubernetes objects) with NAME.out.yaml (snapshots and conditions). To rewrite the
 * outputs, and then review the difference: UPDATE_GOLDEN=1 node --test test/golden/translate.golden.test.ts
 */
import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { translate } from '../../operator/translate/translate.ts';
import { validateSnapshot } from '../../proxy/snapshot/validate.ts';
import { readAllowed, readInventory, formatTranslation } from './translate-case.ts';
import type { Translation } from '../../operator/translate/types.ts';

const CASES = new URL('./translate/', import.meta.url);
const NAMESPACE = 'outrigger-system';
const names = await namesOf('.in.yaml');

describe('translate', () => {
  for (const name of names) {
    test(name, async () => {
      const text = await readFile(new URL(`${name}.in.yaml`, CASES), 'utf8');
      const translation = translate(readInventory(text), { namespace: NAMESPACE, allowed: readAllowed(text) });
      assertAccepted(translation);
      const out = new URL(`${name}.out.yaml`, CASES);
      const written = formatTranslation(translation);
      if (process.env['UPDATE_GOLDEN'] === '1') await writeFile(out, written);
      else assert.equal(written, await readFile(out, 'utf8'));
    });
  }
  test('every output has an input', async () => {
    assert.deepEqual(await namesOf('.out.yaml'), names);
  });
});

async function namesOf(suffix: string): Promise<string[]> {
  const files = (await readdir(CASES)).filter((file) => file.endsWith(suffix));
  return files.map((file) => file.slice(0, -suffix.length)).sort();
}

/** A proxy accepts every translation. */
function assertAccepted({ contents }: Translation): void {
  for (const { listeners, pools, parts } of contents.values()) {
    const version = { epoch: 1, sequence: 1 };
    const checked = validateSnapshot({
      version,
      trustedKeys: ['A'.repeat(43)],
      listeners,
      pools,
      parts: Object.fromEntries(parts),
    });
    assert.deepEqual(checked.ok ? [] : checked.wrong, []);
  }
}
