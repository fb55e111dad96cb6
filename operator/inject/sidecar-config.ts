/** What `--sidecar-config` says: one JSON file → one frozen, validated value. Every mistake is named. */
import { readFileSync } from 'node:fs';
import { LOG_LEVELS, type LogLevel } from '../observe/log.ts';

export interface SidecarConfig {
  readonly image: string;
  /** Absent: Kubernetes decides by the image's tag. */
  readonly imagePullPolicy?: PullPolicy;
  /** Of the sidecar's container, as a Pod has them. */
  readonly resources?: Resources;
  readonly logLevel: LogLevel;
  /** Flags of the proxy, after those that every sidecar gets. */
  readonly extraArgs: readonly string[];
  readonly webhook: {
    /** Name of the MutatingWebhookConfiguration that the API server asks us by. */
    readonly configuration: string;
    /** Name of the Service, in the operator's namespace, behind which the webhook is: the certificate is made for it. */
    readonly service: string;
  };
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'] as const;
type PullPolicy = (typeof PULL_POLICIES)[number];
type Resources = Readonly<Partial<Record<'requests' | 'limits', Readonly<Record<string, string>>>>>;

const MEMBERS = ['image', 'imagePullPolicy', 'resources', 'logLevel', 'extraArgs', 'webhook'];
const MAX_ARGS = 64;
const MAX_TEXT = 1024;

/** @returns what is wrong, one sentence each, where the file holds no configuration */
export function readSidecarConfig(file: string): SidecarConfig | { readonly errors: readonly string[] } {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { errors: [code === undefined ? 'the file is not JSON' : `the file can not be read (${code})`] };
  }
  if (!isObject(given)) return { errors: ['it must be a JSON object with the members image and webhook'] };
  const { imagePullPolicy, resources, logLevel = 'info', extraArgs = [] } = given;
  const errors = [...mistakes({ ...given, logLevel, extraArgs })];
  if (errors.length > 0) return { errors };
  const { configuration, service } = given['webhook'] as SidecarConfig['webhook'];
  return Object.freeze({
    image: given['image'] as string,
    ...(imagePullPolicy !== undefined && { imagePullPolicy: imagePullPolicy as PullPolicy }),
    ...(resources !== undefined && { resources: resources as Resources }),
    logLevel: logLevel as LogLevel,
    extraArgs: extraArgs as readonly string[],
    webhook: { configuration, service },
  });
}

type Given = Readonly<Record<string, unknown>>;

function* mistakes(given: Given): Generator<string> {
  yield* unknown(given, MEMBERS, '');
  const { image, imagePullPolicy, logLevel, extraArgs } = given;
  if (typeof image !== 'string' || !/^[^\s]{1,512}$/.test(image))
    yield 'image must be the name of the proxy image, such as outrigger/proxy:0.1.0';
  if (imagePullPolicy !== undefined && !PULL_POLICIES.includes(imagePullPolicy as PullPolicy))
    yield `imagePullPolicy must be one of ${PULL_POLICIES.join(', ')}`;
  if (!LOG_LEVELS.includes(logLevel as LogLevel)) yield `logLevel must be one of ${LOG_LEVELS.join(', ')}`;
  if (!Array.isArray(extraArgs) || extraArgs.length > MAX_ARGS || !extraArgs.every(isText))
    yield `extraArgs must be a list of at most ${MAX_ARGS} flags of the proxy, each a string`;
  yield* wrongResources(given['resources']);
  yield* wrongWebhook(given['webhook']);
}

function* wrongResources(resources: unknown): Generator<string> {
  if (resources === undefined) return;
  if (!isObject(resources)) {
    yield 'resources must be an object with requests and limits';
    return;
  }
  yield* unknown(resources, ['requests', 'limits'], 'resources.');
  for (const member of ['requests', 'limits']) {
    const amounts = resources[member];
    if (amounts === undefined) continue;
    if (!isObject(amounts)) yield `resources.${member} must be an object such as {"cpu": "50m", "memory": "96Mi"}`;
    else if (!Object.values(amounts).every(isAmount))
      yield `resources.${member} must hold amounts as strings, such as "50m" or "96Mi"`;
  }
}

function* wrongWebhook(webhook: unknown): Generator<string> {
  if (!isObject(webhook)) {
    yield 'webhook must be an object with configuration and service';
    return;
  }
  yield* unknown(webhook, ['configuration', 'service'], 'webhook.');
  if (!isText(webhook['configuration']) || !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(webhook['configuration']))
    yield 'webhook.configuration must be the name of a MutatingWebhookConfiguration';
  if (!isText(webhook['service']) || !/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(webhook['service']))
    yield 'webhook.service must be the name of a Service';
}

function* unknown(given: Given, known: readonly string[], prefix: string): Generator<string> {
  for (const name of Object.keys(given))
    if (!known.includes(name))
      yield `${prefix}${name.slice(0, 40)} is not known: there are ${known.map((one) => prefix + one).join(', ')}`;
}

const isObject = (value: unknown): value is Given => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= MAX_TEXT;
const isAmount = (value: unknown): boolean => isText(value) && /^[0-9]+(\.[0-9]+)?([a-zA-Z]{1,2}|[eE][0-9]+)?$/.test(value);
