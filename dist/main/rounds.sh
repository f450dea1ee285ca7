# shellcheck shell=sh
# Rounds of checks: before the window, while users are out, after admission, and after going back.

# one_round MODE: every check, so that all failures are seen at once. Sets RED to the first one.
one_round() {
  RED='' worst=0 listening=0
  for check in $CHECKS; do
    applies "$1" "$check" || continue
    SAID=
    "check_$check" "$1"
    verdict=$?
    note_verdict "$check" "$verdict"
    [ "$verdict" = 0 ] && continue
    worst=1
    [ -n "$RED" ] || RED="$(eval "printf '%s' \"\$CHECK_TITLE_$check\""): $SAID"
    case $SAID in *'nobody listens' | *'no answer within '*) listening=1 ;; esac
  done
  return "$worst"
}

# Checks that write wait for admission. What was red before the window must be green with the new
# release, or nothing was repaired; only after going back it may be red again.
applies() {
  if [ "$1" != after ] && eval "[ \"\$CHECK_AFTER_$2\" = 1 ]"; then return 1; fi
  [ "$1" != restored ] || [ ! -e "$RUN_DIR/red-$2" ]
}

# A verdict is journalled when it changes, not each second.
note_verdict() {
  case $2 in 0) word=pass ;; 1) word=fail ;; *) word=no-verdict ;; esac
  line="$word $SAID"
  [ "$(eval "printf '%s' \"\${LAST_$1:-}\"")" != "$word" ] || return 0
  eval "LAST_$1=\$word"
  journal verdict "$1" "$line"
}

uptime_seconds() {
  read -r uptime _ </proc/uptime
  printf '%s' "${uptime%%.*}"
}

# check_rounds MODE PASSES: so many rounds in a row, within the time allowed. An application that
# listens and fails again and again is not waited for: users are out. What failed first is the
# reason: a later round may stumble over its traces.
check_rounds() {
  passed=0 failed=0 first='' deadline=$(($(uptime_seconds) + OBSERVE_WITHIN))
  while :; do
    if one_round "$1"; then
      passed=$((passed + 1)) failed=0
      [ "$passed" -lt "$2" ] || return 0
    else
      passed=0
      if [ "$listening" = 0 ]; then failed=$((failed + 1)); else failed=0; fi
      [ "$failed" -gt 1 ] || first=$RED
      [ "$failed" -lt 3 ] || fail "$first" || return
      [ "$(uptime_seconds)" -lt "$deadline" ] || fail "$first" || return
    fi
    sleep "$OBSERVE_EVERY"
  done
}

# baseline REPAIR: the same checks pass on what runs now, or a person gave a reason.
baseline() {
  one_round baseline || { sleep 1; one_round baseline; } && return 0
  [ -n "$1" ] || fail "production fails its checks before anything was done: $RED" || return
  say "repairing a production that is red: $1"
  for check in $CHECKS; do
    applies baseline "$check" || continue
    "check_$check" baseline || : >"$RUN_DIR/red-$check"
  done
}

# serves_again: after going back, the old version must pass what it passed before.
serves_again() { check_rounds restored 1; }

# housekeeping: runs after a commit only; what failed never pushes out what is good.
housekeeping() {
  prune_releases
  newest_first "$BASE/rescues" "$KEEP_RESCUES" | while read -r name; do
    drop_listed "$BASE/rescues/$name"
    rm -f -- "$BASE/rescues/$name"
  done
  newest_first "$BASE/failed" "$KEEP_FAILED" | while read -r name; do
    for link in "$BASE/failed/$name"/*; do
      # Several keepsakes of one name have one link: all of that run's go together.
      place=$(dirname -- "$(readlink -- "$link")")
      case $place in */failed-"$name") drop_ours "$place" ;; esac
    done
    drop_listed "${BASE:?}/failed/$name/places"
    remove_tree "${BASE:?}/failed/$name"
  done
  # What a rescue copy belongs to stays: going back to it is compared with that run's baseline.
  newest_first "$BASE/runs" 20 | while read -r name; do
    [ -e "$BASE/rescues/$name" ] || rm -rf -- "${BASE:?}/runs/$name"
  done
}

# drop_listed FILE: KIND, IDENTITY and PLACE a line.
drop_listed() {
  [ -e "$1" ] || return 0
  while IFS="$(printf '\t')" read -r kind identity place _; do
    drop_place "$kind" "$identity" "$place" </dev/null
  done <"$1"
}

# newest_first DIRECTORY KEEP: names beyond the newest KEEP; run ids sort by time. What this run
# made is never among them, whatever a clock said: it serves.
# shellcheck disable=SC2012 # the names are run ids
newest_first() {
  ls -1 -- "$1" 2>/dev/null | sort -r | tail -n "+$(($2 + 1))" |
    grep -v -x -F -e "$RUN" -e "$RUN.json"
}

# Only what stands in a side directory of ours is ever removed by a name read from a file.
drop_ours() { case $1 in */.seatrial-"$APP"/*-*) remove_tree "$1" ;; esac; }

# What is mounted in a tree belongs to somebody else, and outlives it.
remove_tree() {
  if mounted_inside "$1"; then say "kept, since a file system is mounted in it: $1"
  else rm -rf --one-file-system -- "$1"; fi
}

prune_releases() {
  [ -n "$RELEASES" ] || return 0
  newest_first "$BASE/history" "$((KEEP_RELEASES + 1))" | while read -r name; do
    release=$(sed -n 's/.*"release":"\([^"]*\)".*/\1/p' "$BASE/history/$name")
    # An older entry may name a release that a newer one deployed again.
    rm -f -- "${BASE:?}/history/$name"
    grep -q -s -F -e "\"release\":\"$release\"" "$BASE"/history/*.json "$BASE/installed.json" &&
      continue
    case $release in "$RELEASES"/*) remove_tree "$release" ;; esac
  done
}
