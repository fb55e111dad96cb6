#!/usr/bin/env bash
# An agent of node:http applies the time-out of a backend's Keep-Alive field only where it is the first parameter.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error node@24.21.0 >&2
cat >"$folder/check.cjs" <<'JS'
const http = require('node:http');
const net = require('node:net');
console.log('node', process.version);

/** Connections that three requests took, one after the other. */
const EXPECTED = { 'timeout=1, max=100': 3, 'max=100, timeout=1': 1 };

async function connectionsFor(keepAlive) {
  let connections = 0;
  const head = `HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: ${keepAlive}\r\nContent-Length: 0\r\n\r\n`;
  const backend = net.createServer((socket) => {
    connections++;
    socket.on('error', () => {}).on('data', () => socket.write(head));
  });
  await new Promise((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const agent = new http.Agent({ keepAlive: true });
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve, reject) => {
      const request = http.get({ host: '127.0.0.1', port: backend.address().port, agent }, (response) => response.resume());
      request.on('close', resolve).on('error', reject);
    });
    await new Promise((resolve) => setTimeout(resolve, 20)); // the agent takes the connection back after the response
  }
  agent.destroy();
  backend.close();
  return connections;
}

(async () => {
  let unchanged = true;
  for (const [keepAlive, expected] of Object.entries(EXPECTED)) {
    const connections = await connectionsFor(keepAlive);
    console.log(`Keep-Alive: ${keepAlive}  ->  ${connections} connection(s) for 3 requests`);
    unchanged &&= connections === expected;
  }
  console.log(unchanged ? 'As found: the order of the parameters decides whether the time-out is applied.' : 'CHANGED');
  process.exitCode = unchanged ? 0 : 1;
})();
JS
"$folder/node_modules/.bin/node" "$folder/check.cjs"
