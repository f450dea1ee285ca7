# shellcheck shell=sh
# How fast a host is: about a second and a half, at most 64 MB in a directory that is removed.
# Prints `name TAB number`: MB a second, for `fsync` milliseconds; `skipped TAB name TAB why`.
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
newline='
'

there() { command -v "$1" >/dev/null 2>&1; }
skip() { printf 'skipped\t%s\t%s\n' "$1" "$2"; }
if timeout 3 true 2>/dev/null; then bounded() { timeout 3 "$@"; }
else bounded() { "$@"; }; fi

# Nanoseconds; where date has none, the clock of the kernel in hundredths of a second.
now() {
  instant=$(date +%s%N)
  case $instant in
    *[!0-9]*) awk '{ printf "%.0f", $1 * 1e9 }' /proc/uptime ;;
    *) printf '%s' "$instant" ;;
  esac
}
# rate BYTES NANOSECONDS: in MB a second.
rate() { awk -v bytes="$1" -v time="$2" 'BEGIN { printf "%.2f", bytes * 1000 / (time + 1) }'; }

# repeat NAME BYTES COMMAND…: the best round of a quarter of a second: others may be busy, and in a
# window they are not.
repeat() {
  what=$1 bytes=$2 best='' rounds=0
  shift 2
  begun=$(now)
  last=$begun
  while [ "$rounds" -lt 100 ] && [ $((last - begun)) -lt 250000000 ]; do
    "$@" >/dev/null 2>&1 || { skip "$what" 'it failed'; return 0; }
    rounds=$((rounds + 1)) before=$last
    last=$(now)
    if [ -z "$best" ] || [ "$best" -gt $((last - before)) ]; then best=$((last - before)); fi
  done
  printf '%s\t%s\n' "$what" "$(rate "$bytes" "$best")"
}

# The same text on every host, as compressible as prose.
make_text() {
  awk 'BEGIN { x = 42
    for (i = 0; i < 90000; i++) { x = x * 16807 % 2147483647; printf "%x ", x % 70000 } }'
}
zip_text() { printf '%s' "$text" | gzip -6; }
hash_zeros() { dd if=/dev/zero bs=65536 count=128 2>/dev/null | sha256sum; }

speed_processor() {
  text=$(make_text)
  if there gzip; then repeat gzip "${#text}" zip_text; else skip gzip 'it is not there'; fi
  repeat sha256 8388608 hash_zeros
}

free_kilobytes() {
  lines=$(bounded df -P -k -- "$1")
  # shellcheck disable=SC2086 # words, split on purpose
  set -- ${lines##*"$newline"}
  printf '%s' "${4:-0}"
}

# place FREE_KILOBYTES DIRECTORY…: the first that is ours to write in, on a real disk.
place() {
  need=$1
  shift
  for directory in "$@"; do
    if [ ! -d "$directory" ] || [ ! -w "$directory" ]; then continue; fi
    case $(stat -f -c %T -- "$directory") in tmpfs | ramfs) continue ;; esac
    [ "$(free_kilobytes "$directory")" -ge "$need" ] || { crowded=$directory; continue; }
    chosen=$directory
    return 0
  done
  return 1
}

# speed_disk FREE_KILOBYTES DIRECTORY…
speed_disk() {
  chosen='' crowded=''
  if ! place "$@"; then
    why='no directory on a disk is ours to write in'
    [ -z "$crowded" ] || why="less than $(($1 / 1024)) MB are free in $crowded"
    for name in write read fsync; do skip "$name" "$why"; done
    return 0
  fi
  printf 'place\t%s\n' "$chosen"
  # What an earlier one left that was killed hard.
  find "$chosen" -maxdepth 1 -name '.seatrial-speed-*' -user "$(id -u)" -mmin +60 \
    -exec rm -rf -- {} + 2>/dev/null
  scratch=$chosen/.seatrial-speed-$$
  trap 'rm -rf -- "$scratch"' EXIT
  trap 'exit 1' HUP INT TERM PIPE
  mkdir -m 700 -- "$scratch" || { skip write 'it failed'; return 0; }
  # Nothing that a file system could compress, or share.
  dd if=/dev/urandom of="$scratch/seed" bs=65536 count=64 2>/dev/null
  disk_write && disk_read
  disk_fsync
  rm -rf -- "$scratch"
}

seeds() { count=$1; while [ "$count" -gt 0 ]; do cat "$scratch/seed"; count=$((count - 1)); done; }

# A slow disk is not written to for long: the larger amount follows where the smaller was quick.
disk_write() {
  for seeds in 2 12; do
    begun=$(now)
    seeds "$seeds" | bounded dd of="$scratch/data" bs=1048576 conv=fsync 2>/dev/null ||
      { skip write 'it failed, or took too long'; return 1; }
    spent=$(($(now) - begun))
    [ "$spent" -lt 100000000 ] || break
  done
  printf 'write\t%s\n' "$(rate $((seeds * 4194304)) "$spent")"
}

# Past the cache of the kernel, or it were the memory's speed.
disk_read() {
  begun=$(now)
  if bounded dd if="$scratch/data" of=/dev/null bs=1048576 iflag=direct 2>/dev/null; then
    spent=$(($(now) - begun))
    printf 'read\t%s\n' "$(rate $((seeds * 4194304)) "$spent")"
  else
    skip read 'the file system reads through its cache only'
  fi
}

disk_fsync() {
  for blocks in 4 40; do
    begun=$(now)
    bounded dd if="$scratch/seed" of="$scratch/small" bs=4096 count="$blocks" oflag=dsync \
      2>/dev/null || { skip fsync 'it failed, or took too long'; return 0; }
    spent=$(($(now) - begun))
    [ "$spent" -lt 30000000 ] || break
  done
  printf 'fsync\t%s\n' \
    "$(awk -v time="$spent" -v count="$blocks" 'BEGIN { printf "%.4f", time / count / 1e6 }')"
}
