#!/usr/bin/env bash
# Argo CD's own command line, without a server of Argo CD's, agrees with what the cluster says.

argocd admin app get-reconcile-results "$E2E/results.yaml" --refresh --repo-server 127.0.0.1:18081 --kubeconfig "$KUBECONFIG" \
  --namespace argocd >"$E2E/log/argocd-admin" 2>&1 || fail "argocd admin: $(tail -3 "$E2E/log/argocd-admin")"
for environment in dev staging production; do
  grep -q "name: mistral-stream-$environment\$" "$E2E/results.yaml" || fail "argocd admin does not know $environment"
done
(($(grep -c 'syncStatus: Synced\|status: Synced' "$E2E/results.yaml") >= 3)) || fail "argocd admin: $(cat "$E2E/results.yaml")"
say 7 "argocd admin reconciles every application to Synced, offline"
