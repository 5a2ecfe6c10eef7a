#!/usr/bin/env bash
# Waiting, starting and telling; sourced by the other parts of the end-to-end test.

ms() { date +%s%3N; }

fail() {
  echo "gitops-e2e: $1" >&2
  exit 1
}

# until_true SECONDS WHAT COMMAND...: runs the command again and again until it succeeds.
until_true() {
  local seconds=$1 what=$2 deadline
  shift 2
  deadline=$(($(ms) + seconds * 1000))
  until "$@"; do
    (($(ms) < deadline)) || fail "not within $seconds s: $what"
    sleep 0.2
  done
}

# Starts a program in the background at low priority, its output in log/NAME. The process namespace
# ends it with the test, however that ends.
start() {
  local name=$1
  shift
  nice -n 5 "$@" >"$E2E/log/$name" 2>&1 &
}

# say STEP TEXT: one line of the report, with the seconds since the last one.
said=$(ms)
say() {
  local took=$(($(ms) - said))
  printf '%s  %3d.%d s  %s\n' "$1" $((took / 1000)) $((took % 1000 / 100)) "$2"
  said=$(ms)
}
