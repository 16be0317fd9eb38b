#!/usr/bin/env bash
# npm run test:bare [-- start] [-- test]: tries `npm test` and `npm start` on a bare machine: a chroot of plain Debian with Node, npm and
# git, and nothing else. Without an argument both, start first. Needs root and debootstrap.
#
#   BARE_ROOT=/var/tmp/offline-sync-bare   where the machine is made, about 3 GB; it is deleted at the end
#   BARE_RELEASE=bookworm                  the Debian release
#   BARE_KEEP=1                            leaves the machine for a look inside
#
# The repository is cloned from HEAD: commit first. Its path in there has spaces. Where the Google Cloud CLI is installed, its
# emulators are lent to the machine, because firebase-tools may not be able to download them.
set -euo pipefail
cd "$(dirname "$0")/../.."

root="${BARE_ROOT:-/var/tmp/offline-sync-bare}"
release="${BARE_RELEASE:-bookworm}"
steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(start test)

fail() {
  echo "✗ $1" >&2
  exit 1
}

[ "$(id -u)" -eq 0 ] || fail 'A chroot needs root: run "sudo npm run test:bare".'
command -v debootstrap >/dev/null || fail 'debootstrap is not installed: run "apt-get install -y debootstrap".'
[ ! -e "$root" ] || fail "$root exists: delete it, or name another directory in BARE_ROOT."

if [ "${BARE_INSIDE:-}" != yes ]; then
  # In namespaces of its own, so that mounts and processes end with this script, whatever happens.
  BARE_INSIDE=yes exec unshare --mount --propagation private --pid --fork --kill-child "$0" "$@"
fi
[ "${BARE_KEEP:-}" = 1 ] || trap 'umount --recursive "$root" 2>/dev/null; rm -rf --one-file-system "$root"' EXIT

began=$SECONDS
echo "• Making a bare Debian ($release) in $root …"
mkdir -p "$root"
mount --bind "$root" "$root" # So that everything below is unmounted with it.
debootstrap --variant=minbase --include=git "$release" "$root" >"/tmp/debootstrap.$$.log" 2>&1 ||
  fail "debootstrap failed; the log is /tmp/debootstrap.$$.log."
rm "/tmp/debootstrap.$$.log"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"

# The Node and npm of this machine, as somebody would have unpacked them.
mkdir -p "$root/usr/local/lib/node_modules"
cp "$(node -p process.execPath)" "$root/usr/local/bin/node"
cp -r "$(npm root --global)/npm" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"

environment=(HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
for name in http_proxy https_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY no_proxy; do
  [ -z "${!name:-}" ] || environment+=("$name=${!name}")
done
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then # Networks that sign with a certificate of their own.
  cp "$NODE_EXTRA_CA_CERTS" "$root/etc/extra-ca.pem"
  environment+=(NODE_EXTRA_CA_CERTS=/etc/extra-ca.pem)
fi
if command -v gcloud >/dev/null; then
  cli="$(dirname "$(dirname "$(realpath "$(command -v gcloud)")")")"
  mkdir -p "$root$cli"
  mount --bind -o ro "$cli" "$root$cli"
  ln -s "$cli/bin/gcloud" "$root/usr/local/bin/gcloud"
fi
echo "✓ Made it in $((SECONDS - began)) s: $(chroot "$root" /usr/local/bin/node --version), npm, git."

# Runs a command in the clone; the last thing that a subshell does.
inside() {
  exec chroot "$root" /usr/bin/env -i "${environment[@]}" bash -c "cd '/root/offline audio sync' && $1" </dev/null
}

git clone --quiet --bare . "$root/srv/offline-audio-sync.git"
chroot "$root" /usr/bin/env -i "${environment[@]}" git clone --quiet /srv/offline-audio-sync.git '/root/offline audio sync'

try_start() {
  local log="$root/tmp/start.log" link=''
  (inside 'exec npm start') >"$log" 2>&1 &
  local pid=$!
  while kill -0 "$pid" 2>/dev/null && [ -z "$link" ]; do
    sleep 1
    link="$(grep -o 'Open http://[^ ]*' "$log" | cut -d' ' -f2 || true)"
  done
  cat "$log"
  [ -n "$link" ] || fail 'npm start ended without a link.'
  chroot "$root" /usr/local/bin/node -e "fetch('$link').then(async (r) => { if (!/<title>/.test(await r.text())) throw r; })" ||
    fail "$link is not the console."
  kill -TERM "$pid"
  wait "$pid" || true
}

for step in "${steps[@]}"; do
  began=$SECONDS
  echo "• npm $step, on the bare machine"
  case "$step" in
    start) try_start ;;
    test) (inside 'exec npm test --silent') || fail "npm test failed after $((SECONDS - began)) s." ;;
    *) fail "There is no step \"$step\": start and test there are." ;;
  esac
  echo "✓ npm $step took $((SECONDS - began)) s on the bare machine."
done
