#!/usr/bin/env bash
# Git wins over the cluster, and the project over git.

overlay=$WORK/gitops/overlays/dev
kubectl -n "$DEV" set image deployment/mistral-stream mistral-stream=example/other:v1 >/dev/null
until_true 60 "drift is healed" image_is dev "$IMAGE@${DIGEST[v2]}"
kubectl -n "$DEV" delete service mistral-stream >/dev/null
until_true 60 "a deleted object is back" exists "$DEV" service mistral-stream
say 4 "drift healed, deleted Service back"

sed -i '/^components:/d; /components\/network-policy/d' "$overlay/kustomization.yaml"
commit "dev: no network policy"
notify
until_true 60 "an object that git lost is pruned" gone "$DEV" networkpolicy mistral-stream
say 4 "removed NetworkPolicy pruned"

cp "$overlay/kustomization.yaml" "$E2E/kept"
echo 'resources: [' >>"$overlay/kustomization.yaml"
commit "dev: broken"
notify
broken() { application dev '{.status.conditions[?(@.type=="ComparisonError")].message}' | grep -q kustomize; }
until_true 60 "a broken tree is reported" broken
(($(wc -w <<<"$(pods "$DEV")") == 2)) || fail "a broken tree changed the pods"
cp "$E2E/kept" "$overlay/kustomization.yaml"
printf 'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: more}\nrules: []\n' >"$overlay/role.yaml"
sed -i 's/^resources:$/&\n  - role.yaml/' "$overlay/kustomization.yaml"
commit "dev: a kind outside the project"
notify
refused() { application dev '{.status.operationState.message} {.status.operationState.syncResult.resources[*].message}' | grep -q 'not permitted in project'; }
until_true 60 "a kind outside the project is refused" refused
gone "$DEV" role more || fail "the Role is in the cluster"
say 4 "broken tree not applied, Role refused by the project"

revert() {
  git -C "$WORK" revert --no-edit "$@" >/dev/null
  git -C "$WORK" push --quiet origin main
  notify
}
revert HEAD HEAD~1 HEAD~2
until_true 120 "git revert brings everything back" synced dev
exists "$DEV" networkpolicy mistral-stream || fail "the NetworkPolicy is not back"
was=$(pods "$DEV")
old_map=$(deployment dev '{.spec.template.spec.containers[0].envFrom[0].configMapRef.name}')
sed -i 's/SIMULATED_PACE_MS=.*/SIMULATED_PACE_MS=200/' "$overlay/kustomization.yaml"
commit "dev: faster words"
notify
until_true 60 "the old ConfigMap is pruned" gone "$DEV" configmap "$old_map"
until_true 90 "a changed variable rolls the pods" rolled dev
[[ $(pods "$DEV") != "$was" ]] || fail "the pods are the old ones"
revert HEAD
until_true 90 "git revert rolls back" synced dev
[[ $(deployment dev '{.spec.template.spec.containers[0].envFrom[0].configMapRef.name}') == "$old_map" ]] || fail "the environment is not the old one"
say 4 "changed variable rolled the pods, git revert rolled back"

if refusal=$(kubectl -n "$DEV" run bad --image=example/bad 2>&1); then fail "a pod that breaks restricted was let in"; fi
grep -q 'violates PodSecurity "restricted' <<<"$refusal" || fail "the pod was refused for another reason: $refusal"

busy() { pod_metrics "$STAGING" 300m && (($(deployment staging '{.spec.replicas}') > 2)); }
until_true 60 "the autoscaler scales staging out" busy
scaled=$(deployment staging '{.spec.replicas}')
until_true 60 "staging is in step, scaled" synced staging
# Two reconciliations of Argo CD's, which come every 5 s.
for _ in {1..11}; do
  sleep 1
  (($(deployment staging '{.spec.replicas}') >= scaled)) || fail "Argo CD took the autoscaler's replicas away"
done
say 4 "pod that breaks restricted refused; autoscaler went to $scaled replicas and Argo CD left them"

kubectl drain node1 --ignore-daemonsets --delete-emptydir-data --force --timeout=8s >"$E2E/log/drain" 2>&1 &&
  fail "the drain of the only node ended: the budget held nothing"
grep -q "violate the pod's disruption budget" "$E2E/log/drain" || fail "the drain met no budget: $(tail -3 "$E2E/log/drain")"
for environment in dev staging production; do
  (($(deployment "$environment" '{.status.availableReplicas}') >= 1)) || fail "$environment has no pod left in a drain"
done
kubectl uncordon node1 >/dev/null
until_true 90 "pods are back after the drain" rolled dev
say 4 "disruption budget held a pod of each environment through a drain of the node"
