# shellcheck shell=sh
# State of the user's own kind: commands write a copy to a directory, look whether it is whole, make
# the state equal to it, and tell what is in it. {copy} in their texts is "$SEATRIAL_COPY" here.
# An empty copy stands for absence. Nothing is known of the live state but through a copy of it.

# command_run SPEC copy|verify|restore|describe PLACE: as its user, bounded in time.
command_run() {
  co_text=$(spec "$1" "$2") co_user=$(spec "$1" "$2-user") co_seconds=$(spec "$1" "$2-seconds")
  [ "$2" = describe ] || printf '$ %s\n' "$co_text" >&2
  if command -v as_user >/dev/null; then
    as_user "${co_user:--}" "$co_seconds" / "SEATRIAL_COPY=$3" "$co_text"
  else
    (cd / && as_account "$co_user" SEATRIAL_COPY="$3" timeout -k 10 "$co_seconds" \
      /bin/sh -c "$co_text" </dev/null)
  fi
}

# command_ended SPEC NAME STATUS: why it failed.
command_ended() {
  case $3 in
    124) co_how='did not end in time' ;;
    126 | 127) co_how="could not be run (status $3)" ;;
    *) co_how="ended with status $3" ;;
  esac
  fail "the $2 command of $(spec "$1" name) $co_how"
}

# command_must SPEC NAME PLACE: what it prints is for a person.
command_must() { command_run "$1" "$2" "$3" >&2 || command_ended "$1" "$2" $?; }

# command_place WHICH LABEL: a directory that is passed by others and seen by nobody.
command_place() { printf '%s/%s-%s' "$(side "$BASE/x")" "$1" "$2"; }

# command_fresh SPEC PLACE: an empty directory that the user of `copy` may write to.
command_fresh() {
  co_user=$(spec "$1" copy-user)
  rm -rf -- "$2" && mkdir -m 700 -- "$2" || fail "$2 cannot be made" || return
  [ -n "$co_user" ] && [ "$co_user" != "$(id -un)" ] || return 0
  if [ "$(id -u)" = 0 ]; then chown -- "$co_user" "$2"
  else sudo -n chown -- "$co_user" "$2"; fi || fail "$2 cannot be given to $co_user" || return
}

command_side() { make_side "$BASE/x" && chmod 711 -- "$(side "$BASE/x")"; }

command_empty() { [ -z "$(find "$1" -mindepth 1 2>/dev/null | head -n 1)" ]; }

# command_taken SPEC PLACE: a whole copy, or nothing counts.
command_taken() {
  command_fresh "$1" "$2" && command_must "$1" copy "$2" || return
  ! command_empty "$2" || fail "the copy command of $(spec "$1" name) wrote nothing" || return
  command_must "$1" verify "$2"
}

rescue_command() {
  place=$(rescue_place "$BASE/x" "$2")
  command_side && rm -rf -- "$place" "$place.part" || return
  if [ "$3" = first ]; then
    command_fresh "$1" "$place.part" || return
    if ! command_run "$1" copy "$place.part" >&2 || command_empty "$place.part"; then
      rm -rf -- "$place.part"
      : >"$RUN_DIR/no-state-$2" && flush "$RUN_DIR"
      return
    fi
  fi
  command_taken "$1" "$place.part" || return
  flush_tree "$place.part"
  mv -T -- "$place.part" "$place" && flush "$(side "$BASE/x")" &&
    note_place command "$(spec "$1" name)" "$place"
}

# The command that restores may be repeated: it makes the state equal to the copy.
restore_command() {
  place=$(rescue_place "$BASE/x" "$2")
  if [ -e "$RUN_DIR/no-state-$2" ]; then
    command_side && command_keep_failed "$1" "$2" && rm -rf -- "$place.part" &&
      mkdir -m 755 -- "$place.part" && command_must "$1" restore "$place.part" || return
  elif [ -d "$place" ]; then
    command_keep_failed "$1" "$2" && swapping "$2" && command_must "$1" restore "$place" || return
    # A half-removed copy must not look like a whole one.
    rm -rf -- "$place.part" && mv -T -- "$place" "$place.part" || return
  else
    ! listed "$place" || [ -e "$RUN_DIR/swapping-$2" ] || fail "the rescue copy $place is gone" ||
      return
  fi
  rm -rf -- "$place.part"
  forget_place "$place"
}

# What a restore writes over is copied first. Where that fails, going back is worth more.
command_keep_failed() {
  [ ! -e "$RUN_DIR/kept-$2" ] || return 0
  co_kept=$(command_place "failed-$RUN" "state-$2")
  mkdir -p -- "$BUNDLE" && command_fresh "$1" "$co_kept" || return
  if command_run "$1" copy "$co_kept" >&2; then note_failed command "$(spec "$1" name)" "$co_kept"
  else say "what the failed release left of $(spec "$1" name) could not be copied"; fi
  : >"$RUN_DIR/kept-$2" && flush "$RUN_DIR"
}

# bring_command SPEC LABEL PLACE: what is there now was just rescued.
bring_command() {
  [ -d "$3" ] || fail "there is no rescue copy $3" || return
  command_must "$1" restore "$3"
}

# The rescue copy of this run does the work.
unbring_command() { :; }

# The stream: a tar of `seatrial`, copy/, and `end`, without which it is not whole. A plain tar of
# what is in a copy is taken too (a backup).
copy_command() {
  chmod 711 -- "$SCRATCH" && command_taken "$1" "$SCRATCH/copy" || return
  mkdir -- "$SCRATCH/sent" && printf 'command 1\n' >"$SCRATCH/sent/seatrial" &&
    find "$SCRATCH/copy" | wc -l | awk '{ printf "%-511s\n", $1 }' >"$SCRATCH/sent/end" &&
    tar -c -f "$SCRATCH/end.tar" -C "$SCRATCH/sent" end &&
    tar -c -f - -C "$SCRATCH/sent" seatrial && tar -c -f - -C "$SCRATCH" copy &&
    head -c 1024 -- "$SCRATCH/end.tar" || fail 'the copy could not be sent' || return
}

receive_command() {
  place=$(command_place incoming "$(spec "$1" name)")
  command_side && rm -rf -- "$place" "$place.part" && mkdir -m 711 -- "$place.part" || return
  tar -x -i -p -f - -C "$place.part" 2>"$RUN_DIR/tar-said" ||
    fail "the copy did not come whole: $(head -n 1 "$RUN_DIR/tar-said")" || return
  co_came=$place.part
  if [ -e "$place.part/seatrial" ]; then
    co_came=$place.part/copy
    [ "$(stat -c %s -- "$place.part/end" 2>/dev/null)" = 512 ] &&
      read -r co_count <"$place.part/end" && [ "$(find "$co_came" | wc -l)" = "$co_count" ] ||
      fail 'the copy did not come whole: its end is not there' || return
  fi
  ! command_empty "$co_came" || fail 'the copy did not come whole: it is empty' || return
  command_must "$1" verify "$co_came" || return
  flush_tree "$co_came"
  mv -T -- "$co_came" "$place" && rm -rf -- "$place.part" && flush "$(side "$BASE/x")"
}

keep_command() {
  co_name=$(spec "$1" name)
  co_new=$(command_place incoming "$co_name") co_old=$(command_place pristine "$co_name")
  [ -d "$co_new" ] || fail "no copy of $co_name has come in whole" || return
  rm -rf -- "$co_old.old" && { [ ! -e "$co_old" ] || mv -T -- "$co_old" "$co_old.old"; } &&
    mv -T -- "$co_new" "$co_old" && flush "$(side "$BASE/x")" && rm -rf -- "$co_old.old"
}

discard_command() {
  for co_which in incoming pristine; do
    co_old=$(command_place "$co_which" "$(spec "$1" name)")
    rm -rf -- "$co_old" "$co_old.part" "$co_old.old"
  done
}

place_command() {
  case $3 in
    live) printf 'live\n' ;;
    rescue) printf '%s\n' "$(rescue_place "$BASE/x" "$2")" ;;
    *) printf '%s\n' "$(command_place "$3" "$(spec "$1" name)")" ;;
  esac
}

# What was there before the first time is copied aside, once.
lay_command() {
  co_name=$(spec "$1" name)
  place=$(command_place pristine "$co_name")
  [ -d "$place" ] || fail "staging keeps no copy of $co_name" || return
  co_aside=$(command_place before "$co_name")
  if [ ! -e "$co_aside" ]; then
    command_fresh "$1" "$co_aside.part" || return
    command_run "$1" copy "$co_aside.part" >&2 || say "there was no $co_name before, as it seems"
    mv -T -- "$co_aside.part" "$co_aside" && flush "$(side "$BASE/x")" || return
  fi
  command_must "$1" restore "$place"
}

# objects_command SPEC PLACE: what the user's own description says.
objects_command() {
  [ -n "$(spec "$1" describe)" ] || return 0
  command_looked "$1" "$2" || return
  command_run "$1" describe "$co_look" >"$RUN_DIR/described" ||
    command_ended "$1" describe $? || return
  awk -F'\t' 'NF { name = $1; sub(/^[^\t]*\t?/, ""); print "setting\t" name "\t" $0 }' \
    "$RUN_DIR/described" | sort
  command_looked_up "$2"
}

# rows_command SPEC PLACE SHARED: without a description, the files of the copy are all there is.
rows_command() {
  [ -z "$(spec "$1" describe)" ] || return 0
  command_looked "$1" "$2" || return
  printf 'rows\tfiles\t%s\t%s\n' "$(find "$co_look" -type f | wc -l | tr -d ' ')" "$(
    cd -- "$co_look" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum | sha256sum |
      cut -d' ' -f1)"
  command_looked_up "$2"
}

# command_looked SPEC PLACE: sets co_look; the live state is copied for it.
command_looked() {
  co_look=$2
  if [ "$2" = live ]; then
    co_look=$(command_place look "$(spec "$1" name)")
    command_side && command_taken "$1" "$co_look" || return
  fi
  [ -d "$co_look" ] || fail "$co_look is not there"
}

command_looked_up() { [ "$1" != live ] || rm -rf -- "$co_look"; }

# Whether the users are here; more is known of a copy alone.
probe_command() {
  for co_part in copy verify restore describe; do
    co_user=$(spec "$1" "$co_part-user")
    [ -z "$co_user" ] || getent passwd "$co_user" >/dev/null || told_of "$2" problem \
      "there is no user $co_user for the $co_part command of $(spec "$1" name)${TAB}Name another."
  done
}
