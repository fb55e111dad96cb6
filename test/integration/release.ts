/** A local cluster for the chart, with backends and the real helm and kubectl, and queries of a release in it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBundles } from '../bench/bundles.ts';
import type { ApiObject } from '../local-cluster/api.ts';
import { readCalls, type ServiceAccountCall } from '../local-cluster/calls.ts';
import { startCluster, until, type Cluster } from '../local-cluster/cluster.ts';
import { create } from '../local-cluster/create.ts';
import { engineArgs } from '../local-cluster/engines.ts';
import { backendPod, backendService } from '../local-cluster/manifests.ts';
import { helmFor, previousChart, type Helm } from './helm.ts';
import { kubectlFor, type Kubectl } from './kubectl.ts';
import { namespacePath, podPath, policyPath, servicePath, type Policy, type RunPod } from './objects.ts';

/** Of the release. */
export const SYSTEM = 'outrigger-system';
export const CONDITION_MS = 30_000;
const BIND = '--bind=$(POD_IP)';
/** Everything on one machine, where nothing scales and there is no load balancer. */
export const VALUES = {
  operator: { extraArgs: [BIND, '--key-overlap=1s'] },
  gateway: {
    replicas: 2,
    autoscaling: { enabled: false },
    drainDelaySeconds: 1,
    drainTimeoutSeconds: 5,
    service: { type: 'ClusterIP' },
    extraArgs: [BIND, ...engineArgs()],
  },
  sidecar: { extraArgs: [BIND, ...engineArgs()] },
};
const WEBHOOK_PATH = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/outrigger-sidecar-injector';
export const SECRET_PATH = `${namespacePath(SYSTEM)}/secrets/outrigger-signing-key`;

export type Secret = ApiObject & { readonly data: Readonly<Record<string, string>> };

export class Release {
  readonly cluster: Cluster;
  readonly helm: Helm;
  readonly kubectl: Kubectl;
  /** A folder with the previous chart. */
  readonly previous: string;
  /** Flags of helm that give the values. */
  readonly values: readonly string[];
  readonly #stateDir: string;

  private constructor(stateDir: string, cluster: Cluster, helm: Helm, kubectl: Kubectl, previous: string) {
    this.#stateDir = stateDir;
    this.cluster = cluster;
    this.helm = helm;
    this.kubectl = kubectl;
    this.previous = previous;
    this.values = ['--values', join(stateDir, 'values.json')];
  }

  /** Everything but the release, which the tests install. Pods run the bundles, as in the images. */
  static async prepare(): Promise<Release> {
    ensureBundles();
    const stateDir = await mkdtemp(join(tmpdir(), 'outrigger-helm-'));
    const cluster = await startCluster({ stateDir, bundles: true, crd: false });
    const { api, kubeconfigPath } = cluster;
    const helm = await helmFor(kubeconfigPath, SYSTEM, stateDir);
    const kubectl = await kubectlFor(kubeconfigPath, 'default', stateDir);
    await writeFile(join(stateDir, 'values.json'), JSON.stringify(VALUES));
    await create(api, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } });
    await create(api, backendService('echo', 'default'));
    for (const name of ['echo-1', 'echo-2']) await create(api, backendPod(name, 'default', 'echo'));
    return new Release(stateDir, cluster, helm, kubectl, await previousChart(stateDir));
  }

  async stop(): Promise<void> {
    await this.cluster.stop(0);
    if (process.env['OUTRIGGER_TEST_KEEP'] === '1') console.error(`state and logs are kept in ${this.#stateDir}`);
    else await rm(this.#stateDir, { recursive: true, force: true });
  }

  async podsOf(component: 'operator' | 'gateway'): Promise<readonly RunPod[]> {
    const { items } = await this.cluster.api.get<{ items: readonly RunPod[] }>(podPath(SYSTEM));
    return items.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === component);
  }

  /** UIDs of all of them. */
  async pods(): Promise<ReadonlySet<string>> {
    const pods = [...(await this.podsOf('operator')), ...(await this.podsOf('gateway'))];
    return new Set(pods.map(({ metadata }) => metadata.uid));
  }

  /** Runs kubectl; its error output is the failure message. */
  async must(args: readonly string[], input?: string): Promise<string> {
    const { code, out, err } = await this.kubectl(args, input);
    assert.equal(code, 0, err);
    return out;
  }

  async untilProgrammed(): Promise<void> {
    await until('the policy is programmed', CONDITION_MS, async () => {
      const { metadata, status } = await this.cluster.api.get<Policy>(policyPath('default', 'first-policy'));
      const condition = status?.conditions?.find(({ type }) => type === 'Programmed');
      return condition?.status === 'True' && condition.observedGeneration === metadata.generation;
    });
  }

  async untilServiceIsGone(): Promise<void> {
    await until('the gateways’ Service is gone', CONDITION_MS, async () => {
      return (await this.cluster.api.find(servicePath(SYSTEM, 'outrigger-gateway'))) === undefined;
    });
  }

  /** Keys and certificates, which no upgrade may change; resolves when the operator has written all of them. */
  treasures(): Promise<object> {
    return until('the operator has written its caBundle', CONDITION_MS, async () => {
      const { api } = this.cluster;
      const { data, metadata } = await api.get<Secret>(SECRET_PATH);
      const { webhooks } = await api.get<{ webhooks: readonly { clientConfig: { caBundle?: string } }[] }>(WEBHOOK_PATH);
      const caBundle = webhooks[0]?.clientConfig.caBundle;
      return caBundle !== undefined && { uid: metadata.uid, resourceVersion: metadata.resourceVersion, data, caBundle };
    });
  }

  /** Calls of the release's service accounts to the API server. */
  async calls(): Promise<readonly ServiceAccountCall[]> {
    const calls = await readCalls(this.cluster.auditLog);
    return calls.filter(({ serviceAccount }) => serviceAccount.startsWith(`${SYSTEM}:`));
  }

  async refused(): Promise<readonly ServiceAccountCall[]> {
    return (await this.calls()).filter(({ allowed }) => !allowed);
  }

  /** All flags of all gateways. */
  async flags(): Promise<readonly string[]> {
    return (await this.podsOf('gateway')).flatMap(({ spec }) => spec.containers.flatMap(({ args = [] }) => args));
  }
}
