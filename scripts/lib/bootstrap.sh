# shellcheck shell=bash
# Sourced by the scripts: brings Bun and the dependencies, from nothing but bash and either Bun or
# npm. Everything lands in .tools/ and node_modules/. Sets ROOT and BUN, and puts Bun on PATH.

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
TOOLS=$ROOT/.tools
BUN_VERSION=1.4.5

# fetch on Bun waits silently beyond 256 requests; a value above 65535 falls back to 256 (facts, 16).
export BUN_CONFIG_MAX_HTTP_REQUESTS=${BUN_CONFIG_MAX_HTTP_REQUESTS:-65535}
export DENO_DIR=${DENO_DIR:-$TOOLS/deno} DENO_NO_UPDATE_CHECK=1

# npm, Bun and Deno all keep a cache in HOME and fail in their own ways where there is none.
if [[ -z ${HOME:-} || ! -w $HOME ]]; then
  mkdir -p "$TOOLS/home"
  export HOME=$TOOLS/home
fi

# Runs a command while no other script of this checkout runs one: two installs at once would mix.
# The kernel drops the lock with the process, so a killed script leaves none behind. macOS has no
# flock, but its perl can take the same lock on the descriptor that this shell keeps open.
with_lock() {
  mkdir -p "$TOOLS"
  (
    if command -v flock >/dev/null; then
      flock 9
    elif command -v perl >/dev/null; then
      perl -e 'use Fcntl ":flock"; open(my $lock, ">&=", 9) or die; flock($lock, LOCK_EX) or die'
    fi
    "$@"
  ) 9>"$TOOLS/lock"
}

# Whether a Bun starts and is BUN_VERSION or newer.
is_suitable_bun() {
  local have part
  have=$("$1" --version 2>/dev/null) || return 1
  local IFS=.-+
  # The split at dots, dashes and pluses is meant.
  # shellcheck disable=SC2206
  local had=($have) wanted=($BUN_VERSION)
  for part in 0 1 2; do
    [[ ${had[part]:-} =~ ^[0-9]+$ ]] || return 1
    ((had[part] == wanted[part])) || return "$((had[part] < wanted[part]))"
  done
}

# Bun from npm. The platform's own package holds the program itself; the package `bun` would only
# copy it by an install script, which npm may be told not to run.
install_bun() {
  local found
  [[ -x $TOOLS/bin/bun ]] && is_suitable_bun "$TOOLS/bin/bun" && return
  if ! command -v npm >/dev/null; then
    echo "Neither Bun $BUN_VERSION or newer nor npm is on PATH; install one of them." >&2
    return 1
  fi
  echo "installing Bun $BUN_VERSION into .tools" >&2
  mkdir -p "$TOOLS/bun" "$TOOLS/bin"
  npm install --prefix "$TOOLS/bun" --no-save --no-package-lock --ignore-scripts --no-audit \
    --no-fund --no-update-notifier --loglevel=error "bun@$BUN_VERSION" >/dev/null </dev/null || return 1
  for found in "$TOOLS"/bun/node_modules/@oven/bun-*/bin/bun "$TOOLS/bun/node_modules/bun/bin/bun.exe"; do
    if [[ -x $found ]] && is_suitable_bun "$found"; then
      # A relative link survives a checkout that is moved, or mounted elsewhere in a container.
      ln -sfn "..${found#"$TOOLS"}" "$TOOLS/bin/bun"
      return
    fi
  done
  echo "npm brought no Bun $BUN_VERSION that runs on $(uname -sm)." >&2
  return 1
}

# Dependencies are what package.json and bun.lock say now; the stamp is what they said when installed.
is_installed() {
  cat "$ROOT/package.json" "$ROOT/bun.lock" | cmp -s - "$ROOT/node_modules/.installed"
}

install_dependencies() {
  local out
  is_installed && return
  if ! out=$(cd "$ROOT" && "$BUN" install --frozen-lockfile --ignore-scripts 2>&1 </dev/null); then
    printf 'bun install failed:\n%s\n' "$out" >&2
    return 1
  fi
  cat "$ROOT/package.json" "$ROOT/bun.lock" >"$ROOT/node_modules/.installed"
}

bootstrap() {
  BUN=$(command -v bun) || true
  if [[ -z $BUN ]] || ! is_suitable_bun "$BUN"; then
    BUN=$TOOLS/bin/bun
    [[ -x $BUN ]] && is_suitable_bun "$BUN" || with_lock install_bun || return 1
    export PATH=$TOOLS/bin:$PATH
  fi
  export BUN
  is_installed || with_lock install_dependencies
}

# Prints where Deno is. npm's package is a launcher that takes Node; the platform's own one holds the program.
deno_path() {
  local found
  for found in "$ROOT"/node_modules/@deno/*/deno "$(command -v deno)"; do
    if [[ -x $found ]] && "$found" --version >/dev/null 2>&1; then
      echo "$found"
      return
    fi
  done
  echo "There is no Deno for $(uname -sm) in node_modules/@deno, and none on PATH." >&2
  return 1
}

# Prints the comment at the top of a script, up to its first empty line: what --help says.
print_help() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "$1"
}
