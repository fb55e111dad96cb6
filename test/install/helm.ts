/** Renders the chart with the real helm, without a cluster and without the user's configuration. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ensureHelm } from '../../scripts/tools.ts';

export const CHART = join(import.meta.dirname, '../../charts/outrigger');
export const NAMESPACE = 'outrigger-system';

/** Path of helm, or the reason why there is none. */
const helm = await ensureHelm().then(
  (path) => ({ path }),
  (error: Error) => ({ missing: error.message }),
);

/** The reason to skip a test that needs helm; false where helm is available. */
export const whyNoHelm: string | false = 'missing' in helm && helm.missing;

export interface HelmResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `helm ARGS…`, with `input` as standard input. */
export function runHelm(args: readonly string[], input = ''): HelmResult {
  if ('missing' in helm) throw new Error(helm.missing);
  const home = mkdtempSync(join(tmpdir(), 'outrigger-helm-'));
  try {
    const env = { PATH: process.env['PATH'], HOME: home };
    const { status, stdout, stderr } = spawnSync(helm.path, args, { input, env, encoding: 'utf8', timeout: 60_000 });
    return { code: status ?? 1, out: stdout, err: stderr };
  } finally {
    rmSync(home, { recursive: true });
  }
}

export interface Settings {
  readonly release?: string;
  readonly namespace?: string;
  readonly kubeVersion?: string;
  /** Kinds of the cluster in addition to those of Kubernetes. */
  readonly apiVersions?: readonly string[];
  readonly values?: object;
  /** Folder of the chart; default: charts/outrigger. */
  readonly chart?: string;
}

/** Cache: many tests use the same rendering. */
const rendered = new Map<string, HelmResult>();

/** Output of `helm template` as text. */
export function template(settings: Settings = {}): HelmResult {
  const key = JSON.stringify(settings);
  const known = rendered.get(key) ?? run(settings);
  rendered.set(key, known);
  return known;
}

function run(settings: Settings): HelmResult {
  const { release = 'outrigger', namespace = NAMESPACE, kubeVersion, apiVersions = [], values = {}, chart = CHART } = settings;
  const args = ['template', release, chart, '--namespace', namespace, '--values', '-'];
  if (kubeVersion !== undefined) args.push('--kube-version', kubeVersion);
  for (const version of apiVersions) args.push('--api-versions', version);
  return runHelm(args, JSON.stringify(values));
}

/** An object that the chart renders. Tests give the type of its other members, since no type fits all kinds. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

/** Output of `helm template` as objects. @throws Error with helm's message when it fails */
export function render(settings: Settings = {}): readonly Rendered[] {
  const { code, out, err } = template(settings);
  if (code !== 0) throw new Error(err);
  return parseAllDocuments(out)
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);
}

/** The only object of this kind and name. @throws Error unless there is exactly one */
export function find<T extends object = object>(objects: readonly Rendered[], kind: string, name: string): Rendered & T {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  if (found.length !== 1) throw new Error(`${found.length} objects ${kind} ${name}`);
  return found[0] as Rendered & T;
}
