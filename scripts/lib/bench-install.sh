#!/usr/bin/env bash
# usage: bash scripts/lib/bench-install.sh WHAT...
#
# Installs what the bench compares, pinned, into .tools/bench: load, pictures, nginx, portkey, fastapi,
# litellm. Run by scripts/bench.

set -euo pipefail

source "$(dirname -- "${BASH_SOURCE[0]}")/bootstrap.sh"
source "$ROOT/scripts/lib/python.sh"

PARTS=$ROOT/scripts/lib/bench
INTO=$TOOLS/bench

# The load generator and the simulated upstream have no dependencies; Go's own cache makes this quick.
install_load() {
  command -v go >/dev/null || { echo "The load generator needs Go 1.24 or later." >&2 && return 69; }
  mkdir -p "$INTO"
  (cd "$PARTS/load" && GOFLAGS=-mod=mod GOTOOLCHAIN=local go build -o "$INTO/load" .)
}

# Portkey and Vega-Lite, which draws the pictures.
install_npm() {
  cmp -s "$PARTS/peers/npm/bun.lock" "$INTO/npm/.installed" && return
  echo "installing the bench's npm packages into .tools" >&2
  mkdir -p "$INTO/npm"
  cp "$PARTS/peers/npm/package.json" "$PARTS/peers/npm/bun.lock" "$INTO/npm/"
  (cd "$INTO/npm" && "$BUN" install --frozen-lockfile --ignore-scripts >/dev/null </dev/null)
  cp "$PARTS/peers/npm/bun.lock" "$INTO/npm/.installed"
}

install_python() {
  local pinned=$PARTS/peers/$1.txt into=$INTO/$1
  cmp -s "$pinned" "$into/.installed" && return
  echo "installing $1 into .tools" >&2
  python3 -m venv --help >/dev/null 2>&1 ||
    "$ROOT/scripts/gitops/debian" python3 python3-venv python3-pip
  rm -rf "$into"
  python3 -m venv "$into"
  "$into/bin/python3" -m pip install --quiet --no-deps -r "$pinned" >&2
  cp "$pinned" "$into/.installed"
}

bootstrap
for what in "$@"; do
  case $what in
    load) with_lock install_load ;;
    portkey | pictures) with_lock install_npm ;;
    fastapi | litellm) with_lock install_python "$what" ;;
    nginx)
      PATH=$PATH:/usr/sbin
      command -v nginx >/dev/null || "$ROOT/scripts/gitops/debian" nginx-light
      ;;
    *) echo "There is nothing to install for \"$what\"." >&2 && exit 64 ;;
  esac
done
