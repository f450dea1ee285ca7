# shellcheck shell=sh
# What install and migrate write outside of what the configuration names: undo would not know of
# it. Seen by the time of the last change of each file on the local disks; deletions only in places
# that are listed before and after, since a file that is gone tells nothing.

OUTSIDE=$RUN_DIR/outside
OUTSIDE_SECONDS_MAX=300
OUTSIDE_LISTED_MAX=200000
OUTSIDE_TOLD_MAX=1000

# Nobody's business here: the system's own work, and what is told elsewhere.
OUTSIDE_IGNORED='/proc /sys /dev /run /var/run /var/log /var/cache /var/lib/systemd /var/lib/dpkg
/var/lib/apt /var/lib/rpm /var/lib/dnf /var/lib/PackageKit /var/lib/NetworkManager /var/lib/dhcp
/var/lib/chrony /var/lib/logrotate /var/lib/plocate /var/lib/mlocate /var/lib/snapd /var/lib/fwupd
/var/lib/cloud /var/lib/postgresql /var/lib/mysql /var/lib/command-not-found
/var/lib/update-notifier /var/lib/update-manager /var/spool/cron /etc/mtab /etc/.pwd.lock
/etc/resolv.conf /lost+found'

# writes_begin USER…: the mark. It is older than anything that follows: the kernel's clock for files
# moves in steps, and what happens within one step would not be newer.
writes_begin() {
  mkdir -p -- "$OUTSIDE" && printf '%s\n' "$@" >"$OUTSIDE/users" && listed_places before || return
  : >"$OUTSIDE/mark" && sleep 0.05
}

# Users whose files count; root's only where the commands run as root.
outside_users() { { cat -- "$OUTSIDE/users"; printf '%s\n' "$ME"; } | grep . | sort -u; }

# searches: who looks, and for whose files: root once for all, any other each for its own, which
# others may not see. `USER TAB USER…`
searches() {
  if [ "$ME" = root ]; then printf 'root\t%s\n' "$(outside_users | tr '\n' ' ')"
  else outside_users | awk '{ print $1 "\t" $1 }'; fi
}

# as_owner USER COMMAND…: by `env`, as the user's own commands are.
as_owner() {
  owner=$1
  shift
  if [ "$owner" = "$ME" ]; then "$@"; else sudo -n -u "$owner" -- env "$@"; fi
}

# Mount points of disks: no network, nothing that a reboot empties, except for /tmp.
local_disks() {
  awk '{ for (i = 7; $i != "-"; i++); type = $(i + 1); point = $5
    gsub(/\\040/, " ", point)
    if (type ~ /^(ext[234]|xfs|btrfs|zfs|overlay|f2fs|jfs|reiserfs|bcachefs|vfat)$/ ||
      type == "tmpfs" && point ~ /^\/(var\/)?tmp$/) print point }' /proc/self/mountinfo | sort -u
}

# Places where a deletion would hurt, and which are small enough to be listed.
bounded_places() {
  printf '%s\n' /etc /usr/local /opt "/var/lib/$APP"
  for name in $(outside_users); do getent passwd "$name" | cut -d: -f6; done |
    grep -v -x -e / -e '' -e /nonexistent -e '/var/lib/[^/]*sql' -e /proc
}

# listed_places WHEN: `UID TAB PATH` of what is no directory.
listed_places() {
  bounded_places | sort -u | while read -r place; do
    [ ! -d "$place" ] || timeout "$OUTSIDE_SECONDS_MAX" \
      find "$place" -xdev ! -type d -printf '%U\t%p\0' 2>/dev/null
  done | tr '\n\0' '?\n' | head -n "$OUTSIDE_LISTED_MAX" | sort -u >"$OUTSIDE/listed-$1"
}

# writes_found FILE DECLARED: `outside TAB written|deleted|temporary|unknown TAB path`, sorted.
# DECLARED is text: a path (with all below it) or a glob a line. `temporary` lies in /tmp and is
# told only; `unknown` says why nothing can be told, which is no pass.
writes_found() {
  printf '%s\n' "$2" >"$OUTSIDE/declared"
  {
    searches | while IFS="$(printf '\t')" read -r who whose; do
      changed_by "$who" "$whose" </dev/null || printf 'outside\tunknown\t%s\n' \
        "the disks could not be searched for changes of $whose in $OUTSIDE_SECONDS_MAX seconds"
    done
    listed_places after
    deleted
  } | sort -u >"$OUTSIDE/all"
  undeclared <"$OUTSIDE/all" | sort >"$1.part" || return
  {
    head -n "$OUTSIDE_TOLD_MAX" -- "$1.part"
    more=$(($(wc -l <"$1.part") - OUTSIDE_TOLD_MAX))
    [ "$more" -le 0 ] || printf 'outside\tunknown\tand %s more\n' "$more"
  } >"$1"
  rm -f -- "$1.part"
}

# changed_by USER USERS: files that changed since the mark. A directory tells by what is in it, and
# by itself only where it is empty. Status 1 of find is none: some directory could not be read, and
# is not the user's own. That of sudo, which may not become that user, is one.
changed_by() {
  looks=$1 disks=$(local_disks)
  since=$(stat -c %.9Y -- "$OUTSIDE/mark") && [ -n "$disks" ] || return
  for name in $2; do id -u -- "$name" >/dev/null || return; done
  any=$(for name in $2; do printf -- '-o -user %s ' "$name"; done)
  # shellcheck disable=SC2016,SC2086 # words; a mount point with a blank is not seen
  as_owner "$looks" /bin/sh -c '"$@"; told=$?; [ "$told" != 1 ] || exit 0; exit "$told"' \
    sh timeout "$OUTSIDE_SECONDS_MAX" find $disks -xdev \
    \( -path /proc -o -path /sys -o -path /dev -o -path /run \) -prune -o \
    -newerct "@$since" \( ${any#-o } \) \
    \( ! -type d -o -empty \) -printf 'outside\twritten\t%p\0' 2>/dev/null >"$OUTSIDE/found"
  status=$?
  tr '\n\0' '?\n' <"$OUTSIDE/found"
  return "$status"
}

# deleted: what was listed before and is not there now; whose it was is known.
deleted() {
  for name in $(outside_users); do id -u -- "$name"; done >"$OUTSIDE/uids"
  awk -F'\t' '
    FILENAME ~ /uids$/ { ours[$1] = 1; next }
    FILENAME ~ /after$/ { sub(/^[0-9]*\t/, ""); there[$0] = 1; next }
    $1 in ours { sub(/^[0-9]*\t/, ""); if (!($0 in there)) print "outside\tdeleted\t" $0 }
    ' "$OUTSIDE/uids" "$OUTSIDE/listed-after" "$OUTSIDE/listed-before"
}

# undeclared: lines of the input that neither the configuration names nor the system does by itself.
# A glob is the shell's; `*` matches a slash, too.
undeclared() {
  while IFS= read -r line; do
    path=${line#outside	*	}
    ! is_declared "$path" || continue
    case $line in
      outside?written?*)
        if is_temporary "$path"; then line="outside	temporary	$path"; fi ;;
    esac
    printf '%s\n' "$line"
  done
}

is_temporary() { case $1 in /tmp/* | /var/tmp/*) ;; *) return 1 ;; esac; }

is_declared() {
  for ignored in $OUTSIDE_IGNORED; do
    case $1 in "$ignored" | "$ignored"/*) return 0 ;; esac
  done
  while IFS= read -r declared; do
    [ -n "$declared" ] || continue
    # shellcheck disable=SC2254 # globs on purpose
    case $1 in "$declared" | "$declared"/* | $declared) return 0 ;; esac
  done <"$OUTSIDE/declared"
  return 1
}
