/** A small chart with every kind that a chart of ours renders, for tests with the real helm. */
import fs from 'node:fs';
import path from 'node:path';

const labels = '{app: demo}';
const WIDGETS = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org, annotations: {helm.sh/resource-policy: keep}}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
`;
const ACCESS = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: demo}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: demo}
rules: [{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, update]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: demo}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: demo}
subjects: [{kind: ServiceAccount, name: demo, namespace: {{ .Release.Namespace }}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: demo:reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: demo:reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "demo:reader"}
subjects: [{kind: ServiceAccount, name: demo, namespace: {{ .Release.Namespace }}}]
`;
const WORKLOAD = `
apiVersion: v1
kind: ConfigMap
metadata: {name: demo}
data: {colour: {{ .Values.colour }}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: demo}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: ${labels}}
  template:
    metadata: {labels: ${labels}, annotations: {colour: {{ .Values.colour }}}}
    spec:
      serviceAccountName: demo
      terminationGracePeriodSeconds: 2
      containers:
        - name: c
          {{ .Values.imageField }}: outrigger/sample-backend:1
          args: [--bind, $(POD_IP), --linger-ms, "0"]
          env: [{name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: demo}
spec: {selector: ${labels}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: demo}
spec: {minAvailable: 1, selector: {matchLabels: ${labels}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: demo}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: demo}, minReplicas: 1, maxReplicas: 3}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: demo}
spec: {podSelector: {matchLabels: ${labels}}, ingress: [{ports: [{port: 8080, endPort: 8090}]}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: demo}
webhooks:
  - name: {{ .Values.webhook }}
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    objectSelector: {matchLabels: {never: matches}}
    clientConfig: {service: {namespace: {{ .Release.Namespace }}, name: demo, path: /inject}}
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
{{- if .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: demo}
{{- end }}
`;

/** Writes the chart; @returns its folder. */
export function writeChart(parent: string): string {
  const folder = path.join(parent, 'demo-chart');
  fs.mkdirSync(path.join(folder, 'templates'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: demo\nversion: 0.1.0\nkubeVersion: ">=1.29.0-0"\n');
  fs.writeFileSync(
    path.join(folder, 'values.yaml'),
    'colour: red\nreplicas: 1\nwebhook: inject.example.org\nimageField: image\n',
  );
  const templates = { 'crd.yaml': WIDGETS, 'access.yaml': ACCESS, 'workload.yaml': WORKLOAD };
  for (const [name, text] of Object.entries(templates)) fs.writeFileSync(path.join(folder, 'templates', name), text);
  return folder;
}
