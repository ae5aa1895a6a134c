# For the build scripts here, to be sourced: a root folder made of the machine's
# own programs, each with the libraries that it loads.

# The root folder, removed when the script ends.
ROOT=$(mktemp -d)
trap 'rm -rf "$ROOT"' EXIT
chmod 755 "$ROOT"
mkdir -p "$ROOT"/{bin,etc,tmp,proc,sys,dev}
chmod 1777 "$ROOT/tmp"

# libraries FILE...: copies what the files are linked against; scripts and
# static programs are linked against nothing.
libraries() {
  { ldd "$@" 2>/dev/null || true; } | sed -nE 's#^(.*=> |\s)(/[^ ]+) .*#\2#p' | sort -u | while read -r library; do
    mkdir -p "$ROOT$(dirname "$library")"
    cp -nL "$library" "$ROOT$library"
  done
}

# programs NAME...: copies programs of the machine into /bin.
programs() {
  local name path
  for name in "$@"; do
    path=$(type -P "$name")
    cp -L "$path" "$ROOT/bin/$name"
    libraries "$path"
  done
}

# import IMAGE CHANGE...: makes the root folder an image, with Dockerfile lines.
import() {
  local image=$1 changes=() change
  shift
  for change in "$@"; do changes+=(--change "$change"); done
  tar -C "$ROOT" -c . | docker import "${changes[@]}" - "$image" >/dev/null
  echo "$image"
}
