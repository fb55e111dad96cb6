/**
 * OUTRIGGER_TEST_CLUSTER=external, against an API server that is started apart: only its KUBECONFIG is known. A part of the
 * suite runs as it would against a real server, and must leave nothing there.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { ApiServerProcess } from '../local-cluster/apiserver-process.ts';
import { kubectlFor, type Kubectl } from './kubectl.ts';
import { external } from './platform.ts';

const FILES = ['traffic', 'shutdown', 'zones', 'services', 'topology'].map((name) =>
  join(import.meta.dirname, `${name}.test.ts`),
);
const DEADLINE_MS = 120_000;
/** A file that hangs is ended and named, with what it printed, while this test can still show it. */
const FILE_DEADLINE_MS = 60_000;

let stateDir: string;
let server: ApiServerProcess;
let kubectl: Kubectl;
before(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'outrigger-external-'));
  const kubeconfig = join(stateDir, 'kubeconfig');
  server = await ApiServerProcess.start({
    // Any block of addresses: each file that runs against this server claims the first that is free.
    ...{ bind: '127.0.0.1', port: 0, podPrefix: '127.1.', token: 'external', kubeconfig },
    ...{ stateDir: join(stateDir, 'apiserver'), logFile: join(stateDir, 'apiserver.log') },
    auditLog: join(stateDir, 'audit.jsonl'),
  });
  kubectl = await kubectlFor(kubeconfig, 'default', stateDir);
});
after(async () => {
  await server.stop();
  await rm(stateDir, { recursive: true });
});

test(
  'the suite runs against an API server that KUBECONFIG names, and leaves nothing there',
  { timeout: DEADLINE_MS, skip: external.ownCluster },
  async () => {
    const names = async (...kinds: string[]) => (await kubectl(['get', kinds.join(), '--all-namespaces', '--output=name'])).out;
    const before = await names('crd', 'namespaces', 'nodes');
    const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
    const env = {
      ...inherited,
      OUTRIGGER_TEST_CLUSTER: 'external',
      KUBECONFIG: join(stateDir, 'kubeconfig'),
    };
    const args = ['--test', '--test-concurrency=1', '--test-reporter=tap', `--test-timeout=${FILE_DEADLINE_MS}`, ...FILES];
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, { env, maxBuffer: 2 ** 26 }, (_error, stdout, stderr) => resolve(stdout + stderr));
    });
    assert.match(output, /^# fail 0$/m, output);
    assert.match(output, /^# cancelled 0$/m, output);
    assert.match(output, /^# skipped 0$/m, output);
    assert.ok(Number(/^# pass (\d+)$/m.exec(output)?.[1]) >= 17, output);
    assert.equal(await names('crd', 'namespaces', 'nodes'), before);
    assert.equal(await names('pods', 'services', 'endpointslices'), '');
    assert.doesNotMatch(await readFile(join(stateDir, 'apiserver.log'), 'utf8'), /error/i);
  },
);
