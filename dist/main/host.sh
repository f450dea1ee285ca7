# shellcheck shell=sh disable=SC2154,SC2034,SC2015 # the constants stand above
# The root-owned program on staging that cuts the application off from the network, and proves it.
# Written by `seatrial doctor --install --host staging` with these constants above it:
#   APP OWNER (the login) RECORDS USERS GROUP (yes: a group of processes is cut off, too: commands
#   that root runs, and units without a user of their own) ROOT_RUNS (something is in it as root)
#   ALLOW PATHS UNITS PIDFILES; lists are separated by line breaks.
# Verbs take no argument, so that a line for sudo allows this and nothing else. What is wrong is
# printed as `problem TAB message TAB fix` lines, and then the status is 1.
#   on      the rules are in force; may be repeated, and then there is no gap
#   check   they are in force as they were made
#   prove   targets on standard input (`tcp|udp HOST PORT` a line): refused to every user
#   look    what would start or send mail behind our back: schedules, mail programs
#   still   check, and every process of the services is covered
#   start   may a unit of the application start? Without a copy on this host: yes
#   off     the rules are gone; only on a host without a copy

STORE=/run/seatrial-isolation-$APP
FORWARDERS='ssh autossh sshuttle socat stunnel stunnel4 squid tinyproxy privoxy'
newline='
'

problem() {
  printf 'problem\t%s\t%s\n' "$1" "$2"
  return 1
}

# uids: of all users; one that is root in truth would cut off the host, and its administrator.
uids() {
  for user in $USERS; do
    uid=$(id -u -- "$user" 2>/dev/null) || problem "the host has no user $user" \
      'Create it, or name the right ones: staging: { isolation: { users: […] } }.' || continue
    if [ "$uid" = 0 ]; then
      problem "the rules cannot hold for $user, who is root" 'Run it as a user of its own.'
    else
      printf '%s\n' "$uid"
    fi
  done
}

# addresses HOST: all that it means on this host, as its administrator resolves it.
addresses() {
  case $1 in
    localhost) printf '127.0.0.1\n::1\n' ;;
    *[!0-9.:a-fA-F]*) getent ahosts "$1" | awk '{ print $1 }' | sort -u ;;
    *:* | *.*.*.*) printf '%s\n' "$1" ;;
    *) getent ahosts "$1" | awk '{ print $1 }' | sort -u ;;
  esac
}

# What is allowed, as `ADDRESS PORT` lines.
allowed() {
  for entry in $ALLOW; do
    host=${entry%:*}
    host=${host#[}
    found=$(addresses "${host%]}")
    case ${entry##*:} in '' | *[!0-9]*) found= ;; esac
    [ -n "$found" ] || problem "$entry, which isolation allows, means no address on this host" \
      'Look how it is spelled, or write its address.' >&2
    for address in $found; do printf '%s %s\n' "$address" "${entry##*:}"; done
  done
}

# group: the directory of the slice that such units stand in, and in it the group that commands of
# root join. Nothing else of root is touched.
group() {
  for top in /sys/fs/cgroup /sys/fs/cgroup/unified; do
    [ "$(stat -f -c %T -- "$top" 2>/dev/null)" = cgroup2fs ] || continue
    printf '%s/%s' "$top" "$SLICE"
    return
  done
  return 1
}
SLICE=seatrial_$(printf '%s' "$APP" | tr - _).slice

# An active slice stays, also while nothing runs in it; a rule names it by a number of its own.
make_group() {
  directory=$(group) || return
  [ ! -d /run/systemd/system ] || systemctl start -- "$SLICE" || return
  mkdir -p -- "$directory/commands"
}

remove_group() {
  directory=$(group) && [ -d "$directory" ] || return 0
  rmdir -- "$directory/commands" 2>/dev/null
  [ ! -d /run/systemd/system ] || systemctl stop -- "$SLICE"
  [ ! -d "$directory" ] || rmdir -- "$directory" 2>/dev/null ||
    printf 'a process is still in the group of isolated commands\n'
}

on() {
  choose_backend || return
  found=$(uids)
  case $found in *problem*) printf '%s\n' "$found" | grep problem; return 1 ;; esac
  mkdir -p -- "$STORE" && install -d /run/seatrial &&
    install -d -o "$OWNER" "/run/seatrial/$APP" || return
  printf '%s\n' "$found" | sort -u | grep . >"$STORE/uids"
  allowed >"$STORE/allowed" 2>"$STORE/said"
  if [ -s "$STORE/said" ]; then cat "$STORE/said"; return 1; fi
  [ "$GROUP" != yes ] || make_group ||
    problem 'what root runs cannot be isolated: the host has no cgroups of version 2' \
      'Give each command and each unit a user that is not root.' || return
  rm -f -- "$STORE/rules"
  "${BACKEND}_on" >"$STORE/said" 2>&1 && "${BACKEND}_listing" >"$STORE/rules.new" &&
    [ -s "$STORE/rules.new" ] && mv -- "$STORE/rules.new" "$STORE/rules" ||
    problem "the rules could not be set: $(tail -n 1 "$STORE/said")" \
      'Look whether this kernel has nftables (or iptables with owner match), then run it again.'
}

check() {
  [ -s "$STORE/rules" ] || problem 'the application is not isolated' "$again" || return
  choose_backend || return
  "${BACKEND}_listing" 2>/dev/null | cmp -s - "$STORE/rules" ||
    problem 'the rules of the isolation were changed or removed since they were made' \
      "Look what flushes the rules of this host (a firewall that was reloaded, say). $again"
}
again='Run it again: seatrial rehearse sets and proves them anew.'

# start: run by systemd as a condition, in the group of the unit that is about to be started.
start() {
  [ -e "$RECORDS/copied" ] || return 0
  check || return
  place=$(sed -n -e 's/^0:://p' -e 's/^[0-9]*:name=systemd://p' /proc/self/cgroup | grep -v -x /)
  case $place in *"/$SLICE/"*) return ;; esac
  unit=${place%/.control}
  unit=${unit##*/}
  user=$(systemctl show -p User --value -- "$unit")
  is_user "$user" || problem "$unit would run as ${user:-root}, for whom no rule holds" \
    "On staging, run: $installs"
}

off() {
  [ ! -e "$RECORDS/copied" ] ||
    problem 'a copy of production is on this host, and stays cut off' \
      'Remove it first: seatrial rehearse --forget.' || return
  nft_off 2>/dev/null
  iptables_off 2>/dev/null
  remove_group
  rm -rf -- "${STORE:?}" "/run/seatrial/$APP/isolated"
}

still() {
  check || return
  for unit in $UNITS; do
    place=$(systemctl show -p ControlGroup --value -- "$unit" 2>/dev/null)
    [ -n "$place" ] || continue
    for top in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
      [ ! -d "$top$place" ] || covered "$unit" "$(find "$top$place" -name cgroup.procs \
        -exec cat {} + 2>/dev/null | sort -u)"
    done
  done
  for pidfile in $PIDFILES; do
    [ ! -s "$pidfile" ] || covered "the process of $pidfile" "$(head -n 1 -- "$pidfile")"
  done
}

# covered WHAT PIDS: each runs as one of the users, or in the group.
covered() {
  for pid in $2; do
    uid=$(awk '$1 == "Uid:" { print $5 }' "/proc/$pid/status" 2>/dev/null)
    [ -n "$uid" ] || continue
    ! grep -q -x -e "$uid" "$STORE/uids" 2>/dev/null || continue
    ! grep -q -F -e "::/$SLICE/" "/proc/$pid/cgroup" 2>/dev/null || continue
    problem "$1 runs as $(id -n -u -- "$uid" 2>/dev/null || echo "$uid"), for whom no rule holds" \
      "Name that user: staging: { isolation: { users: […] } }, then: $installs"
  done
}
installs='seatrial doctor --install --host staging'

main() {
  set -u
  umask 022
  export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
  [ "$(id -u)" = 0 ] || problem 'the program of the isolation needs root' \
    "The lines for sudoers come from: $installs" || exit 1
  case $#$1 in
    1on | 1off | 1check | 1prove | 1look | 1still | 1start) ;;
    *) exit 2 ;;
  esac
  # What is wrong may be found in a pipe, whose variables are lost: the words themselves count.
  output=$("$1")
  status=$?
  [ -z "$output" ] || printf '%s\n' "$output"
  case $output in problem* | *"${newline}problem"*) exit 1 ;; esac
  exit "$status"
}
