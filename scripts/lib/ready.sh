# shellcheck shell=bash
# Sourced by scripts/dev: ports, readiness and the banner. Nothing but bash, which every machine has.

# Where a server that listens on HOST is reached from here.
local_host() {
  # shellcheck disable=SC2153 # scripts/dev has set it.
  case $HOST in
    0.0.0.0 | ::) echo 127.0.0.1 ;;
    *) echo "$HOST" ;;
  esac
}

# Whether something listens on a port.
is_open() {
  (exec 4<>"/dev/tcp/$(local_host)/$1") 2>/dev/null
}

free_port() {
  "$BUN" -e 'const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    console.log(server.port); server.stop(true);'
}

# Whether the admin listener says that the gateway is ready.
is_ready() {
  local status
  {
    exec 4<>"/dev/tcp/$(local_host)/$ADMIN_PORT" || return 1
    printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&4
    read -r -t 2 status <&4
    exec 4>&-
  } 2>/dev/null
  [[ $status == "HTTP/1.1 200"* ]]
}

# Prints the banner as soon as the server is ready, then waits until the server ends, whose last
# copy of the pipe on stdin closes with it, and removes the folder of the throw-away key. Signals
# to the whole process group are for the server: this one has to outlive it.
announce() {
  local answers=$1 key=$2 temporary=$3 pause=0.05 host url
  trap '' INT TERM HUP
  # The bash of macOS, 3.2, waits for whole seconds only.
  ((BASH_VERSINFO[0] >= 4)) || pause=1
  until is_ready; do
    read -r -t "$pause" || (($? > 128)) || { clean "$temporary" && return; }
  done
  host=$(local_host)
  [[ $host != *:* ]] || host="[$host]"
  url=http://$host:$PORT
  echo "
mistral-stream is ready on $RUNTIME
  url       $url
  key       $key
  answers   $answers
  metrics   http://$host:$ADMIN_PORT/metrics

curl -N -H 'authorization: Bearer $key' '$url/stream?q=Say+hello'
"
  read -r || clean "$temporary"
}

clean() {
  [[ -z $1 ]] || rm -rf "$1"
}
