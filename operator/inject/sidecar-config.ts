/** The file of `--sidecar-config`: JSON → one frozen, validated value. */
import { LOG_LEVELS, type LogLevel } from '../observe/log.ts';
import { readJsonFile, type Errors, type JsonFields, type Members } from '../util/json-fields.ts';
import { isDnsSubdomain, isServiceName } from '../util/kubernetes-names.ts';

export interface SidecarConfig {
  readonly image: string;
  /** Absent: Kubernetes decides by the image's tag. */
  readonly imagePullPolicy?: PullPolicy;
  /** Of the sidecar's container, as in a Pod. */
  readonly resources?: Resources;
  readonly logLevel: LogLevel;
  /** Flags of the proxy, after those that every sidecar has. */
  readonly extraArgs: readonly string[];
  readonly webhook: {
    /** Name of the MutatingWebhookConfiguration through which the API server calls the webhook. */
    readonly configuration: string;
    /** Name of the webhook's Service, in the operator's namespace: the certificate is made for it. */
    readonly service: string;
  };
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'] as const;
type PullPolicy = (typeof PULL_POLICIES)[number];
type Resources = Readonly<Partial<Record<'requests' | 'limits', Readonly<Record<string, string>>>>>;

const MEMBERS = ['image', 'imagePullPolicy', 'resources', 'logLevel', 'extraArgs', 'webhook'];
const MAX_ARGS = 64;
/** Characters. */
const MAX_TEXT = 1024;

export const readSidecarConfig = (file: string): SidecarConfig | Errors => readJsonFile(file, readDocument);

function readDocument(document: Members, fields: JsonFields): SidecarConfig {
  const { image, imagePullPolicy, resources, logLevel = 'info', extraArgs = [], webhook } = fields.object('', document, MEMBERS);
  const argAt = (item: unknown, field: string): string =>
    fields.text(field, item, (text) => text.length <= MAX_TEXT, `a flag of the proxy, of at most ${MAX_TEXT} characters`);
  return {
    image: fields.text('image', image, isImage, 'the name of the proxy image, such as outrigger/proxy:0.1.0'),
    ...(imagePullPolicy !== undefined && {
      imagePullPolicy: fields.oneOf('imagePullPolicy', imagePullPolicy, PULL_POLICIES),
    }),
    logLevel: fields.oneOf('logLevel', logLevel, LOG_LEVELS),
    extraArgs: fields.list('extraArgs', extraArgs, argAt, MAX_ARGS),
    ...(resources !== undefined && { resources: readResources(resources, fields) }),
    webhook: readWebhook(webhook, fields),
  };
}

function readResources(value: unknown, fields: JsonFields): Resources {
  const given = fields.object('resources', value, ['requests', 'limits']);
  const amounts = (member: 'requests' | 'limits'): Resources =>
    given[member] === undefined
      ? {}
      : {
          [member]: fields.map(`resources.${member}`, given[member], isAmount, 'an amount as a string, such as "50m" or "96Mi"'),
        };
  return { ...amounts('requests'), ...amounts('limits') };
}

function readWebhook(value: unknown, fields: JsonFields): SidecarConfig['webhook'] {
  const { configuration, service } = fields.object('webhook', value, ['configuration', 'service']);
  return {
    configuration: fields.text(
      'webhook.configuration',
      configuration,
      isDnsSubdomain,
      'the name of a MutatingWebhookConfiguration',
    ),
    service: fields.text('webhook.service', service, isServiceName, 'the name of a Service'),
  };
}

const isImage = (text: string): boolean => /^[^\s]{1,512}$/.test(text);
const isAmount = (text: string): boolean =>
  text.length <= MAX_TEXT && /^[0-9]+(\.[0-9]+)?([a-zA-Z]{1,2}|[eE][0-9]+)?$/.test(text);
