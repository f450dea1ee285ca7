#!/usr/bin/env bash
# What .github/workflows/example.yml needs before there is anything to release: two hosts, ready for
# Seatrial, and on production an earlier release with notes in it. On a runner, or as root.
set -euo pipefail
cd "$(dirname "$0")/../.."
seatrial() { node dist/main/index.js "$@" --config examples/notes/seatrial.yml; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
on_host() { as_root bash test/hosts/lab.sh exec "$lab" "$@"; }

missing=()
while read -r command package; do
  command -v "$command" >/dev/null || missing+=("$package")
done <<'PACKAGES'
/usr/sbin/sshd openssh-server
ip iproute2
mkfs.ext4 e2fsprogs
nft nftables
sqlite3 sqlite3
curl curl
PACKAGES
if [ ${#missing[@]} -gt 0 ]; then
  as_root apt-get --quiet --yes update
  as_root apt-get --quiet --yes install --no-install-recommends "${missing[@]}"
fi

made=$(as_root examples/notes/hosts.sh "$HOME")
lab=$(sed -n 's/^lab=//p' <<<"$made")
for name in production staging; do
  seatrial doctor --install --host "$name" | on_host "$name" root 'sh -s'
done
seatrial doctor

earlier=notes-v0.1.0
git tag --force "$earlier"
seatrial package --tag "$earlier" --remote . --output earlier
seatrial deploy --release earlier/notes-0.1.0.tar.gz --accept-unrehearsed 'the first of this job'
for text in 'the tide is high' 'the light is red'; do
  on_host production root \
    "curl -fsS --noproxy '*' --data '$text' http://127.0.0.1:8090/notes >/dev/null"
done
