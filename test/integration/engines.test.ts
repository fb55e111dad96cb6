/** The part of the suite in which proxies carry traffic, again, with the engines that are not the default. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { DOWNSTREAM_ENGINES, readConfig, UPSTREAM_ENGINES, type Config } from '../../proxy/config.ts';
import { engineVariables } from '../local-cluster/engines.ts';
import { external } from './platform.ts';

/**
 * Each group in turn: the first ones beside each other, the last alone, since it measures short times. Its comparison with other load
 * balancers says nothing more about an engine than the faults themselves.
 */
const GROUPS = [
  {
    files: ['traffic', 'balancing', 'protection', 'routing', 'services', 'shutdown', 'sidecar', 'kills'],
    concurrency: 2,
    more: [],
  },
  { files: ['faults'], concurrency: 1, more: ['--test-skip-pattern=compared with'] },
] as const;
const DEADLINE_MS = 170_000;
/** A file that hangs is ended and named, with what it printed, while this test can still show it. */
const FILE_DEADLINE_MS = 80_000;

const defaults = readConfig([], { OUTRIGGER_POD_UID: 'x' }) as Config;
const downstream = DOWNSTREAM_ENGINES.find((name) => name !== defaults.downstreamEngine);
const upstream = UPSTREAM_ENGINES.find((name) => name !== defaults.upstreamEngine);
const variables = engineVariables({ downstream, upstream });

for (const { files, concurrency, more } of GROUPS) {
  test(
    `${files.join(', ')}: with ${downstream ?? 'the only engine'} for clients, ${upstream ?? 'the only engine'} for backends`,
    { timeout: DEADLINE_MS, skip: external.ownCluster },
    async () => {
      const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
      const paths = files.map((name) => join(import.meta.dirname, `${name}.test.ts`));
      const common = ['--test', '--test-reporter=tap', `--test-timeout=${FILE_DEADLINE_MS}`];
      const flags = [...common, `--test-concurrency=${concurrency}`, ...more];
      const env = { ...inherited, ...variables };
      const output = await new Promise<string>((resolve) => {
        execFile(process.execPath, [...flags, ...paths], { env, maxBuffer: 2 ** 26 }, (_error, out, err) => resolve(out + err));
      });
      assert.match(output, /^# fail 0$/m, output);
      assert.match(output, /^# cancelled 0$/m, output);
      assert.ok(Number(/^# pass (\d+)$/m.exec(output)?.[1]) >= files.length, output);
      if (process.env['OUTRIGGER_REQUIRE_TOOLS'] === '1') assert.match(output, /^# skipped 0$/m, output);
    },
  );
}
