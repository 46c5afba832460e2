#!/usr/bin/env bash
# Writes .sqlx, the metadata against which builds check the queries in src/store, from a throw-away Postgres with the
# schema of migrations/. With --check it writes nothing, and fails where .sqlx is not what it would write.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != --in-postgres ]; then
    exec scripts/with-postgres.sh "$0" --in-postgres "${1:-}"
fi

psql=$(printf '%s\n' /usr/lib/postgresql/*/bin/psql | sort --version-sort | tail -n 1)
[ -x "$psql" ] || psql=psql
for migration in migrations/*.sql; do
    "$psql" "$DATABASE_URL" --quiet --no-psqlrc --single-transaction --set ON_ERROR_STOP=1 --file "$migration"
done

fresh=$(mktemp -d "${TMPDIR:-/tmp}/gavel-queries.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
# The macros write what they learn while they are expanded, so the crate has to be compiled again.
touch src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$fresh "${CARGO:-cargo}" check --quiet --locked --lib

if [ "${2:-}" = --check ]; then
    if ! diff --recursive --brief .sqlx "$fresh"; then
        echo "prepare-queries: .sqlx is stale: run scripts/prepare-queries.sh and commit it" >&2
        exit 1
    fi
else
    mkdir -p .sqlx
    rm -f .sqlx/query-*.json
    for query in "$fresh"/query-*.json; do
        # mktemp's files are private; these are sources like any other.
        install -m 0644 "$query" .sqlx/
    done
fi
