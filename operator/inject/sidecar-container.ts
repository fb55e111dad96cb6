/** The sidecar container, and the volume and annotation that are added with it. */
import { PROXY_CONTAINER } from '../api/labels.ts';
import { CONTROL_PORT, OBSERVE_PORT } from '../../proxy/snapshot/ports.ts';
import type { SidecarConfig } from './sidecar-config.ts';

/** Volume for the last good snapshot, with which a restarted container starts. */
export const STATE_VOLUME = 'outrigger-state';
const STATE_FOLDER = '/var/lib/outrigger';
/** Room for two of the largest snapshots: one is kept while another is written. */
const STATE_LIMIT = '256Mi';

/** User and group of the proxy, whatever those of the application are. */
const USER = 65532;

/** Everything that injection adds to a Pod. */
export interface Sidecar {
  readonly container: object;
  readonly volume: object;
  /** Value of the annotation that tells people what was added. */
  readonly summary: string;
}

/** @param trustedKeys of the operator, in base64url */
export function createSidecar(config: SidecarConfig, trustedKeys: readonly string[]): Sidecar {
  const { image } = config;
  return {
    container: containerOf(config, trustedKeys),
    volume: { name: STATE_VOLUME, emptyDir: { sizeLimit: STATE_LIMIT } },
    summary: JSON.stringify({ initContainer: PROXY_CONTAINER, volume: STATE_VOLUME, image }),
  };
}

function containerOf(config: SidecarConfig, trustedKeys: readonly string[]): object {
  const { image, imagePullPolicy, resources, logLevel, extraArgs } = config;
  return {
    name: PROXY_CONTAINER,
    image,
    ...(imagePullPolicy && { imagePullPolicy }),
    // This makes it a sidecar: it starts before the application, ends after it, and does not keep a Job from ending.
    restartPolicy: 'Always',
    // It is stopped after the application has ended, so there is nothing to drain.
    args: ['--mode', 'sidecar', '--drain-delay', '0s', '--drain-timeout', '5s', '--log-level', logLevel, ...extraArgs],
    env: [
      fromField('POD_IP', 'status.podIP'),
      fromField('OUTRIGGER_POD_UID', 'metadata.uid'),
      fromField('OUTRIGGER_POD_NAME', 'metadata.name'),
      { name: 'OUTRIGGER_TRUSTED_KEYS', value: trustedKeys.join(',') },
    ],
    ports: [
      { name: 'outrigger-ctl', containerPort: CONTROL_PORT, protocol: 'TCP' },
      { name: 'outrigger-obs', containerPort: OBSERVE_PORT, protocol: 'TCP' },
    ],
    ...PROBES,
    ...(resources && { resources }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [{ name: STATE_VOLUME, mountPath: STATE_FOLDER }],
  };
}

const probe = (path: string): object => ({ httpGet: { path, port: OBSERVE_PORT } });

const PROBES = {
  // The application's containers start when this succeeds: with the first snapshot, so an absent operator delays them.
  startupProbe: { ...probe('/readyz'), periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 3600 },
  readinessProbe: { ...probe('/readyz'), periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 3 },
  livenessProbe: { ...probe('/healthz'), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
};

function fromField(name: string, fieldPath: string): object {
  return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } };
}
