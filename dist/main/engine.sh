# shellcheck shell=sh
# The engine: steps forward, undo backward, recovery of a dead program. See docs/transaction.md.
# States on the disk: unfinished (names the run), journal, result.json. The engine never waits
# for the runner except once: it enters the window only while somebody watches.

step_title() { eval "printf '%s' \"\$TITLE_$1\""; }
# Empty where there is nothing to undo.
step_back() { eval "printf '%s' \"\$BACK_$1\""; }

# run_step NUMBER: its undo is in this program, and its beginning is on the disk, before it acts.
run_step() {
  forget_why
  journal begin "$1" "" || return 1
  say "== $1 $(step_title "$1")"
  (settle_start && "do_$1") 9>&-
  status=$?
  if [ "$status" = 0 ]; then
    journal 'done' "$1" ""
    return
  fi
  [ "$status" -le 128 ] || fail "the step was killed by signal $((status - 128))"
  journal failed "$1" "$(reason)"
  return 1
}

reason() { cat "$RUN_DIR/why" 2>/dev/null || printf 'the step failed; see the console log'; }

# Undoes every step that was begun, newest first. One that cannot be undone stops everything:
# starting old code on a state that was not restored would make it worse. What was undone before the
# program died is left alone: halting the failed release would halt the old one, with users in.
undo_begun() {
  free_reserve
  for number in $(begun_steps); do
    [ -n "$(step_back "$number")" ] || continue
    ! was_undone "$number" || continue
    journal undo-begin "$number" "" || say 'the journal cannot be written; undoing all the same'
    undo_step "$number" && continue
    journal undo-failed "$number" "$(reason)"
    return 1
  done
}

undo_step() {
  try=1
  while :; do
    forget_why
    say "== $1 $(step_back "$1")"
    (settle_start && "undo_$1") 9>&- && { journal undo-done "$1" "" || true; return 0; }
    [ "$try" -lt "$UNDO_TRIES_MAX" ] || return 1
    sleep "$try"
    try=$((try + 1))
  done
}

was_undone() {
  STEP=$1 awk -F'\t' '$2 == "undo-done" && $3 == ENVIRON["STEP"] && NF == 4 { found = 1 }
    END { exit !found }' "$JOURNAL"
}

json_text() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

# finish END TEXT: the end is on the disk before the transaction stops being unfinished.
finish() {
  durable "$RUN_DIR/result.json" "{\"run\":\"$RUN\",\"end\":\"$1\",\"version\":\"$VERSION\",\
\"text\":\"$(json_text "$(one_line "$2")")\"}"
  keep_logs "$1" "$2"
  # An end that nobody can read is none: it stays unfinished, and the next recovery tells it.
  journal end "" "$1 $2" || exit 1
  if [ "$1" != needs-human ]; then
    no_longer_unfinished
  fi
  exit 0
}

no_longer_unfinished() {
  [ "$(cat "$BASE/unfinished" 2>/dev/null)" != "$RUN" ] || rm -f "$BASE/unfinished"
  rm -r -f "$RUN_DIR/release.tar.gz" "$RUN_DIR/unpacked" "$RUN_DIR/reserve"
  flush "$BASE"
  # Last: by this a watcher sees that we are still here.
  rm -f "$BASE/lock.owner"
}

# Logs in a bundle are bounded: the last megabyte tells what happened.
keep_logs() {
  case $1 in restored | needs-human) mkdir -p -- "$BUNDLE" ;; *) return 0 ;; esac
  tail -c 1048576 "$RUN_DIR/console.log" >"$BUNDLE/console.log" 2>/dev/null
  cp -- "$JOURNAL" "$BUNDLE/journal" 2>/dev/null
  printf '%s: %s: %s\n' "$VERSION" "$1" "$(one_line "$2")" >"$BUNDLE/reason"
}

# Nothing of the live system was touched yet.
abandon() {
  undo_begun || finish needs-human "$2; and what was prepared could not be removed: $(reason)"
  finish "$1" "$2"
}

# From inside the window there is one way back, and it ends with the old version serving.
go_back() {
  first=$1
  undo_begun || finish needs-human "$first; and going back failed: $(reason)"
  finish restored "$first"
}

steps_of() {
  for entry in $STEPS; do
    [ "${entry%%:*}" != "$1" ] || printf '%s\n' "${entry#*:}"
  done
}

main() {
  mkdir -p "$RUN_DIR" || exit 1
  take_lock || exit 15
  if [ -s "$JOURNAL" ]; then recover; else begin; fi
}

begin() {
  if [ -s "$BASE/unfinished" ]; then
    [ "$(cat "$BASE/unfinished")" = "$RUN" ] || exit 15
    # It died before its first word. A recovery finishes things; it does not begin them.
    finish cancelled 'the program was killed before it began'
  fi
  if ! flock -n 8; then
    rm -f "$BASE/pending"
    finish refused "processes of an earlier run are still running: $(orphans | tr '\n' ' ')"
  fi
  durable "$BASE/unfinished" "$RUN" || exit 1
  rm -f "$BASE/pending"
  journal start "" "$VERSION" || exit 1
  for number in $(steps_of prepare); do
    ! cancelled || abandon cancelled 'cancelled before the window'
    run_step "$number" || abandon refused "$(reason)"
  done
  await_watcher || abandon cancelled "$(cancelled && echo 'cancelled before the window' ||
    echo 'nobody was watching, so the window was not entered')"
  ! cancelled || abandon cancelled 'cancelled before the window'
  journal window "" "" || abandon refused 'the journal cannot be written'
  for number in $(steps_of window); do
    run_step "$number" || go_back "$(reason)"
  done
  journal commit "" "" || go_back 'the journal cannot be written'
  admit
}

# After the commit there is no way back, only forward: each act may be repeated.
admit() {
  for number in $(steps_of admit); do
    admit_step "$number" || finish needs-human \
      "committed, but users could not be let in: $(reason)"
  done
  journal_has admitted || journal admitted "" ""
  forget_why
  if ! (check_rounds after 1) 9>&-; then
    finish degraded "users were let in, then a check failed: $(reason)"
  fi
  (housekeeping) 9>&- || say 'housekeeping failed; the release is live all the same'
  finish 'done' ''
}

admit_step() {
  try=1
  until run_step "$1"; do
    [ "$try" -lt "$UNDO_TRIES_MAX" ] || return 1
    sleep "$try"
    try=$((try + 1))
  done
}

# The program died, or the host did. What the journal says decides, never a guess.
recover() {
  mend_journal
  last=$(awk -F'\t' '$2 == "end" && NF == 4 { end = $4 } END { print end }' "$JOURNAL")
  case ${last%% *} in
    done | degraded | restored | refused | cancelled)
      # Who started us waits for a word.
      no_longer_unfinished
      journal end "" "$last"
      exit 0
      ;;
    # A person was asked: nothing goes on by itself until they say so (seatrial recover).
    needs-human) [ -n "${FORCE:-}" ] || exit 0 ;;
  esac
  [ "$(cut -f2 "$JOURNAL" | grep -c -x recover)" -lt "$RECOVERIES_MAX" ] || [ -n "${FORCE:-}" ] ||
    finish needs-human "the program died $RECOVERIES_MAX times"
  journal recover "" "$(cat /proc/sys/kernel/random/boot_id)"
  take_work_lock || finish needs-human "processes of the dead program do not end: $(orphans)"
  rm -f -- "$RUN_STATE/open"
  if journal_has commit; then admit; fi
  if journal_has window; then go_back "$(first_failure 'the program was killed in the window')"; fi
  abandon cancelled 'the program was killed before the window'
}

# What failed first stays the headline, also when the host died while it went back.
first_failure() {
  text=$(awk -F'\t' '$2 == "failed" { print $4; exit }' "$JOURNAL")
  printf '%s' "${text:-$1}"
}
