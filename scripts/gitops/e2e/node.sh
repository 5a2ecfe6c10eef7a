#!/usr/bin/env bash
# One real node: containerd, runc, a bridge for the pods, a registry and the kubelet.

socket=$E2E/run/containerd.sock

node_files() {
  mkdir -p "$E2E"/{run,containerd,kubelet,cni,podlogs,mirror/ghcr.io,registry}
  echo 'nameserver 127.0.0.1' >"$E2E/resolv.conf"
  cat >"$E2E/cni/10-bridge.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "e2e", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$E2E/cni-ipam", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "loopback"}]}
JSON
  # The tree's own image names are pulled, from here.
  cat >"$E2E/mirror/ghcr.io/hosts.toml" <<TOML
server = "http://127.0.0.1:5000"
[host."http://127.0.0.1:5000"]
  capabilities = ["pull", "resolve"]
TOML
  # restrict_oom_score_adj: a container around the test may not have CAP_SYS_RESOURCE.
  cat >"$E2E/containerd.toml" <<TOML
version = 2
root = "$E2E/containerd"
state = "$E2E/run/state"
[grpc]
  address = "$socket"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:e2e"
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$E2E/mirror"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$E2E/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
TOML
  cat >"$E2E/registry.yaml" <<YAML
version: 0.1
storage: {filesystem: {rootdirectory: $E2E/registry}}
http: {addr: "127.0.0.1:5000"}
log: {level: warn}
YAML
  # syncFrequency is a minute by default: how long a changed ConfigMap or Secret takes to reach a pod.
  cat >"$E2E/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /
enforceNodeAllocatable: []
containerRuntimeEndpoint: unix://$socket
address: 10.243.0.1
healthzBindAddress: 127.0.0.1
readOnlyPort: 0
oomScoreAdj: 0
failSwapOn: false
makeIPTablesUtilChains: false
resolvConf: $E2E/resolv.conf
podLogsDir: $E2E/podlogs
maxPods: 40
evictionHard: {memory.available: 100Mi}
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
nodeStatusUpdateFrequency: 2s
syncFrequency: 5s
YAML
}

node_ready() { kubectl wait --for=condition=Ready node/node1 --timeout=5s >/dev/null 2>&1; }

start_node() {
  node_files
  ip link add node0 type bridge
  ip addr add 10.243.0.1/24 dev node0
  ip link set node0 up
  sysctl -qw net.ipv4.ip_forward=1
  start containerd containerd -c "$E2E/containerd.toml"
  start registry docker-registry serve "$E2E/registry.yaml"
  until_true 30 "containerd answers" ctr -a "$socket" version >/dev/null 2>&1
  buildah push -q "localhost/pause:e2e" "oci-archive:$E2E/pause.tar:localhost/pause:e2e"
  ctr -a "$socket" -n k8s.io images import "$E2E/pause.tar" >/dev/null
  start kubelet kubelet --config="$E2E/kubelet.yaml" --kubeconfig="$E2E/pki/node.kubeconfig" \
    --hostname-override=node1 --node-ip=10.243.0.1 --root-dir="$E2E/kubelet" --cert-dir="$E2E/kubelet/pki"
  until_true 90 "the node is ready" node_ready
}

# Pods outlive containerd, so they are ended one by one; their cgroups are left to the caller.
stop_node() {
  local task
  for task in $(ctr -a "$socket" -n k8s.io tasks ls -q 2>/dev/null); do
    ctr -a "$socket" -n k8s.io tasks kill -s KILL "$task" >/dev/null 2>&1 || true
  done
}
