#!/usr/bin/env bash
# In an informer, a time is a Date when its object was listed and a string when it was watched; a MicroTime is a string in both cases.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error @kubernetes/client-node@2.0.1 >&2
cat >"$folder/check.mjs" <<'JS'
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { CoordinationV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
const library = new URL('./node_modules/@kubernetes/client-node/', import.meta.url);
const read = (path) => readFileSync(new URL(path, library), 'utf8');
console.log('@kubernetes/client-node', JSON.parse(read('package.json')).version);

const PATH = '/apis/coordination.k8s.io/v1/namespaces/shop/leases';
const lease = (name, resourceVersion) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, namespace: 'shop', resourceVersion, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { renewTime: '2026-01-01T00:00:00.123456Z' },
});
const list = { apiVersion: 'coordination.k8s.io/v1', kind: 'LeaseList', metadata: { resourceVersion: '1' } };

const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  if (new URL(request.url, 'http://server').searchParams.has('watch')) {
    response.write(`${JSON.stringify({ type: 'ADDED', object: lease('watched', '2') })}\n`);
  } else {
    response.end(JSON.stringify({ ...list, items: [lease('listed', '1')] }));
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const config = new KubeConfig();
config.loadFromClusterAndUser(
  { name: 'cluster', server: `http://127.0.0.1:${server.address().port}`, skipTLSVerify: true },
  { name: 'user' },
);
const api = config.makeApiClient(CoordinationV1Api);
const informer = makeInformer(config, PATH, () => api.listNamespacedLease({ namespace: 'shop' }));
const typeOf = (value) => (value instanceof Date ? 'Date' : typeof value);
const found = {};
const bothAdded = new Promise((resolve) => {
  informer.on('add', ({ metadata, spec }) => {
    found[metadata.name] = `creationTimestamp is a ${typeOf(metadata.creationTimestamp)}, renewTime is a ${typeOf(spec.renewTime)}`;
    console.log(`${metadata.name}: ${found[metadata.name]}`);
    if (Object.keys(found).length === 2) resolve();
  });
});
await informer.start();
await bothAdded;
const declared = /'renewTime'\?: (\w+)/.exec(read('dist/gen/models/V1LeaseSpec.d.ts'))?.[1];
console.log(`declared: renewTime is a ${declared}, a class that extends Date`);
const unchanged =
  declared === 'V1MicroTime' &&
  found.listed === 'creationTimestamp is a Date, renewTime is a string' &&
  found.watched === 'creationTimestamp is a string, renewTime is a string';
console.log(unchanged ? 'As found: one informer holds both shapes.' : 'CHANGED');
process.exit(unchanged ? 0 : 1);
JS
timeout 60 node "$folder/check.mjs"
