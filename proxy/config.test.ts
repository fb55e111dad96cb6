import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseKeys, readConfig } from './config.ts';
import type { Config } from './config.ts';

const ENV = { OUTRIGGER_POD_UID: 'uid-1' };

function valid(argv: string[], env: NodeJS.ProcessEnv = ENV): Config {
  const config = readConfig(argv, env);
  assert.ok(config !== 'help' && !('errors' in config), JSON.stringify(config));
  return config;
}

test('the defaults are those in the help text', () => {
  const c = valid([]);
  assert.deepEqual([c.mode, c.controlPort, c.observePort, c.drainDelay, c.drainTimeout], ['gateway', 9900, 9901, 10_000, 30_000]);
  assert.equal(c.trustFile, '/etc/outrigger/trust/keys');
  assert.deepEqual([c.upstreamEngine, valid(['--upstream-engine', 'http-proxy']).upstreamEngine], ['http1', 'http-proxy']);
  assert.deepEqual([c.downstreamEngine, valid(['--downstream-engine', 'node-http']).downstreamEngine], ['http1', 'node-http']);
  assert.deepEqual([c.stats, valid(['--stats', 'off']).stats], [true, false]);
  assert.ok(Object.isFrozen(c));
});

test('keys in the environment take precedence over the file', () => {
  const c = valid([], { ...ENV, OUTRIGGER_TRUSTED_KEYS: 'a, b' });
  assert.deepEqual([c.trustFile, c.trustedKeys], [undefined, ['a', 'b']]);
  assert.deepEqual(parseKeys('# old\na\n\n  b \n'), ['a', 'b']);
});

test('durations have the form that Kubernetes uses', () => {
  assert.equal(valid(['--drain-delay', '1m30s']).drainDelay, 90_000);
  assert.equal(valid(['--drain-delay', '0s']).drainDelay, 0);
});

test('the share of requests without a route that is logged is a whole number from 0 to 100', () => {
  const shares = [[], ['--access-log-unrouted', '0'], ['--access-log-unrouted', '100']].map(
    (argv) => valid(argv).accessLogUnrouted,
  );
  assert.deepEqual(shares, [0, 0, 100]);
  for (const wrong of ['-1', '101', '1.5', '', '1e1', 'all']) {
    const config = readConfig([`--access-log-unrouted=${wrong}`], ENV) as { errors: string[] };
    assert.deepEqual(config.errors, ['--access-log-unrouted must be a whole number from 0 to 100'], wrong);
  }
});

test('every mistake is reported at once', () => {
  const config = readConfig(
    [
      '--mode',
      'router',
      '--control-port',
      '0',
      '--observe-port',
      'x',
      '--drain-delay',
      '10',
      '--log-level',
      'loud',
      '--max-connections=0',
      '--stats=maybe',
      '--downstream-engine=curl',
      '--upstream-engine=curl',
      '--access-log-unrouted=101',
    ],
    {},
  );
  assert.ok(typeof config === 'object' && 'errors' in config);
  assert.equal(config.errors.length, 11);
  for (const word of [
    '--mode',
    '--control-port',
    '--observe-port',
    '--drain-delay',
    '--log-level',
    '--max-connections',
    '--stats',
    '--downstream-engine',
    '--upstream-engine',
    '--access-log-unrouted',
    'OUTRIGGER_POD_UID',
  ]) {
    assert.ok(
      config.errors.some((error) => error.includes(word)),
      word,
    );
  }
});

test('an unknown flag is an error, --help is not', () => {
  assert.ok('errors' in (readConfig(['--colour', 'red'], ENV) as object));
  assert.equal(readConfig(['--help'], {}), 'help');
});
