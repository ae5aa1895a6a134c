#!/usr/bin/env bash
# build.sh [IMAGE]: Millrace's own image from a static binary.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../rootfs.sh
. "$here/../rootfs.sh"
(cd "$here/../../.." && CGO_ENABLED=0 go build -trimpath -o "$ROOT/millrace" ./cmd/millrace)
# As in deployments/Dockerfile: certificates, and nothing else; time zones are in the binary.
mkdir -p "$ROOT/etc/ssl/certs"
[ ! -f /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$ROOT/etc/ssl/certs/"
import "${1:-millrace:dev}" 'ENTRYPOINT ["/millrace"]' 'CMD ["run"]' 'USER 65532:65532' 'EXPOSE 8080'
