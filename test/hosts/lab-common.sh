#!/usr/bin/env bash
# What the acts of lab.sh share: names, processes, cgroups. Expects `lab`, the lab's directory.
# shellcheck disable=SC2034,SC2154 # variables cross files here

die() { echo "lab.sh: $*" >&2; exit 1; }

poll_seconds=0.05
boot_polls_max=1200
stop_polls_max=600

number() { echo "${lab##*-}"; }
network() { echo "10.83.$(number)"; }
link() { echo "strl$(number)"; }

lab_cgroup() {
  # Version 2 of cgroups stands alone, or beside version 1.
  local top=/sys/fs/cgroup
  [ ! -d $top/unified ] || top=$top/unified
  echo "$top/seatrial-lab-$(number)"
}

# When a process started, in clock ticks: with its id it names one process for ever.
# Nothing for a process that has ended, be it still a zombie.
start_of() { sed -n 's/.*) [^ZX] //p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f19; }
remember() { echo "$2 $(start_of "$2")" >"$1"; }
# Prints the id that `remember` wrote, where that very process still runs.
alive() {
  local id start
  [ -s "$1" ] && read -r id start <"$1" && [ "$(start_of "$id")" = "$start" ] && echo "$id"
}

# Runs a test until it holds; false after the number of polls.
await() {
  local polls=$1
  shift
  until "$@"; do
    polls=$((polls - 1))
    [ "$polls" -gt 0 ] || return 1
    sleep $poll_seconds
  done
}

detached() { [ ! -e "$1" ] || [ -z "$(losetup --associated "$1")" ]; }

join_cgroup() { echo "$BASHPID" >"$1/cgroup.procs"; }
end_cgroup() {
  [ -d "$1" ] || return 0
  echo 1 >"$1/cgroup.kill"
  await "$stop_polls_max" unpopulated "$1" || return 1
  find "$1" -depth -type d -exec rmdir {} +
}
unpopulated() { grep -qx 'populated 0' "$1/cgroup.events"; }

in_switch() { nsenter --target "$(alive "$lab/switch")" --net "$@"; }
gateway_mac() { printf '02:83:00:00:%02x:01' "$(number)"; }
