#!/bin/sh
# kill-migration.sh: waits for update.php to have changed the schema, and kills it there, as the
# kernel does when memory runs out; prints what the schema had of the old and of the new then.
set -eu
has() { # TABLE COLUMN
  mariadb --skip-column-names -e "SELECT 1 FROM information_schema.columns
    WHERE table_schema = 'wiki' AND table_name = '$1' AND column_name = '$2'" | grep -q 1
}
migration() {
  for pid in $(pgrep -x php); do
    ! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q 'maintenance/update.php --quick' || return 0
  done
  return 1
}
n=600
until migration; do
  n=$((n - 1))
  [ "$n" -gt 0 ] || { echo 'no migration came' >&2; exit 1; }
  sleep 0.1
done
until has externallinks el_to_path; do
  [ -e "/proc/$pid" ] || { echo 'the migration ended too early' >&2; exit 1; }
done
kill -KILL "$pid"
! has pagelinks pl_title || echo 'pl_title is still there'
