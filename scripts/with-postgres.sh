#!/usr/bin/env bash
# Runs a command with a Postgres of its own: scripts/with-postgres.sh COMMAND [ARGUMENT…]
#
# DATABASE_URL names a fresh, empty cluster that is reached by a Unix socket only and is gone when the command ends,
# however it ends. It gives up durability for speed: for tests only.
set -euo pipefail

if [ $# -eq 0 ]; then
    echo "usage: $0 COMMAND [ARGUMENT...]" >&2
    exit 2
fi

# Debian keeps the server's programs out of PATH, one directory for each version: take the newest.
find_programs() {
    local newest
    newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort --version-sort | tail -n 1)
    if [ -x "$newest" ]; then
        dirname "$newest"
    elif command -v postgres >/dev/null; then
        dirname "$(command -v postgres)"
    else
        echo "with-postgres: there is no Postgres: run scripts/setup.sh" >&2
        return 1
    fi
}

programs=$(find_programs)
# Not below TMPDIR: the path of a socket has at most 107 bytes.
cluster=$(mktemp -d /tmp/gavel-postgres.XXXXXX)
command_pid=

# Postgres refuses to run as root.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && exec setpriv --reuid postgres --regid postgres --init-groups "$@")
    else
        "$@"
    fi
}

remove_cluster() {
    trap '' INT TERM HUP
    if [ -e "$cluster/data/postmaster.pid" ]; then
        as_postgres "$programs/pg_ctl" --pgdata "$cluster/data" --mode immediate --silent stop || true
    fi
    rm -rf "$cluster"
}
trap remove_cluster EXIT

# A signal goes on to the command and all that it started; its end ends us.
pass_on() {
    [ -n "$command_pid" ] || exit 143
    kill -s "$1" -- "-$command_pid" 2>/dev/null || true
}
for signal in INT TERM HUP; do
    # shellcheck disable=SC2064 # the name of the signal is meant now
    trap "pass_on $signal" "$signal"
done

start_cluster() {
    [ "$(id -u)" -ne 0 ] || chown postgres: "$cluster"
    as_postgres "$programs/initdb" --pgdata "$cluster/data" --username gavel --auth trust --encoding UTF8 \
        --locale C --no-sync >"$cluster.log" 2>&1
    # `cargo test` runs a test on each core, and each has a pool.
    as_postgres "$programs/pg_ctl" --pgdata "$cluster/data" --log "$cluster/log" --silent --wait start --options "\
        -c listen_addresses= -c unix_socket_directories=$cluster -c unix_socket_permissions=0777 \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300" >>"$cluster.log" 2>&1
}

if ! start_cluster; then
    echo "with-postgres: Postgres does not start:" >&2
    cat "$cluster.log" "$cluster/log" >&2 2>/dev/null || true
    rm -f "$cluster.log"
    exit 1
fi
rm -f "$cluster.log"
# Tests that drop root must still reach the socket.
chmod 0711 "$cluster"

export DATABASE_URL="postgres:///postgres?host=$cluster&user=gavel"
# Job control, for a process group of its own: otherwise the shell has the command ignore Ctrl-C.
set -m
"$@" <&0 &
command_pid=$!
set +m
status=0
# A signal that is passed on interrupts `wait`: then the command still has to end.
wait "$command_pid" || status=$?
while kill -0 "$command_pid" 2>/dev/null; do
    status=0
    wait "$command_pid" || status=$?
done
exit "$status"
