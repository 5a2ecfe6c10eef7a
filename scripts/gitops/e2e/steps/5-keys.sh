#!/usr/bin/env bash
# Keys, of clients and of Mistral's, change under running pods.

until_true 90 "staging's pods have settled" rolled staging
issued=ms_issued$RANDOM$RANDOM
digest=$(printf %s "$issued" | sha256sum | cut -d' ' -f1)
were=$(identity "$DEV")
answers "$DEV" "$issued" 401 || fail "a key works before it is issued"
entry='"id": "guest", "plan": "default", "digests": [{ "sha256": "'$digest'", "notBefore": null, "expiresAt": null }]'
sed -i "s/^  \"keys\": \[\$/&\n    { $entry },/" "$WORK/gitops/overlays/dev/keys.json"
commit "dev: a key for a guest"
notify
until_true 120 "the issued key works at every pod" answers "$DEV" "$issued" 200
say 5 "client key issued by commit"
revert HEAD
until_true 120 "the revoked key stops at every pod" answers "$DEV" "$issued" 401
[[ $(identity "$DEV") == "$were" ]] || fail "the pods restarted for a key"
say 5 "client key revoked by commit; same pods, no restart"

were=$(identity "$STAGING")
asked() { curl -s http://10.243.0.1:8088/keys; }
BUN_CONFIG_MAX_HTTP_REQUESTS=4096 bun "$HERE/streams.ts" "http://$(service_address "$STAGING")" "$DEV_KEY" 50 200 >"$E2E/log/streams-rotation" 2>&1 &
reader=$!
until_true 30 "50 streams are open" grep -qs '^open' "$E2E/log/streams-rotation"
secret_is "$STAGING" second-key
second() {
  bun "$HERE/streams.ts" "http://$(service_address "$STAGING")" "$DEV_KEY" 4 2 >"$E2E/log/streams-second" 2>&1
  asked | grep -q '"second-key"'
}
until_true 120 "Mistral's new key is used" second
kill -0 "$reader" 2>/dev/null || fail "the streams were over before the rotation was"
wait "$reader" || fail "streams across the rotation: $(cat "$E2E/log/streams-rotation")"
[[ $(identity "$STAGING") == "$were" ]] || fail "the pods restarted for Mistral's key"
say 5 "Mistral's key rotated under 50 streams: $(tail -1 "$E2E/log/streams-rotation")"
