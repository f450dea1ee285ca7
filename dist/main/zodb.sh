# shellcheck shell=sh disable=SC2034 # other parts use what is set
# A ZODB FileStorage with its blobs and the archive of files that it refers to: three places that
# are one state. A copy of it is a directory: data.fs, data.fs.index, blobs/, archive/. A part on
# another file system than the data has its copy there, and PART.at tells where.

# zodb_open SPEC
zodb_open() {
  ZO_PATH=$(spec "$1" path) ZO_BLOBS=$(spec "$1" blobs) ZO_ARCHIVE=$(spec "$1" archive)
}

# zodb_part blobs|archive: its place on the host; empty where the state has none.
zodb_part() {
  if [ "$1" = blobs ]; then printf '%s' "$ZO_BLOBS"
  else printf '%s' "$ZO_ARCHIVE"; fi
}

# zodb_in PLACE blobs|archive: where that part is in a copy.
zodb_in() {
  if [ -s "$1/$2.at" ]; then cat -- "$1/$2.at"; else printf '%s/%s' "$1" "$2"; fi
}

# What FileStorage keeps beside the data, besides its lock and what a pack has left.
ZODB_SUFFIXES='.index .tmp'

# zodb_openers: processes that have it open, also under the name of a file that is gone.
zodb_openers() {
  find /proc/[0-9]*/fd -maxdepth 1 -type l -printf '%h\t%p\t%l\n' 2>/dev/null |
    SOUGHT=$(readlink -f -- "$ZO_PATH") awk -F'\t' '
      $3 == ENVIRON["SOUGHT"] || $3 == ENVIRON["SOUGHT"] " (deleted)" {
        split($1, part, "/"); print part[3] "\t" $2 "\t" ($3 == ENVIRON["SOUGHT"] ? "" : "deleted")
      }'
}

# zodb_same_file: whoever has it open has this file, and not one that was replaced or removed: what
# is written there is lost when that process ends (zopefoundation/ZODB issue 38).
zodb_same_file() {
  zo_own=$(stat -L -c %d:%i -- "$ZO_PATH") && zo_space=$(readlink /proc/self/ns/mnt) || return
  zo_other=$(zodb_openers | while IFS=$TAB read -r zo_pid zo_link zo_gone; do
    # The same name in a container is another file.
    [ "$(readlink "/proc/$zo_pid/ns/mnt")" = "$zo_space" ] || continue
    [ -z "$zo_gone" ] && [ "$(stat -L -c %d:%i -- "$zo_link" 2>/dev/null)" = "$zo_own" ] ||
      printf '%s\t%s\n' "$zo_pid" "$zo_link"
  done | head -n 1)
  [ -z "$zo_other" ] || fail "process ${zo_other%%"$TAB"*} writes to a file that is no longer\
 $ZO_PATH: before it is stopped, save its data from ${zo_other#*"$TAB"}"
}

# A number of eight bytes in the file, from an offset.
zodb_number() { od -A n -t u8 --endian=big -j "$2" -N 8 -- "$1" | tr -d ' '; }

# zodb_ends_at FILE SIZE: a whole transaction ends there; its id is left in ZO_TID. Each transaction
# has its length at both ends, and `c` as its state while it is being written.
zodb_ends_at() {
  ZO_TID=0000000000000000
  [ "$2" -ge 4 ] || return
  [ "$2" != 4 ] || return 0
  [ "$2" -ge 35 ] || return
  zo_length=$(zodb_number "$1" "$(($2 - 8))")
  case $zo_length in '' | *[!0-9]* | ?????????????????*) return 1 ;; esac
  zo_start=$(($2 - 8 - zo_length))
  [ "$zo_start" -ge 4 ] && [ "$(zodb_number "$1" "$((zo_start + 8))")" = "$zo_length" ] || return
  zo_state=$(od -A n -t u1 -j "$((zo_start + 16))" -N 1 -- "$1" | tr -d ' ')
  # A blank, `p` for packed, `u` for undone.
  case $zo_state in 32 | 112 | 117) ;; *) return 1 ;; esac
  ZO_TID=$(od -A n -t x1 -j "$zo_start" -N 8 -- "$1" | tr -d ' ')
}

zodb_is_one() {
  case $(head -c 4 -- "$1" 2>/dev/null) in
    FS21 | FS30) ;;
    *) fail "$1 is no FileStorage of ZODB"; return ;;
  esac
}

# zodb_prove FILE: every transaction in it is whole. Without Python the last one is.
zodb_prove() {
  zodb_is_one "$1" || return
  if zodb_python; then
    zo_said=$(zodb_program | python3 - walk "$1" 2>&1) || fail "$1 is damaged: $zo_said"
  else
    zodb_ends_at "$1" "$(stat -c %s -- "$1")" || fail "$1 does not end with a whole transaction"
  fi
}

zodb_python() { command -v python3 >/dev/null 2>&1; }

zodb_stopped() {
  zo_pids=$(zodb_openers | cut -f1 | sort -u | tr '\n' ' ')
  [ -z "$zo_pids" ] || fail "$ZO_PATH is still open in process $zo_pids"
}

# no_zodb LABEL FIRST: at a first deployment there may be none; undo is absence then.
no_zodb() {
  [ "$2" = first ] && [ ! -e "$ZO_PATH" ] || return
  for zo_part in blobs archive; do
    zo_path=$(zodb_part "$zo_part")
    [ -z "$zo_path" ] || [ -z "$(find "$zo_path" -mindepth 1 2>/dev/null | head -n 1)" ] || return
  done
  : >"$RUN_DIR/no-state-$1" && flush "$RUN_DIR"
}

rescue_zodb() {
  zodb_open "$1"
  ! no_zodb "$2" "$3" || return 0
  place=$(rescue_place "$ZO_PATH" "$2")
  [ -f "$ZO_PATH" ] && [ ! -L "$ZO_PATH" ] || fail "$ZO_PATH is not there as a file" || return
  zodb_stopped && make_side "$ZO_PATH" && rm -rf -- "$place.part" &&
    mkdir -m 700 -- "$place.part" || return
  for zo_suffix in '' $ZODB_SUFFIXES; do
    [ -e "$ZO_PATH$zo_suffix" ] || continue
    copy_tree "$ZO_PATH$zo_suffix" "$place.part/data.fs$zo_suffix" || return
    cmp -s -- "$ZO_PATH$zo_suffix" "$place.part/data.fs$zo_suffix" ||
      fail "$ZO_PATH$zo_suffix changed while it was copied" || return
  done
  zodb_prove "$place.part/data.fs" && zodb_rescue_part blobs "$2" &&
    zodb_rescue_part archive "$2" || return
  flush_tree "$place.part"
  mv -T -- "$place.part" "$place" && flush "$(side "$ZO_PATH")" && note_rescue "$ZO_PATH" "$2" zodb
}

zodb_rescue_part() {
  zo_path=$(zodb_part "$1")
  [ -n "$zo_path" ] && [ -e "$zo_path" ] || return 0
  [ -d "$zo_path" ] && [ ! -L "$zo_path" ] || fail "$zo_path is not a directory" || return
  ! mounted_inside "$zo_path" || fail "a file system is mounted inside $zo_path" || return
  zo_copy=$place.part/$1
  if [ "$(device "$(dirname -- "$zo_path")")" != "$(device "$place.part")" ]; then
    zo_copy=$(rescue_place "$zo_path" "$2-$1")
    make_side "$zo_path" && rm -rf -- "$zo_copy" && printf '%s\n' "$zo_copy" >"$place.part/$1.at" ||
      return
  fi
  copy_tree "$zo_path" "$zo_copy" && same_tree "$zo_path" "$zo_copy" || return
  [ ! -e "$place.part/$1.at" ] ||
    { flush_tree "$zo_copy"; note_place "zodb-$1" "$zo_path" "$zo_copy"; }
}

restore_zodb() {
  zodb_open "$1"
  place=$(rescue_place "$ZO_PATH" "$2")
  if [ -e "$RUN_DIR/no-state-$2" ]; then zodb_put_away "$2"; return; fi
  if [ -d "$place" ]; then
    zodb_swap_back "$2" || fail "$place could not be swapped back" || return
  else
    swapped_if_rescued "$ZO_PATH" "$2" "$place" || return
  fi
  rm -rf -- "$place.part"
  for zo_part in blobs archive; do
    zo_path=$(zodb_part "$zo_part")
    [ -z "$zo_path" ] || forget_place "$(rescue_place "$zo_path" "$2-$zo_part")"
  done
  forget_place "$place"
}

# All that the failed release has left goes to its bundle, whole.
zodb_put_away() {
  for zo_suffix in $ZODB_SUFFIXES ''; do
    keep_failed "$ZO_PATH$zo_suffix" "state-$1$zo_suffix" || return
  done
  for zo_part in blobs archive; do
    zo_path=$(zodb_part "$zo_part")
    [ -z "$zo_path" ] || keep_failed "$zo_path" "state-$1-$zo_part" || return
  done
}

# First everything goes away, and only then the copy comes back: a second run can always tell the
# two apart.
zodb_swap_back() {
  if [ ! -e "$place/away" ]; then
    zodb_put_away "$1" && swapping "$1" && : >"$place/away" &&
      flush "$place/away" "$place" || return
  fi
  for zo_part in blobs archive; do
    zo_path=$(zodb_part "$zo_part") zo_copy=$(zodb_in "$place" "$zo_part")
    [ ! -d "$zo_copy" ] || mv -T -- "$zo_copy" "$zo_path" || return
    [ -z "$zo_path" ] || flush "$(dirname -- "$zo_path")"
  done
  for zo_suffix in $ZODB_SUFFIXES ''; do
    [ ! -e "$place/data.fs$zo_suffix" ] ||
      mv -T -- "$place/data.fs$zo_suffix" "$ZO_PATH$zo_suffix" || return
  done
  flush_tree "$(dirname -- "$ZO_PATH")" && rm -rf -- "$place"
}

# bring_zodb SPEC LABEL PLACE: what is there now was just rescued, and is put aside all the same.
bring_zodb() {
  zodb_open "$1"
  zo_aside=$(side "$ZO_PATH")/replaced-$RUN-$2
  [ -f "$3/data.fs" ] || fail "there is no rescue copy $3" || return
  make_side "$ZO_PATH" && mkdir -p -- "$zo_aside" || return
  for zo_suffix in '' $ZODB_SUFFIXES; do
    [ ! -e "$ZO_PATH$zo_suffix" ] ||
      mv -T -- "$ZO_PATH$zo_suffix" "$zo_aside/data.fs$zo_suffix" || return
    [ ! -e "$3/data.fs$zo_suffix" ] ||
      copy_tree "$3/data.fs$zo_suffix" "$ZO_PATH$zo_suffix" || return
  done
  for zo_part in blobs archive; do
    zodb_bring_part "$zo_part" "$2" "$3" || return
  done
  flush_tree "$(dirname -- "$ZO_PATH")"
  note_place replaced "$ZO_PATH" "$zo_aside"
}

zodb_bring_part() {
  zo_path=$(zodb_part "$1")
  [ -n "$zo_path" ] || return 0
  if [ -e "$zo_path" ]; then
    zo_kept=$(side "$zo_path")/replaced-$RUN-$2-$1
    make_side "$zo_path" && mv -T -- "$zo_path" "$zo_kept" &&
      note_place replaced "$zo_path" "$zo_kept" || return
  fi
  zo_copy=$(zodb_in "$3" "$1")
  [ ! -d "$zo_copy" ] || copy_tree "$zo_copy" "$zo_path"
}

unbring_zodb() {
  zodb_open "$1"
  unbring_path "$ZO_PATH" "$2" || return
  for zo_part in blobs archive; do
    zo_path=$(zodb_part "$zo_part")
    [ -z "$zo_path" ] || unbring_path "$zo_path" "$2-$zo_part" || return
  done
}
