{{- /* Labels of every object. */ -}}
{{- define "heddle.labels" -}}
linkerd.io/control-plane-component: controller
linkerd.io/control-plane-ns: {{ .Release.Namespace }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Requests and limits from {cpu: {request, limit}, …}. */ -}}
{{- define "heddle.resources" -}}
{{- $requests := dict }}
{{- $limits := dict }}
{{- range $name, $amounts := . }}
{{- with $amounts.request }}{{ $_ := set $requests $name . }}{{ end }}
{{- with $amounts.limit }}{{ $_ := set $limits $name . }}{{ end }}
{{- end }}
{{- with $requests }}
requests:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $limits }}
limits:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* What the controller gives proxies: annotations without their prefix, a line each. */ -}}
{{- define "heddle.proxyDefaults" -}}
{{- $proxy := .Values.proxy }}
{{- $version := $proxy.image.version | default .Chart.AppVersion }}
proxy-image={{ $proxy.image.name }}
proxy-version={{ $version }}
init-image={{ .Values.proxyInit.image.name }}
{{- with .Values.proxyInit.image.version }}
init-image-version={{ . }}
{{- end }}
image-pull-policy={{ $proxy.image.pullPolicy | default .Values.imagePullPolicy }}
proxy-log-level={{ $proxy.logLevel }}
proxy-log-format={{ $proxy.logFormat }}
{{- with $proxy.accessLog }}
access-log={{ . }}
{{- end }}
admin-port={{ $proxy.ports.admin }}
control-port={{ $proxy.ports.control }}
inbound-port={{ $proxy.ports.inbound }}
outbound-port={{ $proxy.ports.outbound }}
proxy-uid={{ $proxy.uid | int }}
{{- if ge ($proxy.gid | int) 1 }}
proxy-gid={{ $proxy.gid | int }}
{{- end }}
{{- range $name, $amounts := $proxy.resources }}
{{- with $amounts.request }}
proxy-{{ $name }}-request={{ . }}
{{- end }}
{{- with $amounts.limit }}
proxy-{{ $name }}-limit={{ . }}
{{- end }}
{{- end }}
default-inbound-policy={{ $proxy.defaultInboundPolicy }}
{{- with $proxy.requireIdentityOnInboundPorts }}
proxy-require-identity-inbound-ports={{ . }}
{{- end }}
opaque-ports={{ $proxy.opaquePorts }}
skip-inbound-ports={{ .Values.proxyInit.ignoreInboundPorts }}
skip-outbound-ports={{ .Values.proxyInit.ignoreOutboundPorts }}
{{- with .Values.proxyInit.skipSubnets }}
skip-subnets={{ . }}
{{- end }}
proxy-outbound-connect-timeout={{ $proxy.outboundConnectTimeout }}
proxy-inbound-connect-timeout={{ $proxy.inboundConnectTimeout }}
proxy-outbound-discovery-cache-unused-timeout={{ $proxy.outboundDiscoveryCacheUnusedTimeout }}
proxy-inbound-discovery-cache-unused-timeout={{ $proxy.inboundDiscoveryCacheUnusedTimeout }}
proxy-disable-outbound-protocol-detect-timeout={{ $proxy.disableOutboundProtocolDetectTimeout }}
proxy-disable-inbound-protocol-detect-timeout={{ $proxy.disableInboundProtocolDetectTimeout }}
enable-external-profiles={{ $proxy.enableExternalProfiles }}
proxy-admin-shutdown={{ $proxy.enableShutdownEndpoint | ternary "enabled" "disabled" }}
proxy-enable-native-sidecar={{ $proxy.nativeSidecar }}
proxy-await={{ $proxy.await | ternary "enabled" "disabled" }}
{{- with $proxy.shutdownGracePeriod }}
shutdown-grace-period={{ . }}
{{- end }}
proxy-metrics-hostname-labels={{ $proxy.metrics.hostnameLabels }}
{{- end -}}

{{- /* A namespace selector that leaves the control plane itself out as well. */ -}}
{{- define "heddle.namespaceSelector" -}}
{{- $own := dict "key" "kubernetes.io/metadata.name" "operator" "NotIn" "values" (list .namespace) }}
{{- $selector := deepCopy .selector }}
{{- $_ := set $selector "matchExpressions" (append ($selector.matchExpressions | default list) $own) }}
{{- toYaml $selector }}
{{- end -}}
