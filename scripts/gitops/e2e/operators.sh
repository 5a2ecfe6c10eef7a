#!/usr/bin/env bash
# What the cluster's operators would write: the gateway's status, the Secret of an ExternalSecret, the
# metrics of pods. Their kinds are stand-ins (crds.yaml); the tree is the real one.

secret_is() {
  kubectl -n "$1" create secret generic mistral-secrets --from-literal="apiKey=$2" --dry-run=client -o yaml |
    kubectl -n "$1" apply -f - >/dev/null
}

# The external secret first: its sync wave holds the rest back until it is healthy.
play_operators() {
  local namespace now condition
  now=$(date -u +%FT%TZ)
  condition='"status": "True", "reason": "Fine", "message": "", "observedGeneration": 1, "lastTransitionTime": "'$now'"'
  for namespace in mistral-stream-staging mistral-stream-production; do
    until_true 60 "the external secret of $namespace is there" exists "$namespace" externalsecret mistral-secrets
    secret_is "$namespace" first-key
    status_is "$namespace" externalsecret mistral-secrets "{\"conditions\": [{\"type\": \"Ready\", $condition}]}"
  done
  for namespace in mistral-stream-staging mistral-stream-production; do
    until_true 60 "the route of $namespace is there" exists "$namespace" httproute mistral-stream
    status_is "$namespace" httproute mistral-stream "{\"parents\": [{\"parentRef\": {\"name\": \"public\"}, \"controllerName\": \"e2e\",
      \"conditions\": [{\"type\": \"Accepted\", $condition}, {\"type\": \"ResolvedRefs\", $condition}]}]}"
  done
}

status_is() {
  kubectl -n "$1" patch "$2" "$3" --subresource=status --type=merge -p "{\"status\": $4}" >/dev/null
}

# pod_metrics NAMESPACE CPU: every pod uses that much.
pod_metrics() {
  local pod
  for pod in $(pods "$1"); do
    cat <<YAML
---
apiVersion: metrics.k8s.io/v1beta1
kind: PodMetrics
metadata: {name: $pod, namespace: $1, labels: {app.kubernetes.io/name: mistral-stream, app.kubernetes.io/part-of: mistral-stream}}
timestamp: $(date -u +%FT%TZ)
window: 15s
containers: [{name: mistral-stream, usage: {cpu: $2, memory: 64Mi}}]
YAML
  done | kubectl apply --server-side --force-conflicts -f - >/dev/null
}
