#!/usr/bin/env bash
# matches() uses ECMAScript's RegExp, where CEL specifies RE2: valid expressions match something else without an error, or are errors.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error @marcbachmann/cel-js@8.0.0 re2js@2.10.0 >&2
cat >"$folder/check.mjs" <<'JS'
import { readFileSync } from 'node:fs';
import { evaluate } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
for (const name of ['@marcbachmann/cel-js', 're2js']) {
  const manifest = readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), 'utf8');
  console.log(name, JSON.parse(manifest).version);
}

/** Text, expression, result of cel-js. RE2 finds every expression in its text. */
const EXPECTED = [
  ['shop', '^[a-z]+$', true],
  ['shop', '^[[:alpha:]]+$', false],
  ['shop', String.raw`\Ashop\z`, false],
  ['a.b', String.raw`^\Qa.b\E$`, false],
  ['SHOP', '(?i)^shop$', 'an error'],
];
let unchanged = true;
for (const [text, expression, expected] of EXPECTED) {
  const cel = `'${text}'.matches(r'${expression}')`;
  let result;
  try {
    result = evaluate(cel);
  } catch {
    result = 'an error';
  }
  const re2 = RE2JS.compile(expression).test(text);
  console.log(`${cel}  ->  ${result}; RE2: ${re2}`);
  unchanged &&= result === expected && re2;
}
console.log(unchanged ? 'As found: only the first expression means the same in both.' : 'CHANGED');
process.exitCode = unchanged ? 0 : 1;
JS
node "$folder/check.mjs"
