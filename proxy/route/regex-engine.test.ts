import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { loadRegexEngine } from './regex-engine.ts';

const compile = await loadRegexEngine();

test('a regular expression matches the whole text, in RE2 syntax', () => {
  const fits = compile('/users/[0-9]+|/(?i)all');
  for (const text of ['/users/1', '/users/123', '/ALL']) assert.ok(fits(text), text);
  for (const text of ['/users/', '/users/1/', 'x/users/1', '/users/1\n', '']) assert.ok(!fits(text), text);
});

test('an invalid source is an error with the reason', () => {
  for (const source of ['(', '[z-a]', '(?=look)', 'a**', '(x)\\1']) assert.throws(() => compile(source), /regexp: .*/, source);
});

test('the same source is compiled once', () => assert.equal(compile('/once'), compile('/once')));

test('matches in time linear in the length of the text', () => {
  const fits = compile('(.*a){8}(x+x+)+y');
  const started = process.cpuUsage().user;
  assert.ok(!fits('a'.repeat(4000) + 'x'.repeat(4000)));
  assert.ok(process.cpuUsage().user - started < 1_000_000, 'backtracking would not end');
});

test('a text of more than 8,192 characters does not match', () => {
  const fits = compile('/.*');
  assert.ok(fits(`/${'a'.repeat(8191)}`));
  assert.ok(!fits(`/${'a'.repeat(8192)}`));
});

test('the library is loaded only when a route has a regular expression', async () => {
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => (name === 're2js' && console.log('loaded'), next(name, context)) });
    const { startProxy } = await import('../testing.ts');
    const proxy = await startProxy({ endpoints: [] });
    console.log('plain');
    await proxy.apply({ endpoints: [], route: { matches: [{ path: { type: 'RegularExpression', value: '/a' } }] } });
    await proxy.close();
    process.exit();`;
  const args = ['--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname, timeout: 20_000 });
  assert.deepEqual(stdout.trim().split('\n'), ['plain', 'loaded']);
});
