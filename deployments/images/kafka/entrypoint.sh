#!/bin/sh
# Runs one broker in KRaft mode. ADVERTISED is the host:port that clients are
# told; containers on the same network use its own name at port 9094.
set -eu
properties=/var/kafka/server.properties
mkdir -p /var/kafka
sed -e "s#@ADVERTISED@#${ADVERTISED:-127.0.0.1:9092}#" -e "s#@HOSTNAME@#$(cat /etc/hostname)#" /opt/kafka/server.properties >$properties
flags="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dlog4j2.configurationFile=/opt/kafka/log4j2.properties"
if [ ! -f /var/kafka/data/meta.properties ]; then
  # shellcheck disable=SC2086 # the flags are words
  java -Xmx128m $flags -cp '/opt/kafka/libs/*' kafka.tools.StorageTool format --standalone -t bWlsbHJhY2UtdGVzdC1rYQ -c $properties
fi
# shellcheck disable=SC2086
exec java -Xmx"${HEAP:-512m}" $flags -cp '/opt/kafka/libs/*' kafka.Kafka $properties
