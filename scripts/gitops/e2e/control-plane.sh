#!/usr/bin/env bash
# etcd, API server, controllers, scheduler and kube-proxy on the loopback of the test's own network.

ca=$E2E/pki/apiserver.crt

kubeconfig() {
  cat >"$E2E/pki/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: e2e, cluster: {server: "https://127.0.0.1:16443", certificate-authority: "$ca"}}]
users: [{name: e2e, user: {token: "$1-token"}}]
contexts: [{name: e2e, context: {cluster: e2e, user: e2e}}]
current-context: e2e
YAML
}

api_ready() {
  [[ -s $ca ]] && curl -fsk -H 'Authorization: Bearer admin-token' https://127.0.0.1:16443/readyz >/dev/null 2>&1
}

start_control_plane() {
  local etcd=http://127.0.0.1:12379 peers=http://127.0.0.1:12380 key=$E2E/pki/sa.key
  mkdir -p "$E2E/pki" "$E2E/etcd"
  openssl genrsa -out "$key" 2048 2>/dev/null
  printf '%s\n' admin-token,admin,admin,system:masters node-token,system:node:node1,node1,system:nodes >"$E2E/pki/tokens.csv"
  start etcd etcd --name e2e --data-dir "$E2E/etcd" --unsafe-no-fsync --listen-client-urls $etcd \
    --advertise-client-urls $etcd --listen-peer-urls $peers --initial-advertise-peer-urls $peers --initial-cluster e2e=$peers
  start apiserver kube-apiserver --etcd-servers=$etcd --bind-address=127.0.0.1 --secure-port=16443 \
    --advertise-address=127.0.0.1 --endpoint-reconciler-type=none --cert-dir="$E2E/pki" \
    --service-cluster-ip-range=10.96.0.0/16 --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$key" --service-account-signing-key-file="$key" \
    --token-auth-file="$E2E/pki/tokens.csv" --authorization-mode=Node,RBAC --allow-privileged=true \
    --enable-admission-plugins=NodeRestriction --kubelet-preferred-address-types=InternalIP --profiling=false
  kubeconfig admin
  kubeconfig node
  export KUBECONFIG=$E2E/pki/admin.kubeconfig
  until_true 90 "the API server is ready" api_ready
  start controllers kube-controller-manager --kubeconfig="$KUBECONFIG" --bind-address=127.0.0.1 --leader-elect=false \
    --service-account-private-key-file="$key" --root-ca-file="$ca" --horizontal-pod-autoscaler-sync-period=5s
  start scheduler kube-scheduler --kubeconfig="$KUBECONFIG" --bind-address=127.0.0.1 --leader-elect=false
}

# The Services' addresses lead nowhere by themselves; the route only brings their packets to the rules.
start_kube_proxy() {
  ip route add 10.96.0.0/16 dev node0
  start kube-proxy kube-proxy --kubeconfig="$KUBECONFIG" --hostname-override=node1 --proxy-mode=iptables \
    --cluster-cidr=10.244.0.0/16 --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 \
    --conntrack-tcp-timeout-close-wait=0 --healthz-bind-address=127.0.0.1:10256 --metrics-bind-address=127.0.0.1:10249
}
