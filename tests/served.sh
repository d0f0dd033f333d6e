# For scripts that drive a served refold with programs in environments of their own. To be sourced,
# with the folder for all that they make, one that goes again if none is given; refold must be in
# the current environment.
set -euo pipefail
export UV_SYSTEM_CERTS=true  # as pip does
unset PYTHONDONTWRITEBYTECODE  # what is imported is compiled then
server=
work=${1:-$(mktemp -d)}
mkdir -p "$work" && work=$(cd "$work" && pwd)
[ $# = 0 ] && passing=$work || passing=

leave() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$passing" ] || rm -rf "$passing"
}
trap leave EXIT

# quietly COMMAND…: runs it, and shows what it says only if it fails.
quietly() {
    local said=$work/said-$BASHPID.txt
    "$@" >"$said" 2>&1 || { cut -b -4000 "$said"; exit 1; }
}

# venv FOLDER PACKAGE…: makes an environment, unless it is there from an earlier time.
venv() {
    [ ! -e "$1/whole" ] || return 0
    quietly uv venv --clear -p "$(command -v python)" "$1"
    install "$@"
    touch "$1/whole"
}

# install FOLDER OPTION|PACKAGE…: adds packages to an environment. By uv, which takes a fifth of the
# time that pip takes.
install() {
    quietly uv pip install -p "$1" "${@:2}"
}

# serve OPTION…: starts a server with a new log, and sets $url.
serve() {
    rm -f "$work"/*.db*
    refold serve --port 0 --quiet --log "$work/served.db" "$@" 2>"$work/served.txt" &
    server=$!
    for _ in {1..300}; do
        grep -q 'http://' "$work/served.txt" && break
        kill -0 $server 2>/dev/null || { cat "$work/served.txt"; exit 1; }
        sleep 0.2
    done
    url=$(grep -o 'http://[^;]*' "$work/served.txt")
}

# stop: ends the server, and sees that nothing went wrong in it and that its log is sound.
stop() {
    kill $server && wait $server || true
    server=
    ! grep -A 100 -E '^(Traceback|ERROR)' "$work/served.txt" || exit 1
    quietly refold verify --log "$work/served.db"
    tail -n 1 "$work/said-$BASHPID.txt"
}
