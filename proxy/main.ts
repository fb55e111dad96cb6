/** Composition root of the proxy: connects the parts and handles signals; has no logic of its own. */
import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { HELP, parseKeys, readConfig } from './config.ts';
import type { Config } from './config.ts';
import { createControlServer } from './control/control-server.ts';
import { createDataPlane } from './data-plane.ts';
import { createAccessLog } from './observe/access-log.ts';
import { createHealthLog, createListenerLog, createLogs } from './observe/log.ts';
import { exposeLogs } from './observe/log-metrics.ts';
import { standardOutput } from './observe/log-output.ts';
import { createObserveServer } from './observe/server.ts';
import { createStats } from './observe/stats/index.ts';
import { VIA_PREFIX } from './snapshot/request-grammar.ts';
import { VERSION } from './version.ts';

/** Addresses that only the containers of a sidecar's own pod reach. */
const LOOPBACK = ['127.0.0.1', '::1'];

const config = readConfig(process.argv.slice(2), process.env);
if (config === 'help') process.stdout.write(HELP);
else if ('errors' in config) {
  process.stderr.write(`${config.errors.join('\n')}\nsee --help\n`);
  process.exitCode = 2;
} else await run(config);

async function run(c: Config): Promise<void> {
  const output = standardOutput();
  const { log, access } = createLogs(c.logLevel, c.podName, output);
  const plane = createDataPlane({
    addresses: c.mode === 'sidecar' && c.bind === undefined ? LOOPBACK : [c.bind],
    maxConnections: c.maxConnections,
    downstreamEngine: c.downstreamEngine,
    upstreamEngine: c.upstreamEngine,
    // Distinguishes proxies in Via, without showing the pod's UID to clients.
    viaName: `${VIA_PREFIX}${createHash('sha256').update(c.podUid).digest('hex').slice(0, 10)}`,
    makeRequestId: randomUUID,
    ...createAccessLog({ write: access, random: Math.random, unroutedPercent: c.accessLogUnrouted }),
    probed: (report) => log.debug(report, 'probe'),
    health: createHealthLog(log),
    listeners: createListenerLog(log),
    failed: (error) => log.error({ err: error }, 'a request failed unexpectedly: this is a defect'),
  });
  const { runtime, metrics } = plane;
  exposeLogs(metrics.registry, output);
  const bootstrapKeys = c.trustFile === undefined ? c.trustedKeys : parseKeys(await readFile(c.trustFile, 'utf8'));
  const { podUid, stateDir } = c;
  const control = createControlServer({ podUid, dataPlane: runtime, metrics, stateDir, bootstrapKeys, log, now: Date.now });
  let stopping = false;
  const notReady = () => {
    if (stopping) return 'shutting down';
    return control.ready() ? undefined : 'no snapshot has been received yet';
  };
  const facts = { pod: c.podName, mode: c.mode, version: VERSION, startedAt: performance.now() };
  const serving = { listeners: runtime.listeners, endpointSets: runtime.endpointSets, buffer: metrics.requestMetrics.buffer };
  const source = () => ({
    ...{ ...serving, facts, zone: runtime.location.zone, snapshot: control.applied(), rejected: runtime.rejected() },
    notReady: notReady() ?? '',
    connections: [...runtime.listeners.values()].reduce((sum, { listener }) => sum + listener.connections, 0),
  });
  const now = () => performance.now();
  const stats = c.stats ? createStats({ serving, source, now, wall: Date.now }) : undefined;
  const observe = createObserveServer({ registry: metrics.registry, notReady, now, ...(stats && { stats: stats.answer }) });

  await control.restore();
  await control.start(c.bind ?? '::', c.controlPort);
  await new Promise<void>((resolve, reject) => observe.once('error', reject).listen(c.observePort, c.bind, resolve));
  log.info({ mode: c.mode, control: c.controlPort, observe: c.observePort, ready: control.ready() }, 'proxy is up');

  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal, delayMs: c.drainDelay, timeoutMs: c.drainTimeout }, 'draining');
    await new Promise((resolve) => setTimeout(resolve, c.drainDelay));
    await plane.drain(c.drainTimeout);
    await control.close();
    stats?.close();
    observe.closeAllConnections();
    observe.close();
    log.info('drained');
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
}
