/** A chart as an application's: a Deployment, its Service, and a policy for it, all named after the release. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const VALUES = 'replicas: 1\nidle: false\nport: 8080\n';
const WORKLOAD = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }} }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: app
          image: outrigger/sample-backend:1
          args: [--bind, $(POD_IP), --linger-ms, "0"]
          env: [{ name: POD_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }]
          ports: [{ name: http, containerPort: 8080 }]
          readinessProbe: { httpGet: { path: /healthz, port: http }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: {{ .Release.Name }} }
spec: { selector: { app: {{ .Release.Name }} }, ports: [{ name: http, port: 80, targetPort: http }] }
`;
const POLICY = `
apiVersion: outrigger.dev/v1alpha1
kind: LoadBalancerPolicy
metadata:
  name: {{ .Release.Name }}
  {{- if .Values.idle }}
  annotations: { outrigger.dev/idle: "true" }
  {{- end }}
spec: { listener: { port: {{ .Values.port }} }, backendRefs: [{ name: {{ .Release.Name }}, port: 80 }] }
`;

/** Writes the chart; @returns its folder. */
export async function writeAppChart(parent: string): Promise<string> {
  const chart = join(parent, 'app');
  await mkdir(join(chart, 'templates'), { recursive: true });
  await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: app\nversion: 0.1.0\n');
  await writeFile(join(chart, 'values.yaml'), VALUES);
  await writeFile(join(chart, 'templates/workload.yaml'), WORKLOAD);
  await writeFile(join(chart, 'templates/policy.yaml'), POLICY);
  return chart;
}
