# shellcheck shell=sh
# launch RECORDS RUN HOW APPLICATION [FORCE]: starts a program so that it outlives this connection.
# By the root-owned unit where it is installed: it restarts a program that is killed, and it is
# the one that finishes at boot. Else in a session of its own, with nothing of ours inherited.
launch() {
  program=$1/runs/$2/program.sh
  before=$(wc -l 2>/dev/null <"$1/runs/$2/journal" || echo 0)
  if [ "$3" = unit ]; then
    start_loader "$4" || { echo 'the unit did not start'; return 1; }
  else
    (setsid env -i PATH="$PATH" HOME="${HOME:-/}" FORCE="${5:-}" /bin/sh "$program" \
      </dev/null >>"$1/runs/$2/console.log" 2>&1 &)
  fi
  looks=500
  until [ "$(wc -l 2>/dev/null <"$1/runs/$2/journal" || echo 0)" -gt "$before" ]; do
    [ "$looks" -gt 0 ] || { echo 'the program did not start'; return 1; }
    sleep 0.02
    looks=$((looks - 1))
    # The unit may still have been ending when it was asked to start, which does nothing then.
    [ "$3$((looks % 125))" != unit0 ] || start_loader "$4"
  done
  echo started
}

start_loader() {
  sudo=
  [ "$(id -u)" = 0 ] || sudo='sudo -n'
  $sudo systemctl start --no-block "seatrial-$1.service"
}
