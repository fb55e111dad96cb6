/** Composition root of the proxy: wires the parts and handles signals, decides nothing. */
import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { Runtime } from './apply.ts';
import { HELP, parseKeys, readConfig } from './config.ts';
import type { Config } from './config.ts';
import { createControl } from './control/control.ts';
import { createHttp1Server } from './exchange/http1/server.ts';
import { Prober } from './health/prober.ts';
import { Listener } from './listen.ts';
import { createAccessLog, createLog } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import { createObserveServer } from './observe/server.ts';
import { serve } from './pipeline.ts';
import { HttpProxyUpstream } from './upstream/http-proxy/index.ts';

const now = () => performance.now();
const random = Math.random;

const config = readConfig(process.argv.slice(2), process.env);
if (config === 'help') process.stdout.write(HELP);
else if ('errors' in config) {
  process.stderr.write(`${config.errors.join('\n')}\nsee --help\n`);
  process.exitCode = 2;
} else await run(config);

async function run(c: Config): Promise<void> {
  const log = createLog(c.logLevel, c.podName);
  const upstream = new HttpProxyUpstream(now);
  const metrics: Metrics = new Metrics(now, {
    connections: () => [...runtime.served].map(([port, { listener }]) => ({ port, open: listener.connections })),
    upstream: () => upstream.connections,
    rejectedListeners: () => runtime.rejected(),
  });
  const prober = new Prober({ random, onResult: (report) => log.debug(report, 'probe') });
  const pipeline = { upstream, now, random, record: createAccessLog(log, random) };
  // Told apart in Via, without showing the pod's UID to clients.
  const viaName = `outrigger-${createHash('sha256').update(c.podUid).digest('hex').slice(0, 10)}`;
  const listen = {
    addresses: c.mode === 'sidecar' ? ['127.0.0.1', '::1'] : [c.bind],
    maxConnections: c.maxConnections,
    refused: () => metrics.refused('overflow'),
  };
  const runtime: Runtime = new Runtime({
    prober,
    random,
    now,
    traffic: metrics.traffic,
    makeListener: (port, table) =>
      new Listener(
        port,
        createHttp1Server({
          port,
          viaName,
          makeRequestId: randomUUID,
          now,
          refused: (reason) => metrics.refused(reason),
          handle: (x) => {
            serve(x, table(), pipeline).catch((error: unknown) => {
              log.error({ err: error }, 'a request failed in a way that should not be possible');
              x.res.destroy();
            });
          },
        }),
        listen,
      ),
    retire: (endpoint) => upstream.retire(endpoint, 'drain'),
    ejected: (pool, endpoint, evidence) => log.warn({ pool, endpoint: endpoint.name, evidence }, 'endpoint ejected'),
  });
  const bootstrapKeys = c.trustFile === undefined ? c.trustedKeys : parseKeys(await readFile(c.trustFile, 'utf8'));
  const control = createControl({
    podUid: c.podUid,
    dataPlane: runtime,
    metrics,
    stateDir: c.stateDir,
    bootstrapKeys,
    log,
    now: Date.now,
  });
  let stopping = false;
  const notReady = () => (stopping ? 'shutting down' : control.ready() ? undefined : 'no snapshot has been received yet');
  const observe = createObserveServer({ registry: metrics.registry, notReady });

  await control.restore();
  await control.start(c.bind ?? '::', c.controlPort);
  await new Promise<void>((resolve, reject) => observe.once('error', reject).listen(c.observePort, c.bind, resolve));
  log.info({ mode: c.mode, control: c.controlPort, observe: c.observePort, ready: control.ready() }, 'proxy is up');

  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal, delayMs: c.drainDelay, timeoutMs: c.drainTimeout }, 'draining');
    await new Promise((resolve) => setTimeout(resolve, c.drainDelay));
    await runtime.drain(c.drainTimeout);
    await control.close();
    upstream.close();
    prober.close();
    metrics.close();
    observe.closeAllConnections();
    observe.close();
    log.info('drained');
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
}
