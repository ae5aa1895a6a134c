#!/usr/bin/env bash
# build.sh [IMAGE]: PostgreSQL from the host's newest server.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../rootfs.sh
. "$here/../rootfs.sh"
home=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -type d 2>/dev/null | sort -V | tail -n 1)
[ -n "$home" ] && [ -x "$home/bin/initdb" ] || { echo "no PostgreSQL server below /usr/lib/postgresql" >&2; exit 1; }
version=$(basename "$home")

mkdir -p "$ROOT/usr/lib/postgresql" "$ROOT/usr/share/postgresql" "$ROOT/usr/lib/locale" "$ROOT/var/lib/postgresql"
# -L: Debian links some of its files into /etc.
cp -aL "$home" "$ROOT/usr/lib/postgresql/"
cp -aL "/usr/share/postgresql/$version" "$ROOT/usr/share/postgresql/" 2>/dev/null || true # dangling links to manual pages
rm -rf "$ROOT/usr/lib/postgresql/$version/lib/bitcode" "$ROOT/usr/lib/postgresql/$version/lib/"llvmjit*
[ ! -d /usr/share/zoneinfo ] || cp -aL /usr/share/zoneinfo "$ROOT/usr/share/"
cp -a /usr/lib/locale/C.utf8 "$ROOT/usr/lib/locale/"
mapfile -t linked < <(find "$home/bin" -type f; find "$home/lib" -name '*.so' ! -name 'llvmjit*')
libraries "${linked[@]}"
programs bash mkdir chown chmod cat setpriv
ln -sf bash "$ROOT/bin/sh"
printf 'root:x:0:0:root:/:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\n' >"$ROOT/etc/passwd"
printf 'root:x:0:\npostgres:x:999:\n' >"$ROOT/etc/group"
install -m 755 "$here/entrypoint.sh" "$ROOT/entrypoint.sh"
import "${1:-millrace-test/postgres}" "ENV PATH=/usr/lib/postgresql/$version/bin:/bin" 'ENV LANG=C.UTF-8' \
  'ENV PGDATA=/var/lib/postgresql/data' 'EXPOSE 5432' 'ENTRYPOINT ["/entrypoint.sh"]'
