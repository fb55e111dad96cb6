/**
 * Proxies for the benchmark of the operator, all in one process: the real control API, and no traffic.
 *
 *   node fleet-proxies.ts --config FILE
 *
 * FILE is JSON: see FleetConfig.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createControlServer } from '../../proxy/control/control-server.ts';
import { FakeDataPlane, FakeLog, FakeMetrics } from '../../proxy/control/testing.ts';
import { CONTROL_PORT } from '../../proxy/snapshot/ports.ts';

export interface FleetConfig {
  /** The operator's key, as proxies trust it. */
  readonly publicKey: string;
  /** Folder for what proxies keep. */
  readonly stateDir: string;
  readonly proxies: readonly { readonly uid: string; readonly address: string }[];
}

const { values } = parseArgs({ options: { config: { type: 'string', default: '' } } });
const { publicKey, stateDir, proxies } = JSON.parse(await readFile(values.config, 'utf8')) as FleetConfig;

for (const { uid, address } of proxies) {
  const control = createControlServer({
    ...{ podUid: uid, stateDir: join(stateDir, uid), bootstrapKeys: [publicKey], now: Date.now },
    ...{ dataPlane: new FakeDataPlane(), metrics: new FakeMetrics(), log: new FakeLog() },
  });
  await control.restore();
  await control.start(address, CONTROL_PORT);
}
