# shellcheck shell=sh
# Verbs that make staging equal to production before a rehearsal.

# lay_overlay DIRECTORY: an absolute tree of files over what was copied. A file that it replaces
# keeps its owner, group and mode; a new one gets those of the directory that it comes into.
lay_overlay() {
  (cd -- "$1" && find . -type f -o -type l) >"$RUN_DIR/overlay" ||
    fail "$1 cannot be read" || return
  while IFS= read -r file; do
    lay_file "$1/${file#./}" "/${file#./}" || return
  done <"$RUN_DIR/overlay"
}

# lay_file SOURCE TARGET
lay_file() {
  parent=$(dirname -- "$2")
  [ -d "$parent" ] || fail "the overlay has $2, and the copy has no $parent" || return
  rm -f -- "$2.overlay-$RUN"
  cp -P -- "$1" "$2.overlay-$RUN" || fail "$2 could not be written" || return
  if [ ! -L "$1" ]; then
    if [ -f "$2" ]; then like=$2; else like=$parent; fi
    chown --reference="$like" -- "$2.overlay-$RUN" 2>/dev/null
    [ "$like" = "$parent" ] || chmod --reference="$like" -- "$2.overlay-$RUN"
  fi
  # shellcheck disable=SC2015 # either of them failing is the failure
  mv -f -T -- "$2.overlay-$RUN" "$2" && flush "$parent" || fail "$2 could not be replaced"
}

# lay_record TEXT: staging has installed what production has; the trial's plan is made for it.
lay_record() { durable "$BASE/installed.json" "$1"; }

# lay_no_pid FILE
lay_no_pid() { rm -f -- "$1" || fail "$1 cannot be removed"; }

# lay_parents DIRECTORY…
lay_parents() { mkdir -p -- "$@" || fail 'the directories for the copy cannot be made'; }

# lay_no_links TEXTS PATH…: TEXTS are paths of production, one a line.
lay_no_links() {
  printf '%s\n' "$1" >"$RUN_DIR/elsewhere"
  shift
  while IFS= read -r there; do
    found=$(find "$@" -type l -printf '%p -> %l\n' 2>/dev/null | THERE=$there awk -F' -> ' '
      index($NF "/", ENVIRON["THERE"] "/") == 1 { print; exit }')
    [ -z "$found" ] || fail "a link of the copy leads to production: $found" || return
  done <"$RUN_DIR/elsewhere"
}
