/** Load balancers to stand beside: each started over the same backends, configured for faults as its manual advises. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../bench/child.ts';
import { startProxy, type PolicySettings } from '../bench/proxy-process.ts';
import type { Scope } from '../bench/cleanup.ts';
import { BACKEND_PORT } from './faulty.ts';

export const NAMES = ['ours', 'haproxy', 'nginx'] as const;
export type Name = (typeof NAMES)[number];

const PORT = 8080;

export interface Place {
  readonly address: string;
  readonly backends: readonly string[];
}

/** A running one, until its scope ends. */
export interface Contender {
  /** `HOST:PORT`. */
  readonly target: string;
  /** When it first ejected a backend, unix ms; undefined where it has not, or does not say. */
  readonly ejectedAt: () => Promise<number | undefined>;
}

/** Why a contender can not run here; undefined: it can. */
export function problemWith(name: Name): string | undefined {
  if (name === 'ours') return undefined;
  return spawnSync(name, ['-v'], { stdio: 'ignore' }).error && `${name} is not installed (apt-get install ${name})`;
}

export async function startContender(
  scope: Scope,
  name: Name,
  place: Place,
  policy: Pick<PolicySettings, 'part' | 'route'>,
): Promise<Contender> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-chaos-'));
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  if (name === 'ours') return startOurs(scope, folder, place, policy);
  const target = `${place.address}:${PORT}`;
  const config = join(folder, 'config');
  await writeFile(config, name === 'haproxy' ? haproxyConfig(place) : nginxConfig(place, folder));
  const args = name === 'haproxy' ? ['-db', '-f', config] : ['-p', folder, '-c', config, '-e', 'error.log'];
  const log = join(folder, 'log');
  const answers = async () => (await fetch(`http://${target}/`)).ok;
  await startServer(scope, { program: name, args, place: 'test', log }, answers).catch(async (error: unknown) => {
    throw new Error(`${name}: ${await readFile(log, 'utf8')}`, { cause: error });
  });
  return { target, ejectedAt: () => Promise.resolve(undefined) };
}

async function startOurs(
  scope: Scope,
  folder: string,
  { address, backends }: Place,
  policy: Pick<PolicySettings, 'part' | 'route'>,
): Promise<Contender> {
  const log = join(folder, 'log');
  await startProxy(scope, { address, log, port: PORT, backends, backendPort: BACKEND_PORT, ...policy });
  return { target: `${address}:${PORT}`, ejectedAt: () => firstEjection(log) };
}

/** From a proxy's log, unix ms. */
export async function firstEjection(log: string): Promise<number | undefined> {
  const line = (await readFile(log, 'utf8')).split('\n').find((text) => text.includes('"endpoint ejected"'));
  return line === undefined ? undefined : Date.parse((JSON.parse(line) as { time: string }).time);
}

const lines = (values: readonly string[], line: (value: string, i: number) => string) => values.map(line).join('\n');

function haproxyConfig({ address, backends }: Place): string {
  return `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 5s
  timeout queue 5s
  timeout check 1s
  timeout http-keep-alive 60s
  retries 3
  retry-on all-retryable-errors
  option redispatch 1
listen service
  bind ${address}:${PORT}
  balance leastconn
  option httpchk GET /
  default-server check inter 1s fall 3 rise 2 observe layer7 error-limit 10 on-error mark-down
${lines(backends, (backend, i) => `  server s${i} ${backend}:${BACKEND_PORT}`)}
`;
}

function nginxConfig({ address, backends }: Place, folder: string): string {
  return `
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log crit;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000;
  upstream service {
    least_conn;
${lines(backends, (backend) => `    server ${backend}:${BACKEND_PORT} max_fails=3 fail_timeout=10s;`)}
    keepalive 64;
  }
  server {
    listen ${address}:${PORT};
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_connect_timeout 1s;
      proxy_read_timeout 5s;
      proxy_next_upstream error timeout http_503;
    }
  }
}
`;
}
