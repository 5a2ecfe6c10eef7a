#!/usr/bin/env bash
# A bump is one line of git, and that is all it takes.

before=$(git_head)
pushed=$(ms)
bump staging v2
[[ $(git -C "$WORK" diff --numstat "$before") == "1"$'\t'"1"$'\t'"gitops/overlays/staging/kustomization.yaml" ]] || fail "the bump is not one line"
until_true 60 "staging's Deployment has the new digest" image_is staging "$IMAGE@${DIGEST[v2]}"
seen=$(($(ms) - pushed))
until_true 90 "staging's pods are new" rolled staging
say 2 "bump: one line; $((seen / 1000)) s from push to Deployment, $((($(ms) - pushed) / 1000)) s to new pods"
