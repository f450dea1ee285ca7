#!/usr/bin/env bash
# The keeper of a running test host: lab-host.sh HOST NAME SWITCH_PID GATEWAY GATEWAY_MAC
# Runs in a network and a mount namespace of its own, in the host's cgroup. Joins the network to
# the lab's switch, mounts the disk, and waits for the host's first process. The disk can be reached
# through this process's mount namespace (for a power cut), and goes when the process goes.
set -euo pipefail
host=$1 name=$2 switch=$3 gateway=$4 gateway_mac=$5
here=$(cd "$(dirname "$0")" && pwd)
address=$(cat "$host/address")
port=h${address##*.}

ip link set lo up
ip link add eth0 address "$(cat "$host/mac")" type veth peer name "$port" netns "$switch"
nsenter --target "$switch" --net ip link set "$port" master lab0
nsenter --target "$switch" --net ip link set "$port" up
ip addr add "$address/24" dev eth0
ip link set eth0 up
# No default route: a host reaches its lab and nothing else.
ip neigh replace "$gateway" lladdr "$gateway_mac" dev eth0 nud permanent

# Long commit and no flushing in between: what nobody flushed is lost by a power cut, always.
mount -o loop,commit=300 "$host/disk.img" "$host/disk"
mount -t overlay "$name" "$host/root" \
  -o "lowerdir=/,upperdir=$host/disk/upper,workdir=$host/disk/work"

unshare --mount --propagation private --pid --fork --uts --ipc --cgroup \
  sh "$here/lab-init.sh" "$host" "$name" "$(cat "$host/kind")"
