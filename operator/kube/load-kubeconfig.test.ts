import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadKubeConfig } from './load-kubeconfig.ts';

const config = (name: string, current: string | undefined): string =>
  JSON.stringify({
    ...(current && { 'current-context': current }),
    clusters: [{ name, cluster: { server: `https://${name}.example` } }],
    users: [{ name, user: { token: name } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });

test('several files are merged; the first that names a context decides', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-load-'));
  context.after(() => rm(folder, { recursive: true }));
  const files = await Promise.all(
    ([['a'], ['b', 'a'], ['c', 'c']] as const).map(async ([name, current]) => {
      const file = join(folder, name);
      await writeFile(file, config(name, current));
      return file;
    }),
  );
  assert.equal(loadKubeConfig(files).getCurrentCluster()?.server, 'https://a.example');
  assert.equal(loadKubeConfig(files.slice(2)).getCurrentCluster()?.server, 'https://c.example');
  assert.throws(() => loadKubeConfig([join(folder, 'none')]), { code: 'ENOENT' });
});
