#!/usr/bin/env bash
# The acts of lab.sh on one host. Expects `lab`, `host` (the host's directory), `name` and `here`.
# shellcheck disable=SC2154 # the caller's variables

host_cgroup() { echo "$(lab_cgroup)/host-$name"; }
address() { cat "$host/address"; }
port() { echo "h$(cut -d. -f4 "$host/address")"; }
init() { alive "$host/init" || die "host '$name' is down"; }

add() {
  local octet=$1
  [ ! -e "$host" ] || die "host '$name' exists"
  mkdir -p "$host/disk" "$host/root"
  echo "$(network).$octet" >"$host/address"
  printf '02:83:00:00:%02x:%02x' "$(number)" "$octet" >"$host/mac"
  echo "$2" >"$host/kind"
  truncate --size "$3M" "$host/disk.img"
  mkfs.ext4 -q -F -b 4096 -m 0 -E lazy_itable_init=1,nodiscard "$host/disk.img"
  unshare --mount --propagation private bash "$here/lab-disk.sh" "$host" "$name" "$4"
  await "$stop_polls_max" detached "$host/disk.img" || die "the new disk of '$name' stays in use"
}

boot() {
  alive "$host/init" >/dev/null && die "host '$name' is up"
  stop # what a host that ended by itself left
  mkdir "$(host_cgroup)"
  # Permanent, here and in the host: packages to a host that is off or cut vanish without an
  # error, as behind a router. Learnt addresses would turn into 'No route to host' after a while.
  ip neigh replace "$(address)" lladdr "$(cat "$host/mac")" dev "$(link)" nud permanent
  local switch
  switch=$(alive "$lab/switch") || die "the lab's switch is gone"
  (join_cgroup "$(host_cgroup)" && exec setsid env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    unshare --mount --propagation private --net bash "$here/lab-host.sh" \
    "$host" "$name" "$switch" "$(network).1" "$(gateway_mac)") \
    </dev/null >"$host/console.log" 2>&1 &
  remember "$host/keeper" $!
  await "$boot_polls_max" started || die "boot of '$name' takes too long: $(console)"
  remember "$host/init" "$(cat "$host/init.pid")"
  await "$boot_polls_max" serves || die "'$name' does not serve: $(console)"
}

console() { tail -n 5 "$host/console.log"; }

started() {
  alive "$host/keeper" >/dev/null || die "boot of '$name' failed: $(console)"
  [ -s "$host/init.pid" ]
}

serves() {
  alive "$host/init" >/dev/null || die "'$name' ended: $(console)"
  answers || return 1
  [ "$(cat "$host/kind")" != systemd ] || settled
}
answers() {
  # The banner counts, not the connection: the kernel accepts before sshd does.
  # shellcheck disable=SC2016 # expands in the inner shell
  timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/22" && read -r banner <&3 && [[ $banner == SSH-* ]]' \
    _ "$(address)" 2>/dev/null
}
settled() {
  local state
  state=$(bash "$0" exec "$lab" "$name" root 'systemctl is-system-running' 2>/dev/null) || true
  [ "$state" = running ] || [ "$state" = degraded ]
}

# Ends every process; with the last one its namespaces, mounts and loop device go.
stop() {
  end_cgroup "$(host_cgroup)" || die "processes of '$name' do not end"
  await "$stop_polls_max" detached "$host/disk.img" || die "the disk of '$name' stays in use"
  in_switch ip link del "$(port)" 2>/dev/null || true
  rm -f "$host/init" "$host/init.pid" "$host/keeper"
}

# As when the plug is pulled: silence on the network first, then nothing reaches the disk any more,
# not even the journal of ext4, and only then the processes end: none can tell of its end.
power_cut() {
  local keeper
  init >/dev/null
  keeper=$(alive "$host/keeper") || die "'$name' has no keeper"
  in_switch ip link set "$(port)" down
  echo 1 >"$(host_cgroup)/cgroup.freeze"
  # A process that waits for the disk freezes later, or never: it is killed in the end.
  await 10 frozen || true
  nsenter --target "$keeper" --mount /usr/bin/python3 - "$host/disk" <<'PY'
import fcntl, os, struct, sys
shutdown_without_flushing_the_log = struct.pack("I", 2)
disk = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(disk, 0x8004587D, shutdown_without_flushing_the_log)  # FS_IOC_SHUTDOWN of Linux
PY
  stop
}

freeze() {
  init >/dev/null
  echo 1 >"$(host_cgroup)/cgroup.freeze"
  await "$stop_polls_max" frozen || die "'$name' does not freeze"
}
frozen() { grep -qx 'frozen 1' "$(host_cgroup)/cgroup.events"; }

# The host sends to a link address that nobody has: it hears, and its answers vanish unnoticed.
answers_to() {
  nsenter --target "$(init)" --net \
    ip neigh replace "$(network).1" lladdr "$1" dev eth0 nud permanent
}

exec_inside() {
  local user=$1 text=$2 target
  target=$(init)
  join_cgroup "$(host_cgroup)"
  # The shell in between is the parent from outside, and nsenter does not fork: as a parent it would
  # stop itself along with its child when a host that shuts down stops all, and never end.
  # shellcheck disable=SC2016 # expands inside the host
  exec nsenter --no-fork --target "$target" \
    --mount --pid --net --uts --ipc --cgroup --root --wd \
    env -i TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    sh -c 'home=$(getent passwd "$1" | cut -d: -f6) && group=$(id -g "$1") &&
      setpriv --reuid "$1" --regid "$group" --init-groups \
        env HOME="$home" USER="$1" LOGNAME="$1" sh -c "$2"
      exit "$?"' sh "$user" "$text"
}

remove() {
  stop
  ip neigh del "$(address)" dev "$(link)" 2>/dev/null || true
  rm -rf "${host:?}"
}
