import type { KubernetesObject } from '../../api/kubernetes.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isStatus } from '../../kube/api-error.ts';
import { secretsPath } from '../../kube/api-paths.ts';

export const CERTIFICATE_SECRET = 'outrigger-webhook-certificate';

type Data = Readonly<Record<string, string>>;

/** The Secret as it was read; `data` is plain text. */
export interface Found {
  readonly object: KubernetesObject;
  readonly data: Data;
}

/** The Secret that all replicas share. */
export interface CertificateSecret {
  read(): Promise<Found | undefined>;
  /** False: there is one already. */
  create(data: Data): Promise<boolean>;
  /** False: it is no longer the version that was read. */
  replace(found: Found, data: Data): Promise<boolean>;
}

export function createCertificateSecret(client: Pick<KubeClient, 'call'>, namespace: string): CertificateSecret {
  const path = secretsPath(namespace);
  const one = `${path}/${CERTIFICATE_SECRET}`;
  const unlessStatus = async (status: number, write: Promise<unknown>): Promise<boolean> => {
    try {
      await write;
      return true;
    } catch (error) {
      if (isStatus(error, status)) return false;
      throw error;
    }
  };
  return {
    async read() {
      try {
        const object = await client.call<KubernetesObject & { readonly data?: Data }>({ path: one });
        return { object, data: mapValues(object.data ?? {}, (value) => Buffer.from(value, 'base64').toString('utf8')) };
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    },
    create(data) {
      const metadata = { name: CERTIFICATE_SECRET, namespace };
      const body = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: encode(data) };
      return unlessStatus(409, client.call({ method: 'POST', path, body }));
    },
    replace({ object }, data) {
      // With the version that was read: who has written since then is not written over.
      const body = { ...object, apiVersion: 'v1', kind: 'Secret', data: encode(data) };
      return unlessStatus(409, client.call({ method: 'PUT', path: one, body }));
    },
  };
}

const encode = (data: Data): Data => mapValues(data, (value) => Buffer.from(value, 'utf8').toString('base64'));

function mapValues(data: Data, change: (value: string) => string): Data {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, change(value)]));
}
