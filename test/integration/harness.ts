/** The base of every integration test: see README.md in this folder. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, type Api, type ApiObject } from '../local-cluster/api.ts';
import { until } from '../local-cluster/cluster.ts';
import { Backend } from './backend.ts';
import { stopLoads } from './client.ts';
import { kubectlFor, type Kubectl } from './kubectl.ts';
import { backendPod, endpointSlice, namespacePath, policy, policyPath, service, servicePath, slicePath } from './objects.ts';
import type { Policy, PolicySpec, Published } from './objects.ts';
import { createPod, startOutrigger, type Component, type OutriggerOptions } from './outrigger.ts';
import { startPlatform, type Platform } from './platform.ts';

/** Generous: the machine may be busy with other things. */
const CONDITION_MS = 30_000;
const GONE_MS = 60_000;

export class Harness {
  readonly platform: Platform;
  readonly api: Api;
  /** Of the tests' objects; created at the start, deleted at the end. */
  readonly namespace: string;
  /** Of the operator and the gateways; created and deleted likewise. */
  readonly systemNamespace: string;
  readonly kubectl: Kubectl;
  /** One, unless the options name several. */
  readonly operators: readonly Component[];
  readonly gateways: readonly [Component, Component];
  /** Names of the Nodes that `start` was given zones for. */
  readonly nodes: readonly string[];
  readonly #stateDir: string;
  readonly #backends: Backend[] = [];

  private constructor(stateDir: string, platform: Platform, namespaces: Namespaces, kubectl: Kubectl, started: Started) {
    this.platform = platform;
    this.api = platform.api;
    this.namespace = namespaces.tests;
    this.systemNamespace = namespaces.system;
    this.kubectl = kubectl;
    this.operators = started.operators;
    this.gateways = started.gateways;
    this.nodes = started.nodes;
    this.#stateDir = stateDir;
  }

  /**
   * A platform with Outrigger running and Ready. Everything that was started is removed when this throws.
   *
   * @param zones one Node in each, with the gateways on the first two; without them, both are on one Node, or none
   * @param options names and flags of operators, where one with default flags is not enough
   */
  static async start(
    zones?: readonly [string, string, ...string[]],
    options: Omit<OutriggerOptions, 'nodes'> = {},
  ): Promise<Harness> {
    const stateDir = await mkdtemp(join(tmpdir(), 'outrigger-integration-'));
    const id = randomBytes(4).toString('hex');
    const nodes = nodeNames(id, zones?.length ?? 0);
    const namespaces: Namespaces = { tests: `outrigger-test-${id}`, system: `outrigger-system-${id}` };
    let platform: Platform | undefined;
    try {
      platform = await startPlatform(stateDir, Object.fromEntries(nodes.map((name, i) => [name, zones?.[i] ?? ''])));
      const { api, kubeconfig } = platform;
      const kubectl = await kubectlFor(kubeconfig, namespaces.tests, stateDir);
      for (const name of [namespaces.tests, namespaces.system]) {
        await api.create(namespacePath(), { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      }
      const started = await startOutrigger(platform, namespaces.system, { ...options, nodes });
      return new Harness(stateDir, platform, namespaces, kubectl, { ...started, nodes });
    } catch (error) {
      if (platform) await clear(platform.api, namespaces).catch(() => undefined);
      await platform?.stop();
      await forget(stateDir);
      throw error;
    }
  }

  /** The only operator, or the first. */
  get operator(): Component {
    return this.operators[0] as Component;
  }

  async stop(): Promise<void> {
    await stopLoads();
    try {
      await clear(this.api, { tests: this.namespace, system: this.systemNamespace });
    } finally {
      await Promise.all(this.#backends.map((backend) => backend.stop()));
      await this.platform.stop();
      await forget(this.#stateDir);
    }
  }

  /** Servers of these names, each with a Pod object that represents it. */
  async backends<N extends readonly string[]>(...names: N): Promise<{ [K in keyof N]: Backend }> {
    const started = names.map(async (name) => {
      const { metadata } = await createPod(this.api, this.namespace, backendPod(name));
      const backend = await Backend.start(name, metadata.uid, this.platform.addresses);
      this.#backends.push(backend);
      return backend;
    });
    return (await Promise.all(started)) as { [K in keyof N]: Backend };
  }

  /**
   * Makes exactly these the endpoints of a Service, which is created if it does not exist. Those that leave have terminated before, as
   * those of a deleted Pod have.
   */
  async publish(name: string, ...endpoints: readonly (Backend | Published)[]): Promise<void> {
    const published = endpoints.map((each) => (each instanceof Backend ? { backend: each } : each));
    const slice = endpointSlice(name, this.namespace, published);
    const path = slicePath(this.namespace, name);
    const present = await this.api.find<ApiObject & Pick<typeof slice, 'endpoints'>>(path);
    if (present === undefined) {
      await this.api.create(servicePath(this.namespace), service(name));
      await this.api.create(slicePath(this.namespace), slice);
      return;
    }
    const stays = new Set(slice.endpoints.map(({ targetRef }) => targetRef.uid));
    const leaving = (present.endpoints ?? [])
      .filter(({ targetRef }) => !stays.has(targetRef.uid))
      .map((endpoint) => ({ ...endpoint, conditions: { ready: false, serving: false, terminating: true } }));
    if (leaving.length > 0) await this.api.patch(path, { endpoints: [...slice.endpoints, ...leaving] });
    await this.api.patch(path, { endpoints: slice.endpoints });
  }

  /** Creates a policy, or gives it another spec. */
  async apply(name: string, spec: PolicySpec): Promise<Policy> {
    const present = await this.api.find<Policy>(policyPath(this.namespace, name));
    return present
      ? this.api.update<Policy>(policyPath(this.namespace, name), { ...present, spec })
      : this.api.create<Policy>(policyPath(this.namespace), policy(name, spec));
  }

  policy(name: string): Promise<Policy> {
    return this.api.get<Policy>(policyPath(this.namespace, name));
  }

  async remove(name: string): Promise<void> {
    await this.api.delete(policyPath(this.namespace, name));
  }

  /** Waits until a condition of the policy's current generation has this status, and this reason where one is given. */
  untilCondition(name: string, type: string, status: 'True' | 'False', reason?: string): Promise<Condition> {
    let seen: unknown;
    return until(`${name} is ${type}=${status}`, CONDITION_MS, async () => {
      const { metadata, status: current } = await this.policy(name);
      const found = current?.conditions?.find((condition) => condition.type === type);
      seen = current?.conditions;
      const matches = found?.status === status && (reason === undefined || found.reason === reason);
      return matches && found.observedGeneration === metadata.generation && found;
    }).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}; last seen: ${JSON.stringify(seen)}`, { cause: error });
    });
  }

  /** Waits until every gateway runs the policy as it is. */
  async untilProgrammed(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.untilCondition(name, 'Programmed', 'True')));
  }

  /** Repeats `check` for each gateway until it returns true; what it throws is reported only after a time-out. */
  async onEachGateway(what: string, check: (gateway: Component) => Promise<boolean>, ms = CONDITION_MS): Promise<void> {
    for (const gateway of this.gateways) {
      let last: unknown;
      await until(`${what} (${gateway.name})`, ms, async () => {
        try {
          return await check(gateway);
        } catch (error) {
          last = error;
          return false;
        }
      }).catch((error: unknown) => {
        throw new Error((error as Error).message, { cause: last });
      });
    }
  }
}

type Condition = NonNullable<NonNullable<Policy['status']>['conditions']>[number];
type Started = Awaited<ReturnType<typeof startOutrigger>> & { readonly nodes: readonly string[] };
interface Namespaces {
  readonly tests: string;
  readonly system: string;
}

/** The operator is deleted last, so that its handling of deleted policies is part of every run. */
async function clear(api: Api, { tests, system }: Namespaces): Promise<void> {
  for (const name of [tests, system]) {
    await api.delete(namespacePath(name)).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
    await until(`namespace ${name} is gone`, GONE_MS, async () => (await api.find(namespacePath(name))) === undefined);
  }
}

/** Unique, since Nodes have no namespace. */
function nodeNames(id: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `outrigger-${id}-${i + 1}`);
}

async function forget(stateDir: string): Promise<void> {
  if (process.env['OUTRIGGER_TEST_KEEP'] === '1') console.error(`state and logs are kept in ${stateDir}`);
  else await rm(stateDir, { recursive: true, force: true });
}
