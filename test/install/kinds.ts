/** Types of the kinds that the chart renders, with the members that tests read. */

export interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: { readonly requests?: object; readonly limits?: object };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: {
    readonly runAsNonRoot: boolean;
    readonly runAsUser: number;
    readonly seccompProfile: { readonly type: string };
  };
  readonly containers: readonly [Container];
  readonly volumes: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[];
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string; readonly labelSelector: Selector }[];
}

export interface Deployment {
  readonly spec: {
    readonly replicas?: number;
    readonly strategy?: { readonly rollingUpdate: { readonly maxUnavailable: number; readonly maxSurge: number | string } };
    readonly selector: Selector;
    readonly template: {
      readonly metadata: {
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
      };
      readonly spec: PodSpec;
    };
  };
}

/** A pod that serves nothing and mounts nothing. */
export type JobPodSpec = Omit<PodSpec, 'containers' | 'volumes'> & {
  readonly restartPolicy: string;
  readonly imagePullSecrets?: readonly object[];
  readonly nodeSelector?: object;
  readonly tolerations?: readonly object[];
  readonly priorityClassName?: string;
  readonly affinity?: object;
  readonly volumes?: undefined;
  readonly containers: readonly [
    Pick<Container, 'name' | 'image' | 'args' | 'env' | 'resources' | 'securityContext'> & { readonly ports?: undefined },
  ];
};

export interface Job {
  readonly spec: {
    readonly backoffLimit: number;
    readonly activeDeadlineSeconds: number;
    readonly template: {
      readonly metadata: {
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
      };
      readonly spec: JobPodSpec;
    };
  };
}

export interface Webhooks {
  readonly webhooks: readonly [
    {
      readonly clientConfig: {
        readonly caBundle?: string;
        readonly service: { readonly name: string; readonly namespace: string };
      };
      readonly objectSelector: Selector;
      readonly namespaceSelector: {
        readonly matchExpressions: readonly {
          readonly key: string;
          readonly operator: string;
          readonly values: readonly string[];
        }[];
      };
      readonly reinvocationPolicy: string;
      readonly sideEffects: string;
      readonly timeoutSeconds: number;
      readonly failurePolicy: string;
    },
  ];
}

export interface NetworkPolicy {
  readonly spec: {
    readonly podSelector: Selector;
    readonly ingress: readonly {
      readonly ports: readonly { readonly port: number; readonly endPort?: number }[];
      readonly from?: readonly { readonly podSelector?: Selector }[];
    }[];
  };
}

export interface Rules {
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
}
