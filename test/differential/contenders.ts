/** The proxies that are compared, each in front of a recording backend of its own. */
import type { Cleanup } from '../bench/cleanup.ts';
import { nginxFrame, startReference, whyUnavailable } from '../bench/reference-proxy.ts';
import type { ReferenceName } from '../bench/reference-proxy.ts';
import { AddressBlock } from '../local-cluster/pods.ts';
import { endpoint, PASSIVE, startProxy } from '../../proxy/testing.ts';
import { RecordingBackend } from './recording-backend.ts';

/** This proxy, with the engine `http1` of both sides, or with another one of the client's side or of the backend's side. */
export type OwnName = 'http1' | 'node-http' | 'http-proxy';
export type ContenderName = OwnName | ReferenceName;

export interface Contender {
  readonly name: ContenderName;
  readonly host: string;
  readonly port: number;
  readonly backend: RecordingBackend;
}

const PORT = 8080;

/** Why it cannot run here; undefined when it can. */
export function whyMissing(name: ContenderName): string | undefined {
  return name === 'haproxy' || name === 'nginx' ? whyUnavailable(name) : undefined;
}

/** Starts it in front of a backend; the cleanup stops both. */
export async function startContender(cleanup: Cleanup, name: ContenderName): Promise<Contender> {
  const backend = await RecordingBackend.listen();
  cleanup.defer(() => backend.close());
  if (name === 'haproxy' || name === 'nginx') return startPeer(cleanup, name, backend);
  const proxy = await startProxy({
    endpoints: [endpoint(backend.port)],
    retry: { attempts: 0 },
    // What backends of earlier cases did must not matter to later ones.
    part: { healthCheck: { passive: { ...PASSIVE, maxEjectionPercent: 0 } } },
    downstreamEngine: name === 'node-http' ? name : 'http1',
    upstreamEngine: name === 'http-proxy' ? name : 'http1',
  });
  cleanup.defer(() => proxy.close());
  return { name, host: '127.0.0.1', port: proxy.port, backend };
}

async function startPeer(cleanup: Cleanup, name: ReferenceName, backend: RecordingBackend): Promise<Contender> {
  const addresses = await AddressBlock.claim(undefined);
  cleanup.defer(() => addresses.release());
  const host = addresses.take();
  const target = `${host}:${PORT}`;
  const config = name === 'haproxy' ? () => haproxyConfig(target, backend.port) : nginxConfig(target, backend.port);
  await startReference(cleanup, name, target, config);
  await backend.settle();
  return { name, host, port: PORT, backend };
}

/** No retries, since a case is one attempt; otherwise the defaults, and time limits that no case reaches. */
function haproxyConfig(target: string, backendPort: number): string {
  return `
global
  nbthread 1
  maxconn 100
defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
  retries 0
  option forwardfor
  http-reuse always
listen service
  bind ${target}
  server s0 127.0.0.1:${backendPort}
`;
}

/** Streams bodies both ways and forwards upgrades, as the others do; otherwise the defaults. */
function nginxConfig(target: string, backendPort: number): (folder: string) => string {
  const http = `
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream service {
    server 127.0.0.1:${backendPort};
    keepalive 4;
  }
  server {
    listen ${target};
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_next_upstream off;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }`;
  return (folder) => nginxFrame(folder, http);
}
