/**
 * The API server as a process:
 * `main.ts --bind 127.0.0.1 --port 0 --state-dir DIR --token TOKEN [--kubeconfig FILE] [--test-pod-prefix 127.1.0.]
 *  [--tls] [--audit-log FILE] [--history 1000] [--bookmark-interval MILLISECONDS]`
 * prints one line of JSON, `{"url": ...}`, once it listens.
 */
import { parseArgs } from 'node:util';
import { writeKubeconfig } from './kubeconfig.ts';
import { startApiServer } from './server.ts';

const { values } = parseArgs({
  options: {
    bind: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    'state-dir': { type: 'string' },
    token: { type: 'string' },
    kubeconfig: { type: 'string' },
    tls: { type: 'boolean', default: false },
    'test-pod-prefix': { type: 'string', default: '127.1.0.' },
    'audit-log': { type: 'string' },
    history: { type: 'string', default: '1000' },
    'bookmark-interval': { type: 'string', default: '60000' },
  },
});

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || value < least || value > most)
    throw new Error(`--${name} must be a number from ${least} to ${most}`);
  return value;
}

const { token, 'state-dir': stateDir, 'audit-log': auditLog } = values;
if (token === undefined || token === '' || stateDir === undefined) throw new Error('--token and --state-dir are required');

const server = await startApiServer({
  bind: values.bind,
  port: wholeNumber('port', values.port, 0, 65_535),
  stateDir,
  token,
  tls: values.tls,
  ...(auditLog === undefined ? {} : { auditLog }),
  testPodPrefix: values['test-pod-prefix'],
  history: wholeNumber('history', values.history, 1, 1_000_000),
  bookmarkInterval: wholeNumber('bookmark-interval', values['bookmark-interval'], 10, 3_600_000),
});
const { url, certificate } = server;
if (values.kubeconfig !== undefined) {
  writeKubeconfig(values.kubeconfig, { server: url, token, ...(certificate === undefined ? {} : { certificate }) });
}
process.stdout.write(`${JSON.stringify({ url })}\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close());
