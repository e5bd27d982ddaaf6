#!/bin/sh
# What the official image promises: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB.
set -e
user=${POSTGRES_USER:-postgres} database=${POSTGRES_DB:-${POSTGRES_USER:-postgres}}
bin=$(echo /usr/lib/postgresql/*/bin) data=/var/lib/postgresql/eximsim
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
mkdir -p /run/postgresql "$data"; chown postgres:postgres /run/postgresql "$data"; chmod 700 "$data"
printf '%s' "${POSTGRES_PASSWORD:?}" > /tmp/password; chown postgres /tmp/password
as_postgres "$bin/initdb" -D "$data" -U "$user" --pwfile=/tmp/password --auth-host=scram-sha-256 --auth-local=trust --no-sync -E UTF8 --locale=C >/dev/null
echo "host all all all scram-sha-256" >> "$data/pg_hba.conf"
as_postgres "$bin/pg_ctl" -D "$data" -s -w -o "-c listen_addresses='' -c fsync=off" start
[ "$database" = postgres ] || as_postgres createdb -U "$user" "$database"
as_postgres "$bin/pg_ctl" -D "$data" -s -w stop
exec setpriv --reuid=postgres --regid=postgres --init-groups "$bin/postgres" -D "$data" -c listen_addresses='*' -c fsync=off
