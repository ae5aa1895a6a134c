#!/usr/bin/env bash
# build.sh JARS [IMAGE]: Apache Kafka from a folder of its jars and the host's JDK.
set -euo pipefail
jars=${1:?the folder of the jars}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../rootfs.sh
. "$here/../rootfs.sh"

java=$ROOT/opt/jre
mkdir -p "$ROOT/opt/kafka" "$ROOT/var/kafka"
jlink --no-header-files --no-man-pages --strip-debug --compress=1 --output "$java" --add-modules \
  java.base,java.desktop,java.logging,java.management,java.naming,java.net.http,java.security.jgss,java.security.sasl,java.sql,java.xml,jdk.unsupported,jdk.management,jdk.management.agent,jdk.security.auth,jdk.crypto.ec,jdk.zipfs
"$java/bin/java" -Xshare:dump >/dev/null
libraries "$java/bin/java" "$java/lib/server/libjvm.so" "$java"/lib/*.so
cp -aL "$jars" "$ROOT/opt/kafka/libs"
cp "$here/server.properties" "$here/../../../integration/harness/kafka/log4j2.properties" "$ROOT/opt/kafka/"
install -m 755 "$here/entrypoint.sh" "$ROOT/opt/kafka/entrypoint.sh"
programs dash sed mkdir cat
ln -sf dash "$ROOT/bin/sh"
# How names are looked up is loaded at run time, so ldd does not tell.
for library in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2; do
  path=$(ldconfig -p | grep -oP "$library .*=> \K.*" | head -n 1) || continue
  mkdir -p "$ROOT$(dirname "$path")"
  cp -L "$path" "$ROOT$path"
done
echo 'root:x:0:0:root:/:/bin/sh' >"$ROOT/etc/passwd"
echo 'hosts: files dns' >"$ROOT/etc/nsswitch.conf"
import "${2:-millrace-test/kafka:4.4.0}" 'ENV PATH=/opt/jre/bin:/bin' 'WORKDIR /opt/kafka' 'EXPOSE 9092' 'ENTRYPOINT ["/opt/kafka/entrypoint.sh"]'
