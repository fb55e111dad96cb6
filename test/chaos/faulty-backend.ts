/**
 * A backend that fails as it is told.
 *
 *   node faulty-backend.ts --bind ADDRESS --port N
 *
 * It takes one mode a line on standard input, and answers with the same line when that is in force:
 *
 *   normal   200 and its address
 *   slow     the same, 200 ms later
 *   hang     connections and requests are accepted and never answered, also not when the mode has changed
 *   half     503 to every second request
 *   reset    the connection is reset in the midst of the response's head
 *   refuse   nobody listens, and open connections are closed
 */
import { createServer, type ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { isMode, SLOW_MS, type Mode } from './modes.ts';

const { values } = parseArgs({ options: { bind: { type: 'string' }, port: { type: 'string' } } });
const body = `${values.bind}\n`;
let mode: Mode = 'normal';
let served = 0;

const answer = (response: ServerResponse, status: number) => {
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': body.length }).end(body);
};

// Longer than any pause here: who closes first is not what is asked.
const server = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
  served += 1;
  if (mode === 'hang') return;
  if (mode === 'reset') response.socket?.write('HTTP/1.1 200 OK\r\ncontent-t', () => response.socket?.resetAndDestroy());
  else if (mode === 'slow') setTimeout(() => answer(response, 200), SLOW_MS);
  else answer(response, mode === 'half' && served % 2 === 0 ? 503 : 200);
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
