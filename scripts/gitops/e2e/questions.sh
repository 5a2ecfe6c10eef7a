#!/usr/bin/env bash
# What the steps ask of git, Argo CD and the cluster.

# Namespaces, for the steps.
export DEV=mistral-stream-dev
export STAGING=mistral-stream-staging

git_head() { git -C "$WORK" rev-parse HEAD; }

# What a git server's webhook would tell Argo CD about dev, which polls otherwise.
notify() { kubectl -n argocd annotate application mistral-stream-dev argocd.argoproj.io/refresh=normal --overwrite >/dev/null; }

# commit MESSAGE: everything in the work tree, pushed.
commit() {
  git -C "$WORK" add --all
  git -C "$WORK" commit --quiet -m "$1"
  git -C "$WORK" push --quiet origin main
}

application() { kubectl -n argocd get application "mistral-stream-$1" -o jsonpath="$2"; }

# synced ENVIRONMENT: in step with git's head, and healthy.
synced() {
  [[ $(application "$1" '{.status.sync.status} {.status.health.status} {.status.sync.revision}') == "Synced Healthy $(git_head)" ]]
}

all_synced() { synced dev && synced staging && synced production && [[ $(application root '{.status.sync.status}') == Synced ]]; }

exists() { kubectl -n "$1" get "$2" "$3" >/dev/null 2>&1; }
gone() { ! exists "$@"; }

deployment() { kubectl -n "mistral-stream-$1" get deployment mistral-stream -o jsonpath="$2"; }
image_is() { [[ $(deployment "$1" '{.spec.template.spec.containers[0].image}') == "$2" ]]; }

# rolled ENVIRONMENT: as many pods as asked for, all new and available, and the controller has seen it.
rolled() {
  [[ $(deployment "$1" '{.status.observedGeneration} {.status.updatedReplicas} {.status.availableReplicas} {.status.replicas}') == \
    "$(deployment "$1" '{.metadata.generation} {.spec.replicas} {.spec.replicas} {.spec.replicas}')" ]]
}

# Names of running pods that are not on their way out.
pods() {
  kubectl -n "$1" get pods -l app.kubernetes.io/name=mistral-stream \
    -o go-template='{{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{end}}{{end}}'
}

# leads_to NAMESPACE POD...: the Service leads to these pods alone. One on its way out is still a
# ready endpoint for a moment after the Deployment counts as rolled.
leads_to() {
  local ready wanted
  ready=$(kubectl -n "$1" get endpointslices -l kubernetes.io/service-name=mistral-stream \
    -o go-template='{{range .items}}{{range .endpoints}}{{if .conditions.ready}}{{.targetRef.name}}{{"\n"}}{{end}}{{end}}{{end}}' | sort -u)
  wanted=$(printf '%s\n' "${@:2}" | sort -u)
  [[ $ready == "$wanted" ]]
}

service_address() { kubectl -n "$1" get service mistral-stream -o jsonpath='{.spec.clusterIP}'; }

# answers NAMESPACE KEY STATUS: what every pod says to a client with that key, each asked by itself,
# because the Service may lead to the same one again and again.
answers() {
  local address
  for address in $(kubectl -n "$1" get pods -l app.kubernetes.io/name=mistral-stream -o jsonpath='{.items[*].status.podIP}'); do
    [[ $(curl -s -m 20 -o /dev/null -w '%{http_code}' -H "authorization: Bearer $2" "http://$address:8080/v1/usage") == "$3" ]] || return 1
  done
}

# Restarts and names of pods, which must be the same before and after what rolls nothing.
identity() {
  kubectl -n "$1" get pods -l app.kubernetes.io/name=mistral-stream \
    -o jsonpath='{range .items[*]}{.metadata.uid} {.status.containerStatuses[0].restartCount}{"\n"}{end}' | sort
}
