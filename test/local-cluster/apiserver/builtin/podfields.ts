/**
 * The fields of pods and pod templates. helm requests strict validation, so a misspelt or misplaced field of a chart must be refused here as
 * by a real server. Checked are the pod, its containers, their probes and both security contexts; deeper fields are kept unchecked.
 */
import { asArray, isObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';

const names = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const POD = names(
  'volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC shareProcessNamespace securityContext imagePullSecrets hostname subdomain affinity schedulerName tolerations hostAliases priorityClassName priority dnsConfig readinessGates runtimeClassName enableServiceLinks preemptionPolicy overhead topologySpreadConstraints setHostnameAsFQDN os hostUsers schedulingGates resourceClaims resources hostnameOverride',
);
const CONTAINER = names(
  'name image command args workingDir ports envFrom env resources resizePolicy restartPolicy restartPolicyRules volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty',
);
const PROBE = names(
  'exec httpGet tcpSocket grpc initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold terminationGracePeriodSeconds',
);
const CONTAINER_SECURITY = names(
  'capabilities privileged seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot readOnlyRootFilesystem allowPrivilegeEscalation procMount seccompProfile appArmorProfile',
);
const POD_SECURITY = names(
  'seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot supplementalGroups supplementalGroupsPolicy fsGroup sysctls fsGroupChangePolicy seccompProfile appArmorProfile seLinuxChangePolicy',
);

/** Removes what is not in the list; @returns the paths. */
export function dropUnknown(value: Json | undefined, known: ReadonlySet<string>, path: string): string[] {
  if (!isObject(value)) return [];
  const unknown = Object.keys(value).filter((name) => !known.has(name));
  for (const name of unknown) delete value[name];
  return unknown.map((name) => `${path}${name}`).sort();
}

/** @param path of the pod's spec, with a dot at its end */
export function dropUnknownOfPod(spec: Json | undefined, path: string): string[] {
  if (!isObject(spec)) return [];
  const containers = ['initContainers', 'containers'].flatMap((list) =>
    asArray(spec[list]).map((container, i) => [container, `${path}${list}[${i}].`] as const),
  );
  return [
    ...dropUnknown(spec, POD, path),
    ...dropUnknown(spec['securityContext'], POD_SECURITY, `${path}securityContext.`),
    ...containers.flatMap(([container, at]) => (isObject(container) ? ofContainer(container, at) : [])),
  ];
}

function ofContainer(container: JsonObject, path: string): string[] {
  return [
    ...dropUnknown(container, CONTAINER, path),
    ...dropUnknown(container['securityContext'], CONTAINER_SECURITY, `${path}securityContext.`),
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((probe) =>
      dropUnknown(container[probe], PROBE, `${path}${probe}.`),
    ),
  ];
}
