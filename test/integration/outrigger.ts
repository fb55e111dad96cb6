/** Outrigger itself, running on a platform: operators and two gateways by their real entry points, as Pods. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError, type Api } from '../local-cluster/api.ts';
import { until } from '../local-cluster/cluster.ts';
import { gatewayPod, operatorPod } from '../local-cluster/manifests.ts';
import { podPath, type RunPod } from './objects.ts';
import type { Platform } from './platform.ts';

const READY_MS = 60_000;
const OBSERVE_PORTS = { gateway: 9901, operator: 9801 } as const;

/** A Pod whose only container is one of our processes, restarted by the pod runner whenever it ends. */
export class Component {
  readonly name: string;
  readonly address: string;
  /** Origin of /healthz, /readyz and /metrics. */
  readonly observe: string;
  readonly #platform: Platform;
  readonly #namespace: string;
  readonly #container: string;

  constructor(platform: Platform, pod: RunPod, kind: 'gateway' | 'operator') {
    this.name = pod.metadata.name;
    this.address = pod.status?.podIP ?? '';
    this.observe = `http://${this.address}:${OBSERVE_PORTS[kind]}`;
    this.#platform = platform;
    this.#namespace = pod.metadata.namespace ?? '';
    this.#container = pod.spec.containers[0]?.name ?? '';
  }

  /** URL of a listener on this component's address. */
  url(port: number, path = '/'): string {
    return `http://${this.address}:${port}${path}`;
  }

  get pid(): number | undefined {
    return this.#platform.pods.pid(this.#namespace, this.name);
  }

  /** Sends a signal to the process. @throws when none is running */
  kill(signal: NodeJS.Signals): void {
    const { pid } = this;
    if (pid === undefined) throw new Error(`${this.name} is not running`);
    process.kill(pid, signal);
  }

  pod(): Promise<RunPod> {
    return this.#platform.api.get<RunPod>(podPath(this.#namespace, this.name));
  }

  /** Waits until the process was restarted and is Ready; `before` is the earlier number of restarts. */
  untilRestarted(before: number): Promise<RunPod> {
    return until(`${this.name} runs again`, READY_MS, async () => {
      const pod = await this.pod();
      return (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) > before && isReady(pod) && pod;
    });
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.observe}/metrics`)).text();
  }

  /** The output of the process, of all its starts. */
  log(): Promise<string> {
    return readFile(join(this.#platform.logs, `${this.#namespace}_${this.name}_${this.#container}.log`), 'utf8');
  }
}

export interface OutriggerOptions {
  /** Those of the two gateways, perhaps others; default: where the platform places them. */
  readonly nodes?: readonly string[];
  /** Names of the operators' pods. */
  readonly operators?: readonly string[];
  readonly operatorArgs?: readonly string[];
}

/** Creates the Pods in the namespace, and waits until they are Ready. */
export async function startOutrigger(platform: Platform, namespace: string, options: OutriggerOptions = {}) {
  const { nodes = [], operators = ['operator'], operatorArgs } = options;
  const [started, first, second] = await Promise.all([
    Promise.all(operators.map((name) => startOperator(platform, namespace, name, operatorArgs))),
    startGateway(platform, namespace, 'gateway-1', nodes[0]),
    startGateway(platform, namespace, 'gateway-2', nodes[1]),
  ]);
  return { operators: started, gateways: [first, second] as const };
}

/** Starts another operator; resolves when it is Ready. */
export function startOperator(
  platform: Platform,
  namespace: string,
  name: string,
  extraArgs: readonly string[] = [],
): Promise<Component> {
  return startPod(platform, namespace, operatorPod(name, platform.kubeconfig, namespace, extraArgs), 'operator');
}

/** Starts another gateway; resolves when it is Ready. */
export function startGateway(platform: Platform, namespace: string, name: string, nodeName?: string): Promise<Component> {
  return startPod(platform, namespace, gatewayPod(name, namespace), 'gateway', nodeName);
}

/** Creates a Pod that the platform runs, and does not wait for it. */
export function placePod(platform: Platform, namespace: string, pod: object, nodeName?: string): Promise<RunPod> {
  const placement = { ...platform.placement, ...(nodeName !== undefined && { nodeName }) };
  return createPod(platform.api, namespace, placed(pod, placement));
}

async function startPod(platform: Platform, namespace: string, pod: object, kind: 'gateway' | 'operator', nodeName?: string) {
  const { metadata } = await placePod(platform, namespace, pod, nodeName);
  const ready = await until(`${metadata.name} is Ready`, READY_MS, async () => {
    const current = await platform.api.get<RunPod>(podPath(namespace, metadata.name));
    return isReady(current) && current;
  });
  return new Component(platform, ready, kind);
}

function placed(pod: object, placement: object): object {
  const { nodeName: _, ...spec } = (pod as { spec: { nodeName?: string } }).spec;
  return { ...pod, spec: { ...spec, ...placement } };
}

/** Retries: a real server refuses Pods in a new namespace until its service account exists. */
export function createPod(api: Api, namespace: string, pod: object): Promise<RunPod> {
  return until('the service account exists', 10_000, () =>
    api.create<RunPod>(podPath(namespace), pod).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 403 && /service ?account/.test(error.message)) return undefined;
      throw error;
    }),
  );
}

function isReady(pod: RunPod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
