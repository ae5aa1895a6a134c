#!/bin/bash
# Lays out a database at the first start and runs the server as its user. Takes
# POSTGRES_HOST_AUTH_METHOD=trust or POSTGRES_PASSWORD, as the official image.
set -eu
as_postgres() { setpriv --reuid=999 --regid=999 --clear-groups "$@"; }
mkdir -p "$PGDATA"
chown -R postgres:postgres /var/lib/postgresql
chmod 700 "$PGDATA"
if [ ! -f "$PGDATA/PG_VERSION" ]; then
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ "$method" = trust ]; then
    as_postgres initdb -D "$PGDATA" -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8 >/tmp/initdb.log 2>&1 || { cat /tmp/initdb.log; exit 1; }
  else
    : "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust}"
    as_postgres initdb -D "$PGDATA" -U postgres -A "$method" --pwfile=<(printf '%s' "$POSTGRES_PASSWORD") \
      --no-sync -E UTF8 --locale=C.UTF-8 >/tmp/initdb.log 2>&1 || { cat /tmp/initdb.log; exit 1; }
  fi
  echo "host all all all $method" >>"$PGDATA/pg_hba.conf"
fi
exec setpriv --reuid=999 --regid=999 --clear-groups postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
