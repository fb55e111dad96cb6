/** The kubeconfig with which kubectl, helm and the operator reach this server. */
import fs from 'node:fs';

export interface Access {
  readonly server: string;
  readonly token: string;
  /** PEM to trust; absent for plain HTTP. */
  readonly certificate?: string;
  /** Namespace of commands without one; default `default`. */
  readonly namespace?: string;
}

/** Writes it in one step, readable by its owner only. JSON is valid YAML. */
export function writeKubeconfig(file: string, { server, token, certificate, namespace = 'default' }: Access): void {
  const name = 'outrigger-local';
  // client-node refuses a plain URL unless verification is off.
  const trust =
    certificate === undefined
      ? { 'insecure-skip-tls-verify': true }
      : { 'certificate-authority-data': Buffer.from(certificate).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, ...trust } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
  };
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
}
