/** Load balancers to compare with: each is started with the same backends, and configured for faults as its manual advises. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProxy, type PolicySettings } from '../bench/proxy-process.ts';
import { nginxFrame, startReference, whyUnavailable as whyNoReference } from '../bench/reference-proxy.ts';
import type { Cleanup } from '../bench/cleanup.ts';
import { BACKEND_PORT } from './faulty-backend-process.ts';

export const COMPETITORS = ['ours', 'haproxy', 'nginx'] as const;
export type CompetitorName = (typeof COMPETITORS)[number];

const PORT = 8080;

export interface CompetitorSettings {
  readonly address: string;
  readonly backends: readonly string[];
}

/** A running load balancer, which the cleanup stops. */
export interface Competitor {
  /** `HOST:PORT`. */
  readonly target: string;
  /** Time of the first ejection of a backend, unix ms; undefined where there was none, or it is not known. */
  readonly ejectedAt: () => Promise<number | undefined>;
}

/** Why a competitor cannot run here; undefined when it can. */
export function whyUnavailable(name: CompetitorName): string | undefined {
  if (name === 'ours') return undefined;
  return whyNoReference(name);
}

export async function startCompetitor(
  cleanup: Cleanup,
  name: CompetitorName,
  settings: CompetitorSettings,
  policy: Pick<PolicySettings, 'part' | 'route'>,
): Promise<Competitor> {
  if (name === 'ours') return startOurs(cleanup, settings, policy);
  const target = `${settings.address}:${PORT}`;
  const config = name === 'haproxy' ? () => haproxyConfig(settings) : nginxConfig(settings);
  await startReference(cleanup, name, target, config);
  return { target, ejectedAt: () => Promise.resolve(undefined) };
}

async function startOurs(
  cleanup: Cleanup,
  { address, backends }: CompetitorSettings,
  policy: Pick<PolicySettings, 'part' | 'route'>,
): Promise<Competitor> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-chaos-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const log = join(folder, 'log');
  await startProxy(cleanup, { address, log, port: PORT, backends, backendPort: BACKEND_PORT, ...policy });
  return { target: `${address}:${PORT}`, ejectedAt: () => firstEjection(log) };
}

/** Time of the first ejection in a proxy's log, unix ms. */
export async function firstEjection(log: string): Promise<number | undefined> {
  const line = (await readFile(log, 'utf8')).split('\n').find((text) => text.includes('"endpoint ejected"'));
  return line === undefined ? undefined : Date.parse((JSON.parse(line) as { time: string }).time);
}

const lines = (values: readonly string[], line: (value: string, i: number) => string) => values.map(line).join('\n');

function haproxyConfig({ address, backends }: CompetitorSettings): string {
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

function nginxConfig({ address, backends }: CompetitorSettings): (folder: string) => string {
  const http = `
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
  }`;
  return (folder) => nginxFrame(folder, http);
}
