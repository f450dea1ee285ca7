# shellcheck shell=sh
# Follows a run. Arguments: RECORDS RUN JOURNAL-OFFSET CONSOLE-OFFSET. Standard input carries the
# watcher's beats, a line each; the word `cancel` asks to stop before the window. Prints frames,
# a letter and a length, then so many bytes: J journal, C console, A alive, E ended, G gone.
export LC_ALL=C
directory=$1/runs/$2 journal=$3 console=$4
[ -e "$directory/program.sh" ] || { printf 'N 0\n'; exit 0; }
beat() {
  read -r uptime _ </proc/uptime
  printf '%s\n' "${uptime%%.*}" >"$directory/watcher.new" &&
    mv -f -- "$directory/watcher.new" "$directory/watcher"
}
follow_beats() {
  while read -r word; do
    [ "$word" != cancel ] || : >"$directory/cancel"
    beat
  done
  rm -f -- "$directory/watcher"
  kill "$1" 2>/dev/null
}
exec 3<&0
follow_beats $$ <&3 &
beats=$!
trap 'kill "$beats" 2>/dev/null' EXIT

# Sets CONSOLE and JOURNAL to the sizes of the two files. One process each time: a host that is
# watched has better things to do.
look() {
  sizes=$(stat -c %s -- "$directory/console.log" "$directory/journal" 2>/dev/null)
  CONSOLE=${sizes%%"$newline"*}
  case $sizes in *"$newline"*) JOURNAL=${sizes#*"$newline"} ;; *) JOURNAL=0 ;; esac
}

# frame LETTER FILE OFFSET SIZE: sets OFFSET to what comes next.
frame() {
  OFFSET=$3
  length=$(($4 - $3))
  [ "$length" -gt 0 ] || return 0
  [ "$length" -le 1048576 ] || length=1048576
  printf '%s %s\n' "$1" "$length"
  dd if="$2" iflag=skip_bytes,count_bytes bs=65536 skip="$3" count="$length" status=none
  OFFSET=$(($3 + length))
}
ended() {
  [ -e "$directory/journal" ] && awk -F'\t' 'END { exit $2 != "end" }' "$directory/journal"
}
# Nobody holds the lock and there is no end: the program is dead.
dead() { flock -n "$1/lock" true; }
# It has told its end, and tidies up: whoever acts on the end now would find the host busy.
leaving() { grep -q -s -x -F -e "run	$2" "$1/lock.owner" && ! dead "$1"; }

newline='
'
silent=0 ticks=0 last=no late=0
ended && last=yes
[ -e "$directory/console.log" ] || : >"$directory/console.log"
while :; do
  look
  sent=$journal,$console
  frame C "$directory/console.log" "$console" "$CONSOLE"
  console=$OFFSET
  frame J "$directory/journal" "$journal" "$JOURNAL"
  journal=$OFFSET
  if [ "$sent" != "$journal,$console" ]; then
    last=no
    ! ended || last=yes
  elif [ "$last" = yes ] && { [ "$late" -ge 200 ] || ! leaving "$1" "$2"; }; then
    printf 'E 0\n'
    exit 0
  else
    [ "$last" = no ] || late=$((late + 1))
    sleep 0.05
  fi
  ticks=$((ticks + 1))
  [ $((ticks % 40)) != 0 ] || printf 'A 0\n'
  if [ $((ticks % 20)) = 0 ]; then
    if dead "$1"; then silent=$((silent + 1)); else silent=0; fi
    [ "$silent" -lt 6 ] || { printf 'G 0\n'; exit 0; }
  fi
done
