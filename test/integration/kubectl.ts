/** The real kubectl, as a user would type it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureKubectl } from '../../scripts/tools.ts';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `kubectl ARGS…`, with `input` (YAML or JSON text) on its standard input. Never throws for what kubectl refuses. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<Said>;

/** A kubectl of this server and namespace, whose caches are in `folder`. */
export async function kubectlFor(kubeconfig: string, namespace: string, folder: string): Promise<Kubectl> {
  const file = await ensureKubectl();
  const always = ['--kubeconfig', kubeconfig, '--namespace', namespace, '--cache-dir', join(folder, 'kubectl')];
  return (args, input = '') =>
    new Promise((resolve, reject) => {
      const child = spawn(file, [...always, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
      const [out, err]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
      child.on('error', reject);
      child.on('close', (code) => {
        resolve({ code: code ?? 1, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() });
      });
      child.stdin.on('error', () => undefined).end(input);
    });
}
