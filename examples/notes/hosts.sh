#!/usr/bin/env bash
# Makes two hosts for the notes, production and staging, on this Linux machine: each with its own
# network, disk, sshd and systemd (test/hosts/lab.sh). As root:
#
#   hosts.sh HOME       lets the owner of HOME log in by ssh as notes-production, notes-staging
#
# They end with the process whose number is printed, or with `test/hosts/lab.sh down LAB`.
set -euo pipefail
home=$1
here=$(cd "$(dirname "$0")" && pwd)
lab_act() { bash "$here/../../test/hosts/lab.sh" "$@"; }

sleep infinity >/dev/null 2>&1 &
owner=$!
lab=$(lab_act create "$owner")
ssh=$home/.ssh
install -d -m 700 "$ssh"
install -m 600 "$lab/id" "$ssh/notes"
: >"$here/known_hosts"

octet=10
for name in production staging; do
  lab_act add "$lab" "$name" "$octet" systemd 512 deploy
  lab_act boot "$lab" "$name"
  address=$(cat "$lab/hosts/$name/address")
  printf 'Host notes-%s\n  HostName %s\n  HostKeyAlias notes-%s\n' "$name" "$address" "$name" \
    >>"$ssh/config"
  printf '  User deploy\n  IdentityFile %s\n' "$ssh/notes" >>"$ssh/config"
  sed "s/^[^ ]*/notes-$name/" "$lab/hosts/$name/known_hosts" >>"$here/known_hosts"
  lab_act exec "$lab" "$name" root 'cat >/etc/systemd/system/notes.service' <"$here/notes.service"
  lab_act exec "$lab" "$name" root \
    'install -d -o deploy /srv/notes /srv/notes/shared /srv/notes/shared/data
     systemctl daemon-reload; systemctl -q enable notes.service'
  octet=$((octet + 1))
done
# The rehearsal proves that staging cannot reach production, by the address of its name there.
lab_act exec "$lab" staging root 'cat >>/etc/hosts' \
  <<<"$(cat "$lab/hosts/production/address") notes-production"
chown -R --reference="$home" "$ssh" "$here/known_hosts"
echo "lab=$lab"
echo "owner=$owner"
