#!/usr/bin/env bash
# The backend receives other request targets than the client sent: "*" as a path, an empty query removed, quotes in a query encoded.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset FORCE_FETCH_PATH
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error http-proxy-3@2.0.1 >&2
cat >"$folder/check.cjs" <<'JS'
const http = require('node:http');
const { readFileSync } = require('node:fs');
const { createProxyServer } = require('http-proxy-3');
const manifest = JSON.parse(readFileSync(`${__dirname}/node_modules/http-proxy-3/package.json`, 'utf8'));
console.log('http-proxy-3', manifest.version);

const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
const EXPECTED = [
  ['OPTIONS', '*', '/*'],
  ['GET', '/cart?', '/cart'],
  ['GET', "/report?filter=name%20eq%20'x'", '/report?filter=name%20eq%20%27x%27'],
  ['GET', "/report'x'?filter=1", "/report'x'?filter=1"],
];

(async () => {
  const backend = http.createServer((req, res) => res.end(req.url));
  const proxy = createProxyServer({ target: `http://127.0.0.1:${await listen(backend)}` });
  const front = http.createServer((req, res) => proxy.web(req, res));
  const port = await listen(front);
  let unchanged = true;
  for (const [method, path, expected] of EXPECTED) {
    const received = await new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port, method, path, agent: false }, (response) => {
        response.setEncoding('utf8').once('data', resolve);
      });
      request.on('error', reject).end();
    });
    console.log(`${method} ${path}  ->  ${method} ${received}`);
    unchanged &&= received === expected;
  }
  console.log(unchanged ? 'As found: only the last target is as the client sent it.' : 'CHANGED');
  process.exitCode = unchanged ? 0 : 1;
  for (const server of [front, backend]) server.close();
})();
JS
node "$folder/check.cjs"
