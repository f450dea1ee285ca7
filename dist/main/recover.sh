# shellcheck shell=sh
# Finishes what a dead program left. Arguments: RECORDS RUN|- HOW APPLICATION FORCE.
# Prints: nothing (there is nothing to recover), busy, started RUN, or what is wrong.
export LC_ALL=C
umask 077
records=$1 run=$2
[ -s "$records/unfinished" ] || { echo nothing; exit 0; }
run=$(cat "$records/unfinished")
[ -e "$records/runs/$run/program.sh" ] || { printf 'gone\n%s\n' "$run"; exit 0; }
exec 9>>"$records/lock"
if ! flock -w 2 9; then
  echo busy
  cat -- "$records/lock.owner"
  exit 0
fi
flock -u 9
exec 9>&-
how=$3
# The unit does not carry on where a person was asked; a person who says so needs a session.
[ -z "$5" ] || how=session
word=$(launch "$records" "$run" "$how" "$4" "$5")
printf '%s\n%s\n' "$word" "$run"
