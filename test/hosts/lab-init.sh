#!/bin/sh
# The first process of a test host: lab-init.sh HOST NAME sshd|systemd
# Starts in namespaces of its own, still with the machine's files and /proc; ends as the init.
set -eu
host=$1 name=$2 kind=$3
root=$host/root
# Read from the machine's /proc, this is the id that the machine knows the process by.
read -r pid _ </proc/self/stat

device() {
  mknod -m 666 "$root/dev/$1" c "$2" "$3"
}

mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid,nodev run "$root/run"
mount -t tmpfs -o mode=755,nosuid dev "$root/dev"
device null 1 3
device zero 1 5
device full 1 7
device random 1 8
device urandom 1 9
device tty 5 0
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/run/sshd" "$root/run/old"
mkdir -m 1777 "$root/run/lock"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs -o mode=1777,nosuid,nodev shm "$root/dev/shm"
mount -t cgroup2 cgroup "$root/sys/fs/cgroup"

# The settings of the kernel belong to the machine, not to the host.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
if [ -e "$root/proc/sysrq-trigger" ]; then
  mount --bind "$root/dev/null" "$root/proc/sysrq-trigger"
fi
# Every boot has an id of its own, as on a real machine; the kernel's would stay the same.
cat /proc/sys/kernel/random/uuid >"$host/boot_id"
mount --bind "$host/boot_id" "$root/proc/sys/kernel/random/boot_id"
# The log of sshd is kept outside: a full disk or a power cut of the host does not touch it.
: >>"$host/sshd.log"
: >"$root/run/lab-sshd.log"
mount --bind "$host/sshd.log" "$root/run/lab-sshd.log"

hostname "$name"
echo "$pid" >"$host/init.pid"
cd "$root"
pivot_root . run/old
case $kind in
systemd) last='exec env container=other /lib/systemd/systemd --system' ;;
*) last='[ ! -x /etc/rc.local ] || /etc/rc.local; exec /usr/sbin/sshd -D -E /run/lab-sshd.log' ;;
esac
exec chroot . /bin/sh -c "umount -l /run/old; rmdir /run/old; $last"
