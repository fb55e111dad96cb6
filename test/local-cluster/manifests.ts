/** The objects of `npm start`: what a Helm release and an application create in a real cluster. */
import { PROXY_NODE_FLAGS } from '../../scripts/node-flags.ts';
import { engineArgs } from './engines.ts';
import { NODE_NAME } from './pods.ts';
import { CONTROL_PORT, OBSERVE_PORT as PROXY_OBSERVE_PORT } from '../../proxy/snapshot/ports.ts';

export const SYSTEM_NAMESPACE = 'outrigger-system';
const OPERATOR_OBSERVE_PORT = 9801;
const BACKEND_PORT = 8080;

interface PodParts {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly container: object;
  readonly volumes?: readonly object[];
  readonly graceSeconds: number;
}

const POD_IP = { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } };
const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const readiness = (path: string, port: string) => ({ httpGet: { path, port }, periodSeconds: 1, failureThreshold: 2 });

function pod({ name, namespace, labels, container, volumes = [], graceSeconds }: PodParts): object {
  const spec = { nodeName: NODE_NAME, terminationGracePeriodSeconds: graceSeconds, containers: [container], volumes };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec };
}

/** The operator by its real entry point, on the pod's own address, reading the given kubeconfig. */
export function operatorPod(
  name: string,
  kubeconfig: string,
  namespace = SYSTEM_NAMESPACE,
  extraArgs: readonly string[] = [],
): object {
  const container = {
    name: 'operator',
    image: 'outrigger/operator',
    command: ['node', 'operator/main.ts'],
    args: ['--namespace', namespace, '--kubeconfig', kubeconfig, '--bind', '$(POD_IP)', ...extraArgs],
    env: [POD_IP, field('OUTRIGGER_POD_NAME', 'metadata.name'), field('OUTRIGGER_POD_UID', 'metadata.uid')],
    ports: [{ name: 'observe', containerPort: OPERATOR_OBSERVE_PORT }],
    readinessProbe: readiness('/readyz', 'observe'),
  };
  return pod({ name, namespace, labels: { app: 'outrigger-operator' }, container, graceSeconds: 5 });
}

/** A gateway proxy. Its drain times are short, because the laptop's user is the only client. */
export function gatewayPod(name: string, namespace = SYSTEM_NAMESPACE): object {
  const container = {
    name: 'proxy',
    image: 'outrigger/proxy',
    command: ['node', ...PROXY_NODE_FLAGS, 'proxy/main.ts'],
    args: [
      ...['--mode', 'gateway', '--bind', '$(POD_IP)', '--trust-file', '/etc/outrigger/trust/keys'],
      ...['--state-dir', '/var/lib/outrigger', '--drain-delay', '200ms', '--drain-timeout', '2s'],
      ...engineArgs(),
    ],
    env: [
      POD_IP,
      field('OUTRIGGER_POD_UID', 'metadata.uid'),
      field('OUTRIGGER_POD_NAME', 'metadata.name'),
      field('OUTRIGGER_POD_NAMESPACE', 'metadata.namespace'),
    ],
    ports: [
      { name: 'control', containerPort: CONTROL_PORT },
      { name: 'observe', containerPort: PROXY_OBSERVE_PORT },
    ],
    volumeMounts: [
      { name: 'trust', mountPath: '/etc/outrigger/trust', readOnly: true },
      { name: 'state', mountPath: '/var/lib/outrigger' },
    ],
    readinessProbe: readiness('/readyz', 'observe'),
  };
  const volumes = [
    { name: 'trust', secret: { secretName: 'outrigger-signing-key', items: [{ key: 'keys', path: 'keys' }] } },
    { name: 'state', emptyDir: {} },
  ];
  const labels = { app: 'outrigger-gateway', 'outrigger.dev/proxy': 'gateway' };
  return pod({ name, namespace, labels, container, volumes, graceSeconds: 5 });
}

/** A sample backend, labelled `app: APP`, serving port `http` (8080). */
export function backendPod(name: string, namespace: string, app: string): object {
  const container = {
    name: 'echo',
    image: 'outrigger/sample-backend',
    command: [
      'node',
      'test/local-cluster/sample-backend.ts',
      '--bind',
      '$(POD_IP)',
      '--port',
      String(BACKEND_PORT),
      '--linger-ms',
      '500',
    ],
    env: [POD_IP, field('POD_NAME', 'metadata.name')],
    ports: [{ name: 'http', containerPort: BACKEND_PORT }],
    readinessProbe: readiness('/healthz', 'http'),
  };
  return pod({ name, namespace, labels: { app }, container, graceSeconds: 5 });
}

/** Port 80 of the pods labelled `app: NAME`. */
export function backendService(name: string, namespace: string): object {
  const spec = { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec };
}
