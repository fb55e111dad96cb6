#!/usr/bin/env bash
# After one rendering as OpenMetrics, a registry renders its counters in the Prometheus text format under other names.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error prom-client@15.1.3 >&2
cat >"$folder/check.cjs" <<'JS'
const { Counter, Registry } = require('prom-client');
console.log('prom-client', require('prom-client/package.json').version);

(async () => {
  const registry = new Registry();
  new Counter({ name: 'requests_total', help: 'Requests', registers: [registry] }).inc(3);
  const render = async (format, contentType) => {
    registry.setContentType(contentType);
    const sample = (await registry.metrics()).split('\n').find((line) => /^requests/.test(line));
    console.log(`${format}: ${sample}`);
    return sample;
  };
  const before = await render('Prometheus text, first scrape', Registry.PROMETHEUS_CONTENT_TYPE);
  const between = await render('OpenMetrics', Registry.OPENMETRICS_CONTENT_TYPE);
  const after = await render('Prometheus text, next scrape', Registry.PROMETHEUS_CONTENT_TYPE);
  const unchanged = before === 'requests_total 3' && between === 'requests_total 3' && after === 'requests 3';
  console.log(unchanged ? 'As found: the counter lost "_total" in the Prometheus format.' : 'CHANGED');
  process.exitCode = unchanged ? 0 : 1;
})();
JS
node "$folder/check.cjs"
