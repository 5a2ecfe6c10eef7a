#!/usr/bin/env bash
# The README's one command; every environment comes up from git alone.

start upstream bun "$HERE/upstream.ts" 8088 100
kubectl apply -k "$WORK/gitops/argocd" >"$E2E/log/bootstrap" 2>&1 || fail "the bootstrap is refused: $(cat "$E2E/log/bootstrap")"
play_operators
until_true 120 "all applications are Synced and Healthy" all_synced
say 1 "bootstrap: root Synced; dev, staging and production Synced and Healthy"

# Stricter than any schema, and PodSecurity only warns where a Deployment breaks it.
for environment in dev staging production; do
  kustomize build "$WORK/gitops/overlays/$environment" |
    kubectl apply --server-side --force-conflicts --dry-run=server --validate=strict -f - >"$E2E/log/dry-run-$environment" 2>&1 ||
    fail "the API server refuses $environment: $(cat "$E2E/log/dry-run-$environment")"
  ! grep -q '^Warning:' "$E2E/log/dry-run-$environment" || fail "the API server warns: $(cat "$E2E/log/dry-run-$environment")"
done
say 1 "server-side dry run of every overlay, strict, without a warning"
