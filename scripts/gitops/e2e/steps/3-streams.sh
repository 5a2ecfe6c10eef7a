#!/usr/bin/env bash
# 500 streams through the Service while dev rolls: each ends whole on the pod it began on.

DEV_KEY=$(grep -o 'ms_[0-9a-z]\{39\}' "$ROOT/gitops/README.md" | sort -u)
service=http://$(service_address "$DEV")
old=$(pods "$DEV")
for pod in $old; do start "pod-$pod" kubectl -n "$DEV" logs --follow "$pod"; done

BUN_CONFIG_MAX_HTTP_REQUESTS=4096 bun "$HERE/streams.ts" "$service" "$DEV_KEY" 500 130 >"$E2E/log/streams" 2>&1 &
reader=$!
until_true 30 "500 streams are open" grep -qs '^open' "$E2E/log/streams"
bump dev v2
until_true 60 "dev's Deployment has the new digest" image_is dev "$IMAGE@${DIGEST[v2]}"
until_true 90 "dev's pods are new" rolled dev
new=$(pods "$DEV")
# shellcheck disable=SC2086
until_true 30 "the Service leads to new pods alone" leads_to "$DEV" $new
# kube-proxy writes its rules once a second.
sleep 2
kill -0 "$reader" 2>/dev/null || fail "the streams were over before the rollout was"

# New streams meet new pods, which a pod on its way out would answer with 503.
BUN_CONFIG_MAX_HTTP_REQUESTS=4096 bun "$HERE/streams.ts" "$service" "$DEV_KEY" 20 5 >"$E2E/log/streams-new" 2>&1 ||
  fail "streams after the rollout: $(cat "$E2E/log/streams-new")"
wait "$reader" || fail "streams across the rollout: $(cat "$E2E/log/streams")"

# A pod logs one line a stream, so together they tell how often Mistral was asked, and for whom.
finished() { cat "${@/#/$E2E/log/pod-}" | grep '"msg":"stream"' | grep -c '"outcome":"completed"'; }
for pod in $new; do kubectl -n "$DEV" logs "$pod" >"$E2E/log/pod-$pod"; done
# shellcheck disable=SC2086
(($(finished $old) == 500)) || fail "the draining pods finished $(finished $old) streams, not 500"
# shellcheck disable=SC2086
(($(finished $new) == 20)) || fail "the new pods finished $(finished $new) streams, not 20"
for pod in $old; do
  drained=$(awk '/"msg":"draining"/ {seen = 1} seen && /"msg":"stream"/ {n++} END {print n + 0}' "$E2E/log/pod-$pod")
  ((drained > 0)) || fail "no stream ended on $pod after SIGTERM"
done
say 3 "streams: $(tail -1 "$E2E/log/streams"); $drained of them ended on ${pod} after SIGTERM; 20 new ones on new pods"
