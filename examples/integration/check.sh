#!/bin/sh
# Runs the tests of an application on a server of their own that loads clipperf, then fails if they brought to light an N+1
# pattern or a sequential scan.
#
#   check.sh DATABASE COMMAND [ARGUMENT]...
#
# The tests find the database by PGHOST, PGUSER and PGDATABASE. clipperf is installed into the PostgreSQL of pg_config, or
# of the one that PG_CONFIG names. CHECK_OPTIONS has options for "clipperf check": --baseline=FILE, --max-statements=ROUTE=NUMBER.
set -eu

PGDATABASE=$1
shift
PATH=$("${PG_CONFIG:-pg_config}" --bindir):$PATH
PGHOST=$(mktemp -d)
PGUSER=postgres
export PATH PGHOST PGUSER PGDATABASE

trap 'pg_ctl stop -s -m immediate -D "$PGHOST/data" || :; rm -rf "$PGHOST"' EXIT
initdb -A trust -U "$PGUSER" --no-sync -D "$PGHOST/data" >"$PGHOST/initdb.log"
cat >>"$PGHOST/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$PGHOST'
shared_preload_libraries = 'clipperf'
autovacuum = off
fsync = off
CONF
pg_ctl start -s -w -D "$PGHOST/data" -l "$PGHOST/log"
createdb "$PGDATABASE"
psql -q -X -c 'CREATE EXTENSION clipperf'

"$@"

# shellcheck disable=SC2086 # options, divided by blanks
clipperf check ${GITHUB_ACTIONS:+--format=github} --output=junit:clipperf.xml ${CHECK_OPTIONS:-}
