#!/usr/bin/env bash
# Test hosts with faults on one Linux machine, as root. lab.ts is the caller; it says what the
# acts promise. Everything of a lab hangs on processes in one cgroup: its networks and mounts live
# in namespaces that no file pins, so that they go when the processes go.
#
#   lab.sh create OWNER_PID                      claims a number, prints the lab's directory
#   lab.sh add LAB NAME OCTET INIT MEGABYTES USER   makes the disk of a host that is down
#   lab.sh boot|crash|power-cut LAB NAME
#   lab.sh cut|heal|mute|unmute|freeze|thaw LAB NAME
#   lab.sh exec LAB NAME USER COMMAND            runs inside, standard streams are the caller's
#   lab.sh state LAB NAME                        prints up or down
#   lab.sh root LAB NAME                         prints the path of the running host's files
#   lab.sh remove LAB NAME                       ends a host and deletes it
#   lab.sh down LAB                              ends and deletes everything of the lab
#   lab.sh reap                                  the same for labs whose test process is gone
#
# A lab is /var/tmp/seatrial-lab-N with the addresses 10.83.N.0/24; this machine is 10.83.N.1,
# on the one link that it sees, strlN. The bridge is in the network namespace of a process
# called the switch: filters that other software sets up on this machine do not reach it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
labs=/var/tmp/seatrial-lab
# shellcheck source-path=SCRIPTDIR source=lab-common.sh
. "$here/lab-common.sh"
# shellcheck source-path=SCRIPTDIR source=lab-acts.sh
. "$here/lab-acts.sh"

create() {
  local owner=$1
  [ -n "$(start_of "$owner")" ] || die "no process $owner to own the lab"
  lock
  reap
  claim
  remember "$lab/owner" "$owner"
  exec 9<&-
  ssh-keygen -q -t ed25519 -N '' -C lab -f "$lab/id"
  mkdir "$(lab_cgroup)" "$(lab_cgroup)/switch"
  start_switch
  echo "$lab"
}

# Held through descriptor 9 while labs come and go.
lock() {
  exec 9</var/tmp
  flock --timeout 120 9 || die "another lab is being made for two minutes"
}

# Deletes the labs whose test process is gone. A lab without an owner was never finished: claiming
# and naming the owner happen under one lock.
reap() {
  local stale
  for stale in "$labs"-*; do
    if [ -O "$stale" ] && ! alive "$stale/owner" >/dev/null; then (lab=$stale; down); fi
  done
}

claim() {
  local n
  for n in $(seq 0 254); do
    lab=$labs-$n
    ip -4 route show match "10.83.$n.1" | grep -qv '^default' && continue
    mkdir -m 700 "$lab" 2>/dev/null && return
  done
  die "no free number for a lab under $labs-N"
}

start_switch() {
  (join_cgroup "$(lab_cgroup)/switch" && exec setsid unshare --net sleep infinity) \
    </dev/null >/dev/null 2>&1 &
  local switch=$!
  await "$boot_polls_max" apart $switch || die "the switch did not start"
  remember "$lab/switch" $switch
  ip link add "$(link)" address "$(gateway_mac)" type veth peer name gateway netns $switch
  ip addr add "$(network).1/24" dev "$(link)"
  ip link set "$(link)" up
  in_switch ip link add lab0 type bridge forward_delay 0
  in_switch ip link set gateway master lab0
  in_switch ip link set gateway up
  in_switch ip link set lab0 up
}

# Whether a process has left this machine's network namespace.
apart() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

down() {
  end_cgroup "$(lab_cgroup)" || die "processes of $lab do not end"
  local image
  for image in "$lab"/hosts/*/disk.img; do
    await "$stop_polls_max" detached "$image" || die "$image is still in use"
  done
  ip link del "$(link)" 2>/dev/null || true
  rm -rf "${lab:?}"
}

[ "$(id -u)" = 0 ] || die "needs root"
act=${1:-}
shift || true
case $act in
create) create "$@"; exit ;;
reap) lock; reap; exit ;;
esac
lab=${1:-}
[[ $lab =~ ^$labs-[0-9]+$ ]] || die "'$lab' is no directory of a lab"
shift
if [ "$act" = down ]; then
  down
  exit
fi
name=${1:-}
[[ $name =~ ^[a-z][a-z0-9-]*$ ]] || die "'$name' is no name for a host"
shift
host=$lab/hosts/$name
[ "$act" = add ] || [ -e "$host/address" ] || die "no host '$name'"
case $act in
add) add "$@" ;;
boot) boot ;;
crash) init >/dev/null; stop ;;
power-cut) power_cut ;;
cut) in_switch ip link set "$(port)" down ;;
heal) in_switch ip link set "$(port)" up ;;
mute) answers_to 02:83:00:00:00:00 ;;
unmute) answers_to "$(gateway_mac)" ;;
freeze) freeze ;;
thaw) echo 0 >"$(host_cgroup)/cgroup.freeze" ;;
exec) exec_inside "$@" ;;
state) if alive "$host/init" >/dev/null; then echo up; else echo down; fi ;;
root) echo "/proc/$(init)/root" ;;
remove) remove ;;
*) die "unknown act '$act'" ;;
esac
