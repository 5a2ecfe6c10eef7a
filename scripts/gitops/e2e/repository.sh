#!/usr/bin/env bash
# The git repository that Argo CD reads, and the images that it names.

export IMAGE=ghcr.io/yourorg/mistral-stream

# The tree as it is, but for the repository's own address, which is what a fork changes too.
make_repository() {
  export GIT_AUTHOR_NAME=e2e GIT_AUTHOR_EMAIL=e2e@example.com GIT_COMMITTER_NAME=e2e GIT_COMMITTER_EMAIL=e2e@example.com
  WORK=$E2E/work
  git init --quiet --bare --initial-branch=main "$E2E/repository.git"
  git clone --quiet "$E2E/repository.git" "$WORK" 2>/dev/null
  git -C "$WORK" checkout --quiet -B main
  cp -r "$ROOT/gitops" "$WORK/gitops"
  grep -rlZ https://github.com/yourorg/mistral-stream.git "$WORK/gitops/argocd" |
    xargs -0 sed -i "s#https://github.com/yourorg/mistral-stream.git#file://$E2E/repository.git#"
  # Slower words, so that 500 streams are open for the length of a rollout on two cores.
  sed -i 's/^      - UPSTREAM=simulated$/&\n      - SIMULATED_PACE_MS=250/' "$WORK/gitops/overlays/dev/kustomization.yaml"
  # A Mistral of this network's own for those that ask a real one.
  for overlay in staging production; do
    sed -i 's/^configMapGenerator:$/&\n  - name: mistral-stream-env\n    behavior: merge\n    literals: ["MISTRAL_SERVER_URL=http:\/\/10.243.0.1:8088"]/' \
      "$WORK/gitops/overlays/$overlay/kustomization.yaml"
    cp "$WORK/gitops/overlays/dev/keys.json" "$WORK/gitops/overlays/$overlay/keys.json"
  done
}

# bump OVERLAY VERSION: as the release does it.
bump() { (cd "$WORK" && "$ROOT/scripts/bump-image" "$1" "$IMAGE@${DIGEST[$2]}" && git pull --quiet --ff-only origin main); }

declare -A DIGEST
push_images() {
  local version overlay
  for version in v1 v2; do
    buildah push --quiet --tls-verify=false --digestfile "$E2E/digest" "localhost/mistral-stream:e2e-$version" \
      "127.0.0.1:5000/yourorg/mistral-stream:$version"
    DIGEST[$version]=$(cat "$E2E/digest")
  done
  commit "the tree"
  for overlay in dev staging production; do bump "$overlay" v1; done
}
