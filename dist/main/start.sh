# shellcheck shell=sh
# Takes a run from standard input, and starts its program detached. Arguments: RECORDS RUN HOW
# APPLICATION BYTES RELEASES, where HOW is `unit` or `session`. The input is so many bytes of the
# tarball, and then a tar of the rest. Prints one word: started, busy, unfinished, or what is wrong.
export LC_ALL=C
umask 077
records=$1 run=$2 how=$3 bytes=$5 releases=$6
directory=$records/runs/$run
(umask 022 && mkdir -p -- "$records") && mkdir -p -- "$records/runs" "$records/failed" || exit 73
# An upload that was cut off, of a run that can not come back.
find "$records/runs" -mindepth 1 -maxdepth 1 -name '*.part' -mmin +60 -exec rm -rf -- {} +
mkdir -- "$directory.part" || exit 73

# unpack_early: the tarball, while it arrives. Nobody uses it before the digest is checked, and
# what goes wrong here is told when the program unpacks it again. Only on the file system of the
# releases: another one need not have the space.
unpack_early() {
  parent=$releases unpacked=$directory.part/unpacked
  while [ ! -e "$parent" ]; do parent=$(dirname -- "$parent"); done
  if [ "$(stat -c %d -- "$parent")" = "$(stat -c %d -- "$directory.part")" ]; then
    (umask 022 && mkdir -- "$unpacked" && tar -x -z -f - -C "$unpacked" --strip-components=1 \
      --no-same-owner --no-same-permissions) 2>/dev/null || rm -rf -- "$unpacked"
  fi
  cat >/dev/null
}
whole() { [ "$bytes" = 0 ] || [ "$(stat -c %s -- "$directory.part/release.tar.gz")" = "$bytes" ]; }

[ "$bytes" = 0 ] || head -c "$bytes" | tee -- "$directory.part/release.tar.gz" | unpack_early
if ! tar -x -f - -C "$directory.part" || [ ! -e "$directory.part/complete" ] || ! whole; then
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
