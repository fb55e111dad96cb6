/** Calls a webhook over TLS: at its URL or, since a Service has no address here, at a ready endpoint of its Service. */
import { request } from 'node:https';
import { isIP } from 'node:net';
import { asArray, asObject, asString, at } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Store } from '../store.ts';
import type { Webhook } from './webhooks.ts';

/** Bytes of an answer, at most. */
const MOST = 3 * 1024 * 1024;

interface Place {
  readonly url: URL;
  /** Where to connect to; default: the URL's host. */
  readonly host: string;
  readonly port: number;
}

/** @throws Error with the reason why there is no readable answer */
export async function ask(store: Store, webhook: Webhook, review: JsonObject): Promise<Json> {
  const { url, host, port } = placeOf(store, webhook);
  const { timeoutSeconds, clientConfig } = webhook;
  const ca = asString(clientConfig['caBundle']);
  const body = JSON.stringify(review);
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const { promise, resolve, reject } = Promise.withResolvers<Json>();
  const outgoing = request({
    ...{ method: 'POST', host, port, path: `${url.pathname}${url.search}`, agent: false },
    ...(isIP(name) ? {} : { servername: name }),
    ...(ca === '' ? {} : { ca: Buffer.from(ca, 'base64').toString() }),
    headers: {
      ...{ host: url.host, 'user-agent': 'kube-apiserver-admission', accept: 'application/json, */*' },
      ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    },
  });
  const timer = setTimeout(() => outgoing.destroy(new Error('context deadline exceeded')), timeoutSeconds * 1000);
  outgoing.on('error', (error) => reject(new Error(`Post "${url.href}": ${error.message}`)));
  outgoing.on('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MOST) outgoing.destroy(new Error(`the answer is longer than ${MOST} bytes`));
    });
    response.on('error', reject);
    response.on('end', () => {
      const { statusCode = 0 } = response;
      const text = Buffer.concat(chunks).toString();
      if (statusCode < 200 || statusCode > 299) reject(new Error(`the server answered with status ${statusCode}`));
      else resolve(parsed(text));
    });
  });
  outgoing.end(body);
  return promise.finally(() => clearTimeout(timer));
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null; // not JSON, so no AdmissionReview
  }
}

function placeOf(store: Store, { clientConfig, timeoutSeconds }: Webhook): Place {
  const { url: text, service } = clientConfig;
  if (typeof text === 'string') {
    const url = new URL(text);
    url.searchParams.set('timeout', `${timeoutSeconds}s`);
    return { url, host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 443) };
  }
  const { name, namespace, path = '/', port } = asObject(service);
  const number = Number(port ?? 443);
  const url = new URL(asString(path), `https://${asString(name)}.${asString(namespace)}.svc:${number}`);
  url.searchParams.set('timeout', `${timeoutSeconds}s`);
  return { url, ...endpointOf(store, asString(namespace), asString(name), number) };
}

/** The first ready endpoint. @throws Error where there is none */
function endpointOf(store: Store, namespace: string, name: string, port: number): Pick<Place, 'host' | 'port'> {
  const service = store.get('/services', `${namespace}/${name}`);
  if (service === undefined) throw new Error(`service "${name}" not found`);
  const wanted = asArray(at(service, 'spec', 'ports')).find((one) => at(one, 'port') === port);
  if (wanted === undefined) throw new Error(`no service port ${port} found for service "${name}"`);
  const slices = store
    .list('discovery.k8s.io/endpointslices', namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);
  for (const slice of slices) {
    const number = asArray(slice['ports']).find((one) => asString(at(one, 'name')) === asString(at(wanted, 'name')));
    const ready = asArray(slice['endpoints']).find((one) => at(one, 'conditions', 'ready') !== false);
    const [host] = asArray(at(ready, 'addresses'));
    if (typeof host === 'string' && number !== undefined) return { host, port: Number(at(number, 'port')) };
  }
  throw new Error(`no endpoints available for service "${name}"`);
}
