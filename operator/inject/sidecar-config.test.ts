import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readSidecarConfig } from './sidecar-config.ts';
import { CONFIG } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'outrigger-sidecar-'));
after(() => rmSync(folder, { recursive: true }));

function read(content: unknown): ReturnType<typeof readSidecarConfig> {
  const file = join(folder, 'sidecar.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readSidecarConfig(file);
}

function errorsOf(content: unknown): readonly string[] {
  const result = read(content);
  assert.ok('errors' in result, JSON.stringify(result));
  return result.errors;
}

test('the smallest configuration has defaults', () => {
  const { image, webhook } = CONFIG;
  const config = read({ image, webhook });
  assert.deepEqual(config, CONFIG);
  assert.ok(Object.isFrozen(config));
});

test('every member is read', () => {
  const full = {
    ...CONFIG,
    imagePullPolicy: 'IfNotPresent',
    resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '0.5Gi', 'nvidia.com/gpu': '1' } },
    logLevel: 'debug',
    extraArgs: ['--bind', '$(POD_IP)'],
  };
  assert.deepEqual(read(full), full);
});

test('every error is reported', () => {
  const errors = errorsOf({
    image: 'two words',
    imagePullPolicy: 'Sometimes',
    resources: { request: {}, requests: 'much', limits: { cpu: 1 } },
    logLevel: 'loud',
    extraArgs: '--bind',
    webhook: { configuration: 'A', service: '', name: 'x' },
    sidecar: {},
  });
  const expected = [
    /^sidecar is not known: there are image, /,
    /^image must be/,
    /^imagePullPolicy must be one of Always, /,
    /^logLevel must be one of/,
    /^extraArgs must be a list/,
    /^resources\.request is not known/,
    /^resources\.requests must be an object/,
    /^resources\.limits\["cpu"\] must be an amount as a string/,
    /^webhook\.name is not known/,
    /^webhook\.configuration must be/,
    /^webhook\.service must be/,
  ];
  assert.equal(errors.length, expected.length, errors.join('\n'));
  for (const [i, sentence] of expected.entries()) assert.match(errors[i] ?? '', sentence);
});

test('a file that cannot be read, or holds no object, is one error', () => {
  assert.match(errorsOf('{').join('\n'), /^must be JSON: [^\n]*$/);
  assert.deepEqual(errorsOf([]), ['must be a JSON object']);
  assert.match(errorsOf({ ...CONFIG, webhook: undefined })[0] ?? '', /^webhook is missing/);
  assert.match(errorsOf({ ...CONFIG, resources: [] })[0] ?? '', /^resources must be an object/);
  assert.deepEqual(readSidecarConfig(join(folder, 'none')), { errors: ['cannot be read (ENOENT)'] });
});
