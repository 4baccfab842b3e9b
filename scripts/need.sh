#!/bin/sh
# Makes sure that tools are there. As root on Debian or Ubuntu, what is missing is installed; elsewhere it is named, with how to get it.
# Usage: need.sh cargo|node|nextest|chromium|python|postgres|redis|gnubg|nginx|haproxy|caddy|systemd-analyze|valgrind ...
set -eu

# The version that the tests were written with; any newer one does too.
nextest_version=0.9.143

has() { command -v "$1" >/dev/null 2>&1; }

missing() { # what, how to get it
    printf '%s is missing. %s\n' "$1" "$2" >&2
    exit 1
}

can_install() { [ "$(id -u)" -eq 0 ] && has apt-get; }

apt_install() {
    echo "installing $* with apt-get" >&2
    export DEBIAN_FRONTEND=noninteractive
    # Lists may be absent (a fresh container) or old: fetched only when the first try fails.
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 || {
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    }
}

need_cargo() {
    has cargo || missing "Rust" "Get it from https://rustup.rs (1.95 or newer)."
    # sqlite and mimalloc are C code, compiled while building.
    has cc && return
    can_install || missing "A C compiler" "Install gcc or clang (Debian: apt-get install build-essential)."
    apt_install build-essential
}

need_node() {
    if has node && has npm; then
        major=$(node -p 'process.versions.node.split(".")[0]')
        [ "$major" -ge 20 ] || missing "Node 20 or newer" "This is $(node --version). See https://nodejs.org."
        return
    fi
    missing "Node 20 or newer, with npm" "See https://nodejs.org."
}

need_nextest() {
    cargo nextest --version >/dev/null 2>&1 && return
    echo "installing cargo-nextest (once; a few minutes)" >&2
    # A debug build: it compiles in half the time and the tests do not run slower for it.
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug cargo-nextest --version "$nextest_version"
}

need_chromium() {
    [ -n "${PARLOR_CHROMIUM:-}" ] && return
    for name in chromium chromium-browser google-chrome; do has "$name" && return; done
    can_install || missing "Chromium" "Install it (Debian: apt-get install chromium), or name a Chrome in PARLOR_CHROMIUM."
    apt_install chromium fonts-dejavu-core
}

need_python() {
    if has python3 && python3 -c 'import venv, ensurepip' 2>/dev/null; then return; fi
    can_install || missing "Python 3 with venv" "Install it (Debian: apt-get install python3-venv)."
    apt_install python3 python3-venv
}

need_gnubg() {
    [ -n "${PARLOR_GNUBG:-}" ] && return
    for path in /usr/games/gnubg /usr/bin/gnubg /usr/local/bin/gnubg; do [ -x "$path" ] && return; done
    can_install || missing "GNU Backgammon" "Install it (Debian: apt-get install gnubg), or name it in PARLOR_GNUBG."
    apt_install gnubg
}

need_postgres() {
    # Debian keeps the server's programs out of the path. Nothing of it is started or set up: tests make servers of their own.
    for initdb in /usr/lib/postgresql/*/bin/initdb; do [ -x "$initdb" ] && return; done
    has initdb && has postgres && return
    can_install || missing "Postgres" "Install its server (Debian: apt-get install postgresql)."
    # Without a word Debian's package would also make a database cluster and start it.
    apt_install postgresql-common
    conf=/etc/postgresql-common/createcluster.conf
    cp "$conf" "$conf.parlor"
    echo 'create_main_cluster = false' >>"$conf"
    apt_install postgresql || { mv "$conf.parlor" "$conf"; exit 1; }
    mv "$conf.parlor" "$conf"
}

need_redis() {
    has redis-server && return
    can_install || missing "Redis" "Install its server (Debian: apt-get install redis-server)."
    apt_install redis-server
}

# A program of a Debian package whose service would be started at once: it is kept from that, tests start their own.
need_program() { # program, package
    PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
    has "$1" && return
    can_install || missing "$1" "Install it (Debian: apt-get install $2)."
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        apt_install "$2"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    (apt_install "$2") || { rm -f "$policy"; exit 1; }
    rm -f "$policy"
}

need_nginx() { need_program nginx nginx-light; }
need_haproxy() { need_program haproxy haproxy; }
need_caddy() { need_program caddy caddy; }
need_systemd_analyze() { need_program systemd-analyze systemd; }

need_valgrind() {
    has valgrind && return
    can_install || missing "Valgrind" "Install it (Debian: apt-get install valgrind)."
    apt_install valgrind
}

for tool in "$@"; do
    case "$tool" in
    cargo | node | nextest | chromium | python | postgres | redis | gnubg | nginx | haproxy | caddy | valgrind) "need_$tool" ;;
    systemd-analyze) need_systemd_analyze ;;
    *) missing "$tool" "need.sh does not know it." ;;
    esac
done
