# shellcheck shell=sh disable=SC2034 # other parts use them
# What every kind of state shares, in a transaction, in a copy and in gathering facts.

TAB=$(printf '\t')

# spec SPEC NAME: one field of a specification (src/state/spec.ts), empty where it is not given.
# What has no fields is its `path`.
spec() {
  case $1 in
    /*) [ "$2" != path ] || printf '%s' "$1"; return 0 ;;
  esac
  printf '%s\n' "$1" | tr '\t' '\n' | NAME=$2 awk '
    index($0, ENVIRON["NAME"] "=") == 1 {
      text = substr($0, length(ENVIRON["NAME"]) + 2)
      out = ""
      while (length(text) > 0) {
        c = substr(text, 1, 1)
        if (c == "\\") {
          n = substr(text, 2, 1)
          out = out (n == "n" ? "\n" : n == "t" ? "\t" : n)
          text = substr(text, 3)
        } else { out = out c; text = substr(text, 2) }
      }
      printf "%s", out
      exit
    }'
}

# as_account USER [NAME=VALUE…] COMMAND…: runs it as that user of the system, with the home
# directory of that user: there the passwords of databases lie. Empty: as we are. Passes streams.
as_account() {
  account=$1 self=$(id -un)
  shift
  [ -n "$account" ] || account=$self
  entry=$(getent passwd "$account" 2>/dev/null)
  entry=${entry%:*}
  set -- HOME="${entry##*:}" USER="$account" LOGNAME="$account" PATH="$PATH" LC_ALL=C "$@"
  # A directory that the other user may not enter is no place to work in.
  if [ "$account" = "$self" ]; then env "$@"
  elif [ "$(id -u)" = 0 ]; then (cd / && exec runuser -u "$account" -- env -i "$@")
  else (cd / && exec sudo -n -u "$account" env -i "$@"); fi
}

# told_of LABEL KEY VALUE: one fact of a state, as its verb `probe` prints it.
told_of() { printf 'state\t%s\t%s\t%s\n' "$1" "$2" "$3"; }

# free_beside PATH: bytes free where its copies go; empty where even its directory is missing.
free_beside() {
  df -P -k -- "$(dirname -- "$1")" 2>/dev/null | awk 'NR == 2 { printf "%.0f\n", $4 * 1024 }'
}

# copied_as files|physical|logical: told by a verb `copy` where it is not what is usual.
copied_as() { printf 'way\t%s\n' "$1" >&2; }

# counted FILE: passes on what it reads, and leaves in the file how much it was. What tar writes
# comes in whole records: an end that was cut off shows even where tar would not miss it.
counted() { dd bs=262144 2>"$1"; }

whole_records() {
  bytes=$(tail -n 1 -- "$1" | sed -n 's/^\([0-9]*\) bytes .*/\1/p')
  [ -n "$bytes" ] && [ "$bytes" -gt 0 ] && [ $((bytes % 10240)) = 0 ]
}

# open_in NAME: processes that have a file open which /proc shows by this name, one a line.
open_in() {
  find /proc/[0-9]*/fd -maxdepth 1 -type l -printf '%h\t%l\n' 2>/dev/null |
    SOUGHT=$1 awk -F'\t' '$2 == ENVIRON["SOUGHT"] { split($1, part, "/"); print part[3] }' |
    sort -u
}
