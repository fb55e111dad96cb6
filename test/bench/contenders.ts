/** Proxies that are measured side by side over the same backends: a bare http-proxy-3, HAProxy and nginx. */
import { AddressBlock } from '../local-cluster/pods.ts';
import { startServer } from './child.ts';
import type { Cleanup } from './cleanup.ts';
import { nginxFrame, startReference } from './reference-proxy.ts';
import type { ReferenceName } from './reference-proxy.ts';

export const PORT = 8080;
const BACKENDS = 2;

export interface Contender {
  readonly pid: number;
  /** `HOST:PORT`. */
  readonly target: string;
}

/** Backends, and addresses for the proxies in front of them. */
export interface Site {
  readonly addresses: AddressBlock;
  readonly backends: readonly string[];
}

/** Each backend is a process. `slow`: the first one responds 200 ms later than the others. */
export async function startBackends(cleanup: Cleanup, count = BACKENDS, { slow = false } = {}): Promise<Site> {
  const addresses = await AddressBlock.claim(process.env['OUTRIGGER_TEST_POD_PREFIX']);
  cleanup.defer(() => addresses.release());
  const backends = Array.from({ length: count }, () => addresses.take());
  for (const [i, backend] of backends.entries()) {
    const args = ['--port', String(PORT), '--bind', backend, ...(slow && i === 0 ? ['--slow', backend] : [])];
    await startServer(cleanup, { program: 'test/bench/backend.ts', args, cpu: 'shared' }, () => answers(backend));
  }
  return { addresses, backends };
}

/** Starts a program of this folder that is compared with: `bare-proxy.ts` or `splice.ts`. */
export async function startPlain(
  cleanup: Cleanup,
  name: 'bare-proxy' | 'splice',
  address: string,
  backends: readonly string[],
): Promise<Contender> {
  const args = [
    ...['--bind', address, '--port', String(PORT)],
    ...backends.flatMap((backend) => ['--backend', `${backend}:${PORT}`]),
  ];
  const program = `test/bench/${name}.ts`;
  const { pid } = await startServer(cleanup, { program, args, cpu: 'tested' }, () => answers(address));
  return { pid, target: `${address}:${PORT}` };
}

/** Strategies of HAProxy, by its own name. */
export type HaproxyBalance = 'roundrobin' | 'leastconn';

/** Active checks, retries and X-Forwarded-For, in one thread, as the proxy does it; round robin, unless HAProxy has another `balance`. */
export async function startContender(
  cleanup: Cleanup,
  name: ReferenceName,
  address: string,
  backends: readonly string[],
  balance: HaproxyBalance = 'roundrobin',
): Promise<Contender> {
  const target = `${address}:${PORT}`;
  const config = name === 'haproxy' ? () => haproxyConfig(target, backends, balance) : nginxConfig(target, backends);
  const { pid } = await startReference(cleanup, name, target, config);
  return { pid, target };
}

async function answers(address: string): Promise<boolean> {
  return (await fetch(`http://${address}:${PORT}/`)).ok;
}

function haproxyConfig(target: string, backends: readonly string[], balance: HaproxyBalance): string {
  return `
global
  nbthread 1
  no strict-limits
  maxconn 11000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
  retries 2
  retry-on conn-failure empty-response 502 503 504
  option redispatch 1
  option forwardfor
  option http-keep-alive
  http-reuse always
listen service
  bind ${target}
  balance ${balance}
  option httpchk GET /
  default-server check inter 3s
${backends.map((backend, i) => `  server s${i} ${backend}:${PORT}`).join('\n')}
`;
}

function nginxConfig(target: string, backends: readonly string[]): (folder: string) => string {
  const http = `
  keepalive_requests 100000000;
  upstream service {
${backends.map((backend) => `    server ${backend}:${PORT};`).join('\n')}
    keepalive 1024;
    keepalive_requests 100000000;
  }
  server {
    listen ${target};
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }`;
  return (folder) => nginxFrame(folder, http);
}
