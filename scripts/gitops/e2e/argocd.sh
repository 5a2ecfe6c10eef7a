#!/usr/bin/env bash
# Argo CD's core: the repository server and the application controller. Neither its API server nor an
# ApplicationSet controller is there, because nothing needs them.

crds_established() {
  kubectl wait --for=condition=Established crd/applications.argoproj.io crd/appprojects.argoproj.io --timeout=5s >/dev/null 2>&1
}

argocd_healthy() {
  curl -fs http://127.0.0.1:18082/healthz >/dev/null 2>&1 && curl -fs 'http://127.0.0.1:18084/healthz?full=true' >/dev/null 2>&1
}

argocd_objects() {
  cat <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
data: {timeout.reconciliation: 5s, timeout.reconciliation.jitter: 0s}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-rbac-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: Secret
metadata: {name: argocd-secret, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
YAML
}

start_argocd() {
  local home=$E2E/argocd part
  mkdir -p "$home"/{tls,ssh,gpg/source,gpg/keys,plugins,bin}
  touch "$home/ssh/ssh_known_hosts"
  chmod 700 "$home/gpg/keys"
  kubectl create namespace argocd >/dev/null
  kubectl apply --server-side -k "$TOOLS/argocd-crds" >/dev/null
  kubectl apply --server-side -f "$HERE/crds.yaml" >/dev/null
  until_true 30 "Argo CD's kinds are there" crds_established
  argocd_objects | kubectl apply -f - >/dev/null
  # One binary, which knows its part by its name.
  for part in argocd-repo-server argocd-application-controller; do ln -s "$TOOLS/argocd" "$home/bin/$part"; done
  export ARGOCD_FAKE_IN_CLUSTER=true ARGOCD_TLS_DATA_PATH=$home/tls ARGOCD_SSH_DATA_PATH=$home/ssh \
    ARGOCD_GNUPGHOME=$home/gpg/keys ARGOCD_GPG_DATA_PATH=$home/gpg/source ARGOCD_GPG_ENABLED=false \
    ARGOCD_PLUGINSOCKFILEPATH=$home/plugins HOSTNAME=argocd-application-controller-0 GIT_CONFIG_NOSYSTEM=1
  start redis redis-server --bind 127.0.0.1 --port 16379 --save '' --appendonly no --dir "$home"
  HOME=$home TMPDIR=$home start repo-server "$home/bin/argocd-repo-server" --address 127.0.0.1 --port 18081 \
    --metrics-address 127.0.0.1 --metrics-port 18084 --redis 127.0.0.1:16379 --parallelismlimit 2 \
    --revision-cache-expiration 1s
  HOME=$home start application-controller "$home/bin/argocd-application-controller" --namespace argocd \
    --repo-server 127.0.0.1:18081 --redis 127.0.0.1:16379 --metrics-port 18082 \
    --app-resync 5 --app-resync-jitter 0 --self-heal-timeout-seconds 1 --status-processors 4 \
    --operation-processors 4 --kubectl-parallelism-limit 4 --repo-error-grace-period-seconds 0
  until_true 60 "Argo CD is healthy" argocd_healthy
}
