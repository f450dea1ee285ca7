# shellcheck shell=sh
# What a host is like, to be compared with another one: one read-only round trip, nothing written,
# no root. Prints `class TAB item TAB value` and `unread TAB class TAB item TAB why`.
# A section that fails loses itself only. `salt` and `names` are set by the caller.
# shellcheck disable=SC2154
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1 PYTHONNOUSERSITE=1
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
newline='
'
tab=$(printf '\t')
value_length_max=300

# item CLASS NAME VALUE: what is long is told by its digest, or a difference at its end were lost.
item() {
  [ -n "$3" ] || return 0
  case $2$3 in
    *[![:print:]]*) set -- "$1" "$(plain "$2")" "$(plain "$3")" ;;
  esac
  [ "${#3}" -le "$value_length_max" ] || set -- "$1" "$2" "digest:$(printf '%s' "$3" | salted)"
  printf '%s\t%.300s\t%s\n' "$1" "$2" "$3"
}
plain() { printf '%s' "$1" | tr -s '\001-\037\177' ' '; }
unread() { printf 'unread\t%s\t%.300s\t%.300s\n' "$1" "$(plain "$2")" "$(plain "$3")"; }
salted() { { printf '%s\n' "$salt"; cat; } | sha256sum; }

# section CLASS COMMAND…: in a shell of its own, without our standard input, which is this program.
section() {
  section_class=$1
  shift
  ("$@") </dev/null 2>/dev/null ||
    unread "$section_class" "$section_class" "it ended with $?"
}

# What may hang (a server's own program, a file system that is gone) gets five seconds; what reads
# many files gets more, for a cold disk.
bounded() { within 5 "$@"; }
patiently() { within 20 "$@"; }
if timeout 5 true 2>/dev/null; then within() { timeout -s KILL "$@"; }
else within() { shift; "$@"; }; fi

there() { command -v "$1" >/dev/null 2>&1; }

# Without these there are no digests, or wrong ones: two hosts would look alike.
for tool in awk sed sha256sum cat tr sort cut readlink uname; do
  there "$tool" || { printf '%s is not there\n' "$tool" >&2; exit 1; }
done

# One half runs beside the other. Two that write to one pipe would mix their lines.
in_two_lanes() {
  one_half | {
    other=$(other_half)
    cat
    printf '%s\n' "$other"
    printf 'complete\tyes\t\n'
  }
}

packed() { if there gzip; then in_two_lanes | gzip; else in_two_lanes; fi; }

parity_system() {
  item architecture machine "$(uname -m)"
  ! there dpkg || item architecture userland "$(dpkg --print-architecture)"
  item kernel kernel "$(uname -r)"
  [ -n "$(uname -m)" ] && [ -n "$(uname -r)" ]
}

parity_distribution() {
  [ -r /etc/os-release ] || return 1
  item distribution distribution "$(of_os_release ID) $(of_os_release VERSION_ID)"
  [ ! -r /etc/debian_version ] || item distribution release "$(cat /etc/debian_version)"
}
of_os_release() { sed -n "s/^$1=[\"']\{0,1\}\([^\"']*\)[\"']\{0,1\}\$/\1/p" /etc/os-release; }

libc_version() {
  getconf GNU_LIBC_VERSION 2>/dev/null ||
    ldd --version 2>&1 | awk '/^musl/ { musl = 1 } musl && $1 == "Version" { print "musl", $2 }'
}

parity_libc() {
  libc=$(libc_version)
  [ -n "$libc" ] || return 1
  item libc libc "$libc"
}

# Sorting comes from the C library or from ICU; an index that was sorted otherwise is a broken one.
parity_collation() {
  rules=/usr/share/i18n/locales/iso14651_t1_common
  if [ -r "$rules" ]; then item collation libc-rules "digest:$(salted <"$rules")"
  else item collation libc-rules "as $(libc_version)"; fi
  icu=
  for file in /usr/lib/*/libicui18n.so.*.* /usr/lib64/libicui18n.so.*.* \
    /usr/lib/libicui18n.so.*.*; do
    [ ! -f "$file" ] || icu="$icu ${file##*.so.}"
  done
  item collation icu "${icu# }"
}

parity_locale() {
  for file in /etc/default/locale /etc/locale.conf; do
    [ ! -r "$file" ] || sed -n "s/^\([A-Z_]*\)=[\"']\{0,1\}\([^\"'$tab]*\)[\"']\{0,1\}\$/\1 \2/p" \
      "$file" | while read -r name value; do item locale "$name" "$value"; done
  done
  there locale || return 0
  locales=$(bounded locale -a) || return
  printf '%s\n' "$locales" | awk '{ printf "locale\t%.100s\tinstalled\n", $0 }'
}

parity_time_zone() {
  if [ -L /etc/localtime ]; then
    zone=$(readlink -f /etc/localtime)
    zone=${zone##*/zoneinfo/}
  elif [ -r /etc/timezone ]; then
    zone=$(cat /etc/timezone)
  elif [ -r /etc/localtime ]; then
    zone="digest:$(salted </etc/localtime)"
  else
    zone=UTC
  fi
  item time-zone zone "$zone"
  rules=/usr/share/zoneinfo
  if [ -r $rules/tzdata.zi ]; then
    item time-zone tzdata "$(sed -n '1s/^# version //p' $rules/tzdata.zi)"
  elif [ -r $rules/+VERSION ]; then
    item time-zone tzdata "$(cat $rules/+VERSION)"
  fi
}

# The kernel sets some limits by the size of the memory: they say no more than that.
parity_limits() {
  awk 'NR > 1 {
    name = substr($0, 1, 25)
    sub(/ +$/, "", name)
    class = name ~ /processes|pending signals/ ? "hardware" : "limits"
    split(substr($0, 26), value, " ")
    printf "%s\tlogin: %s\t%s / %s\n", class, tolower(name), value[1], value[2]
  }' /proc/self/limits || return
  [ $# != 0 ] && [ -d /run/systemd/system ] || return 0
  shown=$(bounded systemctl show -p 'Id,LoadState,LimitNOFILE,LimitNOFILESoft,LimitNPROC' \
    -p 'LimitCORE,LimitAS,LimitMEMLOCK,LimitSTACK,LimitFSIZE,MemoryMax,MemoryHigh' \
    -p 'CPUQuotaPerSecUSec,TasksMax,UMask' \
    -- "$@") || { unread limits units "systemctl ended with $?"; return 0; }
  printf '%s\n' "$shown" | awk -F= '
      function tell() {
        if (of["LoadState"] == "loaded") for (name in of) if (name !~ /^(Id|LoadState)$/)
          printf "%s\t%s %s\t%s\n", (name ~ /NPROC|TasksMax/ ? "hardware" : "limits"),
            of["Id"], name, of[name]
        split("", of)
      }
      $0 == "" { tell() }
      { of[$1] = $2 }
      END { tell() }'
}

nearest() {
  existing=$1
  while [ ! -e "$existing" ]; do existing=${existing%/*}; existing=${existing:-/}; done
  readlink -f -- "$existing"
}

# parity_mounts PATH…: type and options of the file system that holds each; devices are the host's.
parity_mounts() {
  for path in "$@"; do printf '%s\t%s\n' "$path" "$(nearest "$path")"; done | awk -F'\t' '
    BEGIN {
      while ((getline line < "/proc/self/mountinfo") > 0) {
        split(line, field, " ")
        point = field[5]
        gsub(/\\040/, " ", point)
        gsub(/\\011/, " ", point)
        gsub(/\\134/, "\\", point)
        sub(/^.* - /, "", line)
        split(line, rest, " ")
        points[++count] = point
        more = ""
        super = split(rest[3], option, ",")
        for (i = 1; i <= super; i++)
          if (option[i] ~ /^(data|errors|compress|compress-force|commit)=|^(barrier|nobarrier)$/)
            more = more "," option[i]
        value[count] = rest[1] " " field[6] more
      }
      if (!count) exit 1
    }
    {
      best = 0
      for (i = 1; i <= count; i++) {
        prefix = points[i] == "/" ? "/" : points[i] "/"
        if (index($2 "/", prefix) == 1 && (!best || length(points[i]) >= length(points[best])))
          best = i
      }
      if (best) printf "mounts\t%s\t%s\n", $1, value[best]
    }'
}

# parity_hardware PATH…
parity_hardware() {
  item hardware cores "$(getconf _NPROCESSORS_ONLN 2>/dev/null || nproc)"
  awk '$1 == "MemTotal:" { printf "hardware\tmemory\t%.0f bytes\n", $2 * 1024 }
    $1 == "SwapTotal:" { printf "hardware\tswap\t%.0f bytes\n", $2 * 1024 }' /proc/meminfo
  item hardware processor "$(awk -F': *' '$1 ~ /^model name/ { print $2; exit }' /proc/cpuinfo)"
  ! there systemd-detect-virt || item hardware virtualisation "$(bounded systemd-detect-virt)"
  for path in "$@"; do
    lines=$(bounded df -P -k -- "$(nearest "$path")") || continue
    # shellcheck disable=SC2086 # words, split on purpose
    set -- ${lines##*"$newline"}
    item hardware "free space of $path" "$((${4:-0} * 1024)) bytes"
  done
}

addresses() {
  awk '/32 host LOCAL/ { if (at !~ /^127\./ && !seen[at]++) print at } { at = $NF }' \
    /proc/net/fib_trie
  awk '$6 != "lo" && $1 !~ /^fe80/ { gsub(/..../, "&:", $1); sub(/:$/, "", $1); print $1 }' \
    /proc/net/if_inet6
}

# The identity of a machine is the host's own affair: only what can be compared leaves it.
parity_identity() {
  item identity hostname "$(uname -n)"
  for address in $(addresses | sort); do item identity "address $address" present; done
  for file in /etc/machine-id /var/lib/dbus/machine-id; do
    [ -s "$file" ] || continue
    item identity machine-id "digest:$(salted <"$file")"
    break
  done
  [ ! -r /proc/sys/kernel/random/boot_id ] ||
    item identity boot-id "digest:$(salted </proc/sys/kernel/random/boot_id)"
}
