import type { KubeConfig } from '@kubernetes/client-node';
import type { RequestOptions as HttpsOptions } from 'node:https';

/** Address of and credentials for the API server at this moment: tokens and certificates change while the operator runs. */
export interface Access {
  /** Base address without a trailing slash; may carry a path (API servers behind a gateway). */
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
  /** HTTP proxy on the way to the API server. */
  readonly proxy: string | undefined;
}

export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface AccessSource {
  /** Called before every request. client-node refreshes token files, OIDC and exec credentials in it. */
  current(): Promise<Access>;
  /** The credentials were refused (401): the next `current` reads everything again. */
  forget(): void;
}

/**
 * Reads server address and credentials through client-node.
 *
 * @param load makes a new KubeConfig; called once, and again after every `forget`.
 */
export function accessFrom(load: () => KubeConfig): AccessSource {
  let config: KubeConfig | undefined;
  let running: Promise<Access> | undefined;
  return {
    // Concurrent calls share one result, so that an exec plugin is not started once per request.
    current: () => (running ??= read((config ??= load())).finally(() => (running = undefined))),
    forget: () => (config = undefined),
  };
}

async function read(config: KubeConfig): Promise<Access> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig names no current cluster');
  if (cluster.proxyUrl?.startsWith('socks')) throw new Error('a SOCKS proxy to the API server is not supported');
  // client-node refuses plain HTTP unless TLS verification is off. On loopback there is nothing to protect the token from.
  if (isLoopbackHttp(cluster.server) && !cluster.skipTLSVerify) Object.assign(cluster, { skipTLSVerify: true });
  const options: HttpsOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = String(value).trim();
  if (options.auth) headers['authorization'] ??= `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return { server: cluster.server.replace(/\/+$/, ''), headers, tls: tlsOf(options), proxy: cluster.proxyUrl };
}

function tlsOf({ ca, cert, key, servername, rejectUnauthorized }: HttpsOptions): TlsMaterial {
  return {
    ...pem('ca', ca),
    ...pem('cert', cert),
    ...pem('key', key),
    ...(servername !== undefined && { servername }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
  };
}

/** client-node gives a Buffer, or text from an exec plugin. */
function pem(name: 'ca' | 'cert' | 'key', value: unknown): TlsMaterial {
  if (Buffer.isBuffer(value)) return { [name]: value.toString('utf8') };
  return typeof value === 'string' ? { [name]: value } : {};
}

function isLoopbackHttp(server: string): boolean {
  const { protocol, hostname } = new URL(server);
  return protocol === 'http:' && (/^127\./.test(hostname) || hostname === 'localhost' || hostname === '[::1]');
}
