{{/* Labels of every object; `include "outrigger.labels" (list $ "operator")`, the component may be "". */}}
{{- define "outrigger.labels" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: outrigger
{{ include "outrigger.selector" $component }}
{{- end -}}

{{/* Labels that select the pods of a component. They never change: a Deployment's selector is immutable. */}}
{{- define "outrigger.selector" -}}
app.kubernetes.io/name: outrigger
{{- with . }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{/* Labels of a pod, which take precedence over the user's. No version: an upgrade replaces only pods that it changes. */}}
{{- define "outrigger.podLabels" -}}
{{- $own := include "outrigger.selector" (index . 0) | fromYaml -}}
{{- toYaml (merge (dict "app.kubernetes.io/part-of" "outrigger") $own (index . 1)) -}}
{{- end -}}

{{/* Labels of an object that users may add to; `include "outrigger.labelsAnd" (list $ .Values.monitoring.podMonitor.labels)`. */}}
{{- define "outrigger.labelsAnd" -}}
{{- $own := include "outrigger.labels" (list (index . 0) "") | fromYaml -}}
{{- toYaml (merge $own (index . 1)) -}}
{{- end -}}

{{/* An image; `include "outrigger.image" (list $ .Values.images.proxy)`. */}}
{{- define "outrigger.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default $root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* What the restricted Pod Security Standard requires of a pod, and of a container. */}}
{{- define "outrigger.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end -}}
{{- define "outrigger.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Where a pod may run: values that are copied into the pod unchanged. */}}
{{- define "outrigger.placement" -}}
{{- $placement := dict -}}
{{- range $key := list "nodeSelector" "tolerations" "priorityClassName" -}}
{{- with index $ $key }}{{ $_ := set $placement $key . }}{{ end -}}
{{- end -}}
{{- with $placement }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{/* An environment variable from a field of the pod; `include "outrigger.field" (list "POD_IP" "status.podIP")`. */}}
{{- define "outrigger.field" -}}
- name: {{ index . 0 }}
  valueFrom: { fieldRef: { fieldPath: {{ index . 1 }} } }
{{- end -}}

{{/* Annotations of what runs before an uninstallation, in the order of the weights. It exists only then, and before a next try. */}}
{{- define "outrigger.uninstallHook" -}}
helm.sh/hook: pre-delete
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end -}}
