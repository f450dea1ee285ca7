# shellcheck shell=sh
# A rehearsal: what is looked at between the last check and the way back. What these verbs find is
# written to $RUN_DIR/trial and told; only what makes a finding impossible ends the trial early.

TRIAL=$RUN_DIR/trial
# Differing lines of one comparison that are told; a table that was replaced has millions.
TRIAL_LINES_MAX=2000

# attempt NAME VERB…: pass or fail is a finding, and not the end. After a failure the rest of the
# same name is left out.
attempt() {
  attempted=$1
  shift
  mkdir -p -- "$TRIAL" || return
  case $(cat "$TRIAL/$attempted" 2>/dev/null) in fail*) return 0 ;; esac
  forget_why
  if (settle_start && "$@"); then answer=pass; else answer="fail	$(reason)"; fi
  forget_why
  printf '%s\n' "$answer" >"$TRIAL/$attempted"
}

# describe KIND SPEC PLACE SHARED FILE: objects and rows of one place, sorted.
describe() {
  "objects_$1" "$2" "$3" >"$5.part" && "rows_$1" "$2" "$3" "$4" >>"$5.part" &&
    sort -- "$5.part" >"$5" && rm -f -- "$5.part"
}

# trial_before KIND SPEC LABEL: the state as the old release left it; undo must bring this back.
trial_before() {
  mkdir -p -- "$TRIAL" && rm -f -- "$TRIAL/before-$3" || return
  place=$("place_$1" "$2" "$3" live) || return
  ! gone_or_new "$1" "$place" || return 0
  describe "$1" "$2" "$place" - "$TRIAL/before-$3" || fail "$place could not be described" || return
  storage before "$1" "$2" "$3"
  watch_locks "$1" "$2" "$3"
}

# A state that does not exist yet, at a first deployment.
gone_or_new() { case $2 in /*) [ ! -e "$2" ] ;; *) return 1 ;; esac; }

# storage WHEN KIND SPEC LABEL: only kinds that can tell what was rewritten.
storage() {
  command -v "storage_$2" >/dev/null || return 0
  "storage_$2" "$3" >"$TRIAL/storage-$1-$4" || say "the storage of $4 could not be told"
}

# A sampler beside the procedure; it ends with trial_compare, or with the undo.
watch_locks() {
  command -v "watch_$1" >/dev/null || return 0
  ("watch_$1" "$2" "$TRIAL/locks-$3" >/dev/null 2>&1 &
    printf '%s\n' "$!" >"$TRIAL/watcher-$3") 9>&- 8>&-
}

end_watch() {
  [ -s "$TRIAL/watcher-$1" ] || return 0
  kill -s TERM "$(cat "$TRIAL/watcher-$1")" 2>/dev/null
  rm -f -- "$TRIAL/watcher-$1"
}

# trial_after KIND SPEC LABEL NAME: the undo of trial_before. It never stands in the way of going
# back; what could not be compared has no end.
trial_after() {
  end_watch "$3"
  [ -s "$TRIAL/before-$3" ] || return 0
  place=$("place_$1" "$2" "$3" live)
  printf 'state\t%s\t%s\n' "$4" "$1" >"$TRIAL/undone-$3"
  if describe "$1" "$2" "$place" - "$TRIAL/after-$3"; then
    differences "$TRIAL/before-$3" "$TRIAL/after-$3" >>"$TRIAL/undone-$3"
  fi
  forget_why
}

# differences BEFORE AFTER: `same TAB KIND TAB COUNT`, then what only one of them has, and `end`.
differences() {
  comm -12 -- "$1" "$2" | cut -f1 | sort | uniq -c | awk '{ print "same\t" $2 "\t" $1 }'
  comm -3 -- "$1" "$2" | awk -v max="$TRIAL_LINES_MAX" '
    NR <= max { if (substr($0, 1, 1) == "\t") print "+ " substr($0, 2); else print "- " $0 }
    END { if (NR > max) print "more\t" NR - max; print "end" }'
}

# shared_columns BEFORE AFTER: of tables in both, the columns in both; where the type is another,
# as text.
shared_columns() {
  awk -F'\t' '
    $1 == "column" && FNR == NR { before[$2] = $3 }
    $1 == "column" && FNR != NR && ($2 in before) {
      table = $2; sub(/\.[^.]*$/, "", table)
      column = $2; sub(/^.*\./, "", column)
      print table "\t" column "\t" (before[$2] == $3 ? "-" : "text")
    }' "$1" "$2"
}

# trial_compare KIND SPEC LABEL NAME: the rescue copy is before, what the release left is after.
# Both are compared by what both have, so that a new column is no difference of the old ones.
trial_compare() {
  end_watch "$3"
  old=$("place_$1" "$2" "$3" rescue) && new=$("place_$1" "$2" "$3" live) || return
  [ -s "$TRIAL/before-$3" ] || return 0
  file=$TRIAL/data-$3
  "objects_$1" "$2" "$old" >"$file.objects-old" && "objects_$1" "$2" "$new" >"$file.objects-new" ||
    fail "the schema of $4 could not be read" || return
  shared_columns "$file.objects-old" "$file.objects-new" >"$file.shared"
  "rows_$1" "$2" "$old" "$file.shared" >"$file.rows-old" &&
    "rows_$1" "$2" "$new" "$file.shared" >"$file.rows-new" ||
    fail "the content of $4 could not be read" || return
  # A table that is gone has no column that both have; how many rows it had was described before.
  awk -F'\t' 'FILENAME == ARGV[1] { told[$2] = 1; next } $1 == "rows" && !($2 in told)' \
    "$file.rows-old" "$TRIAL/before-$3" >"$file.rows-gone" || return
  sort -- "$file.objects-old" "$file.rows-old" "$file.rows-gone" >"$file.old"
  sort -- "$file.objects-new" "$file.rows-new" >"$file.new"
  { printf 'state\t%s\t%s\n' "$4" "$1"; differences "$file.old" "$file.new"; } >"$file" || return
  rm -f -- "$file".?*
  storage after "$1" "$2" "$3"
}

# trial_again WHEN KIND SPEC LABEL: before and after the second run of the migrations. What differs
# is told; whether it may is not known here.
trial_again() {
  place=$("place_$2" "$3" "$4" live) || return
  describe "$2" "$3" "$place" - "$TRIAL/again-$1-$4" || fail "$4 could not be described" || return
  [ "$1" = after ] || return 0
  differences "$TRIAL/again-before-$4" "$TRIAL/again-after-$4" >"$TRIAL/again-$4"
  rm -f -- "$TRIAL/again-before-$4" "$TRIAL/again-after-$4"
}

# trial_writing: checks that write, once what they would disturb has been compared.
trial_writing() {
  RED='' worst=0
  for check in $CHECKS; do
    eval "[ \"\$CHECK_AFTER_$check\" = 1 ]" || continue
    SAID=
    "check_$check" private
    verdict=$?
    note_verdict "$check" "$verdict"
    [ "$verdict" = 0 ] && continue
    worst=1
    [ -n "$RED" ] || RED="$(eval "printf '%s' \"\$CHECK_TITLE_$check\""): $SAID"
  done
  [ "$worst" = 0 ] || fail "$RED"
}

# try_old PATH LABEL: a copy of the code that was replaced there; it may write beside itself, and
# undo needs it as it was. Where there was none before, there is none now.
try_old() {
  new=$(side "$1")/tried-$RUN-$2 kept=$(side "$1")/old-$RUN-$2
  if [ -e "$new" ] || [ -L "$new" ]; then rm -rf -- "$1"
  else mv -T -- "$1" "$new"; fi || fail "the new $1 could not be put aside" || return
  if [ -e "$kept" ] || [ -L "$kept" ]; then copy_tree "$kept" "$1"; fi
}

# end_old PATH LABEL: the new code is in its place again.
end_old() {
  new=$(side "$1")/tried-$RUN-$2
  [ -e "$new" ] || [ -L "$new" ] || return 0
  rm -rf -- "$1"
  mv -T -- "$new" "$1" || fail "the new $1 could not be put back"
}

# code_digest NAME PATH…: what stands where production's code stands.
code_digest() {
  mkdir -p -- "$TRIAL" || return
  name=$1
  shift
  for path in "$@"; do
    if [ -d "$path" ]; then
      printf '%s\t%s\n' "$path" "$(readlink -f -- "$path")"
      (cd -- "$path" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum | sha256sum)
    else
      sha256sum -- "$path" 2>/dev/null || printf 'none\t%s\n' "$path"
    fi
  done >"$TRIAL/code-$name"
}

# code_undone PATH…: never stands in the way of going back.
code_undone() {
  code_digest after "$@"
  if cmp -s -- "$TRIAL/code-before" "$TRIAL/code-after"; then printf 'equal\n'
  else printf 'failed\tthe code is not what it was\n'; fi >"$TRIAL/code-undone"
}

# turn_back: the trial is whole. What follows is the undo that production would make.
turn_back() {
  durable "$TRIAL/complete" yes || return
  fail 'the rehearsal turns back here'
}

# rest: what is left on staging cannot be started until the next rehearsal.
rest() { close_gate; }
