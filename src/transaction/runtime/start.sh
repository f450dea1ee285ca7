# shellcheck shell=sh
# Takes a run from standard input, and starts its program detached. Arguments: RECORDS RUN HOW,
# where HOW is `unit` or `session`. Prints one word: started, busy, unfinished, or what is wrong.
export LC_ALL=C
umask 077
records=$1 run=$2 how=$3
directory=$records/runs/$run
(umask 022 && mkdir -p -- "$records") && mkdir -p -- "$records/runs" "$records/failed" || exit 73
# An upload that was cut off, of a run that can not come back.
find "$records/runs" -mindepth 1 -maxdepth 1 -name '*.part' -mmin +60 -exec rm -rf -- {} +
mkdir -- "$directory.part" || exit 73
if ! tar -x -f - -C "$directory.part" || [ ! -e "$directory.part/complete" ]; then
  rm -rf -- "$directory.part"
  echo incomplete
  exit 74
fi
exec 9>>"$records/lock"
if ! flock -w 2 9; then
  echo busy
  cat -- "$records/lock.owner"
  rm -rf -- "$directory.part"
  exit 0
fi
if [ -s "$records/unfinished" ]; then
  echo unfinished
  cat -- "$records/unfinished"
  rm -rf -- "$directory.part"
  exit 0
fi
[ -L "$records/gate" ] || ln -s . "$records/gate"
# The tarball need not survive a power cut: without the release the run ends before the window.
sync "$directory.part/program.sh" "$directory.part/plan.json" "$directory.part" 2>/dev/null || sync
mv -T -- "$directory.part" "$directory" || exit 73
: >"$directory/console.log"
printf '%s\n' "$run" >"$records/pending"
flock -u 9
exec 9>&-
launch "$records" "$run" "$how" "$4"
