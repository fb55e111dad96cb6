/**
 * A backend with a mode of failure that can be set.
 *
 *   node faulty-backend.ts --bind ADDRESS --port N
 *
 * It reads one mode a line on standard input, and prints the same line when the mode is in force:
 *
 *   normal   200 and its address
 *   slow     the same, 200 ms later
 *   hang     connections and requests are accepted, and there is never a response, not even after the mode has changed
 *   half     503 to every second request
 *   reset    the connection is reset in the middle of the response head
 *   refuse   the port is closed, and so are open connections
 */
import { createServer, type ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { isMode, SLOW_MS, type Mode } from './modes.ts';

const { values } = parseArgs({ options: { bind: { type: 'string' }, port: { type: 'string' } } });
const body = `${values.bind}\n`;
let mode: Mode = 'normal';
let served = 0;

const respond = (response: ServerResponse, status: number) => {
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': body.length }).end(body);
};

// Longer than any pause here: the backend never closes an idle connection first.
const server = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
  served += 1;
  if (mode === 'hang') return;
  if (mode === 'reset') response.socket?.write('HTTP/1.1 200 OK\r\ncontent-t', () => response.socket?.resetAndDestroy());
  else if (mode === 'slow') setTimeout(() => respond(response, 200), SLOW_MS);
  else respond(response, mode === 'half' && served % 2 === 0 ? 503 : 200);
});
const listen = () => new Promise<void>((resolve) => server.listen(Number(values.port), values.bind, resolve));

async function setMode(next: Mode): Promise<void> {
  const listened = mode !== 'refuse';
  mode = next;
  if (next === 'refuse' && listened) {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  } else if (next !== 'refuse' && !listened) await listen();
}

await listen();
console.log(mode);
for await (const line of createInterface({ input: process.stdin })) {
  if (!isMode(line)) throw new Error(`no such mode: ${line}`);
  await setMode(line);
  console.log(line);
}
