#!/usr/bin/env bash
# Fills the new disk of a test host: lab-disk.sh HOST NAME USER
# Runs in a mount namespace of its own. The host sees this machine's programs (/usr, /etc, /var)
# through an overlay; whatever else this machine has, or has set up, is hidden from it.
set -euo pipefail
host=$1 name=$2 user=$3
root=$host/root
upper=$host/disk/upper
address=$(cat "$host/address")

shown=(bin sbin lib lib32 lib64 libx32 usr etc var)
hidden=(
  var/tmp var/log var/cache var/spool var/mail var/backups var/www
  var/lib/seatrial var/lib/systemd usr/local
  etc/ssh etc/sudoers.d etc/cron.d etc/fstab etc/rc.local etc/systemd/system
  etc/rc{0,1,2,3,4,5,6,S}.d
  usr/lib/systemd/system/{sysinit,local-fs,sockets,timers,multi-user,graphical}.target.wants
)

hide() { # with the overlay's own sign for 'deleted here'
  [ -e "/$1" ] || [ -L "/$1" ] || return 0
  mkdir -p "$upper/$(dirname "$1")"
  mknod "$upper/$1" c 0 0
}

hide_the_machine() {
  local path
  for path in /* /.[!.]*; do
    [[ " ${shown[*]} " == *" ${path#/} "* ]] || hide "${path#/}"
  done
  for path in "${hidden[@]}"; do hide "$path"; done
}

make_directories() {
  mkdir -p "$root"/{proc,sys,dev,run,root,home,tmp,srv,opt,mnt,etc/ssh,etc/cron.d} \
    "$root"/var/{tmp,log,cache,spool,mail,lib/systemd} "$root"/usr/local/{bin,sbin,lib}
  chmod 700 "$root/root"
  chmod 1777 "$root/tmp" "$root/var/tmp"
}

make_identity() {
  echo "$name" >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n::1 localhost\n%s %s\n' "$address" "$name" >"$root/etc/hosts"
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
  ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$root/etc/ssh/ssh_host_ed25519_key"
  cut -d' ' -f1,2 "$root/etc/ssh/ssh_host_ed25519_key.pub" >"$host/host-key"
  echo "$address,$name $(cat "$host/host-key")" >"$host/known_hosts"
}

let_in() { # USER HOME
  install -d -m 700 "$root$2/.ssh"
  install -m 600 "$host/../../id.pub" "$root$2/.ssh/authorized_keys"
  chroot "$root" chown -R "$1" "$2/.ssh"
}

make_users() {
  # '*' is no password; '!' would be a locked account, which sshd refuses.
  chroot "$root" userdel "$user" 2>/dev/null || true
  chroot "$root" useradd --create-home --home-dir "/home/$user" --shell /bin/bash \
    --password '*' "$user"
  let_in root /root
  let_in "$user" "/home/$user"
  install -d -m 750 "$root/etc/sudoers.d"
  install -m 440 /dev/stdin "$root/etc/sudoers" <<'SUDOERS'
Defaults env_reset
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
SUDOERS
}

make_sshd() {
  cat >"$root/etc/ssh/sshd_config" <<'SSHD'
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
PidFile none
LogLevel VERBOSE
SSHD
}

# A real multi-user.target, so that units are enabled and started as anywhere, but of this
# machine's own units only those that a host cannot do without.
make_systemd() {
  local units=$root/etc/systemd/system library=/lib/systemd/system
  mkdir -p "$units"/{sysinit,sockets,multi-user}.target.wants
  ln -s $library/multi-user.target "$units/default.target"
  ln -s $library/systemd-journald.service $library/systemd-tmpfiles-setup.service \
    "$units/sysinit.target.wants"
  ln -s $library/systemd-journald.socket $library/systemd-journald-dev-log.socket \
    $library/dbus.socket "$units/sockets.target.wants"
  ln -s $library/dbus.service ../lab-sshd.service "$units/multi-user.target.wants"
  cat >"$units/lab-sshd.service" <<'UNIT'
[Unit]
Description=sshd of the test host

[Service]
ExecStart=/usr/sbin/sshd -D -E /run/lab-sshd.log
RuntimeDirectory=sshd
KillMode=process
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
}

mount -o loop "$host/disk.img" "$host/disk"
mkdir "$upper" "$host/disk/work"
hide_the_machine
mount -t overlay "$name" "$root" -o "lowerdir=/,upperdir=$upper,workdir=$host/disk/work"
make_directories
make_identity
make_users
make_sshd
make_systemd
sync --file-system "$host/disk"
umount "$root" "$host/disk"
