#!/usr/bin/env bash
# With xfwd, X-Forwarded-Port of a request whose Host is an IPv6 address is a part of that address.
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
const EXPECTED = { 'shop.example:8080': '8080', '[2001:db8::12]:8080': '12', '[2001:db8::12]': '12' };

(async () => {
  const backend = http.createServer((req, res) => res.end(req.headers['x-forwarded-port']));
  const proxy = createProxyServer({ target: `http://127.0.0.1:${await listen(backend)}`, xfwd: true });
  const front = http.createServer((req, res) => proxy.web(req, res));
  const port = await listen(front);
  let unchanged = true;
  for (const [host, expected] of Object.entries(EXPECTED)) {
    const forwarded = await new Promise((resolve, reject) => {
      const request = http.get({ host: '127.0.0.1', port, headers: { host }, agent: false }, (response) => {
        response.setEncoding('utf8').once('data', resolve);
      });
      request.on('error', reject);
    });
    console.log(`Host: ${host}  ->  X-Forwarded-Port: ${forwarded}`);
    unchanged &&= forwarded === expected;
  }
  console.log(unchanged ? 'As found: 12 is the end of the address 2001:db8::12.' : 'CHANGED');
  process.exitCode = unchanged ? 0 : 1;
  for (const server of [front, backend]) server.close();
})();
JS
node "$folder/check.cjs"
