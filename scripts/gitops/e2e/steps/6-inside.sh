#!/usr/bin/env bash
# What a pod is from the inside, where the environment holds the real thing: a key of Mistral's.

pod=$(pods "$STAGING")
pod=${pod%% *}
inside() { kubectl -n "$STAGING" exec "$pod" -- /usr/local/bin/bun -e "$1"; }
# The quoted text is JavaScript, whose own expressions the shell must leave alone.
# shellcheck disable=SC2016
found=$(inside '
  const { existsSync, readFileSync, readdirSync, writeFileSync } = require("node:fs");
  const status = readFileSync("/proc/1/status", "utf8");
  const field = (name) => status.match(new RegExp(`^${name}:\\s*(\\S+)`, "m"))?.[1];
  const writes = (path) => { try { writeFileSync(path, ""); return "written" } catch (error) { return error.code } };
  const environments = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((pid) => readFileSync(`/proc/${pid}/environ`, "utf8")).join("\n");
  console.log(JSON.stringify({
    uid: field("Uid"), capabilities: field("CapEff") + field("CapBnd"), noNewPrivileges: field("NoNewPrivs"), seccomp: field("Seccomp"),
    app: writes("/app/x"), tmp: writes("/tmp/x"), keys: writes("/etc/mistral-stream/upstream/apiKey"),
    token: existsSync("/var/run/secrets/kubernetes.io/serviceaccount/token"), shell: existsSync("/bin/sh"),
    secret: /second-key|first-key/.test(environments), memoryMiB: Math.round(Number(field("VmRSS")) / 1024),
  }))')
none=00000000000000000000000000000000
expected='{"uid":"65532","capabilities":"'$none'","noNewPrivileges":"1","seccomp":"2","app":"EROFS","tmp":"written","keys":"EACCES","token":false,"shell":false,"secret":false,'
[[ $found == "$expected"* ]] || fail "inside the pod: $found"
if kubectl -n "$STAGING" exec "$pod" -- /bin/sh -c true >/dev/null 2>&1; then fail "there is a shell"; fi

times=$(kubectl -n "$STAGING" get pod "$pod" -o jsonpath='{.status.startTime} {.status.conditions[?(@.type=="Ready")].lastTransitionTime}')
memory=${found##*:}
ready=$(($(date -d "${times#* }" +%s) - $(date -d "${times% *}" +%s)))
say 6 "inside: uid 65532, no capabilities, read-only root, no token, no shell, no secret in an environment"
say 6 "${memory%\}} MiB resident after its streams, ready $ready s after it was scheduled"
