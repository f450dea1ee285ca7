# shellcheck shell=sh disable=SC2153
# A ZODB is copied while it is in use. Its data only grows, so that what was there at an instant is
# the file up to the end of the last whole transaction. Blobs and the archive are listed before and
# after: what was there at that instant must be there, unchanged, when all has been sent.

# Looks for the end of a transaction, a twentieth of a second between them.
ZODB_LOOKS_MAX=200
ZODB_YOUNG_SECONDS=60

# The stream: a tar of `seatrial`, data.fs, data.fs.index, blobs/, archive/, and at the very end
# `end`, which makes it whole. A plain tar of the same names is taken too (a backup).
copy_zodb() {
  zodb_open "$1"
  [ -f "$ZO_PATH" ] || fail "$ZO_PATH is not there as a file" || return
  [ -r "$ZO_PATH" ] || fail "$ZO_PATH cannot be read by $(id -un)" || return
  zodb_is_one "$ZO_PATH" && zodb_same_file && mkdir -p -- "$SCRATCH/sent" || return
  # An index that was saved before the instant fits what is copied: ZODB reads on from there.
  [ ! -e "$ZO_PATH.index" ] || cp -- "$ZO_PATH.index" "$SCRATCH/sent/data.fs.index" || return
  # What is packed away meanwhile stays readable by this.
  exec 6<"$ZO_PATH"
  zodb_list first && zodb_find_end && zodb_list second || return
  zo_instant=$(date +%s)
  zo_inode=$(stat -L -c %i -- "$ZO_PATH")
  zodb_send || return
  exec 6<&-
  zodb_list after || return
  zo_lost=$(zodb_lost)
  [ -z "$zo_lost" ] || fail "files of $ZO_PATH were changed or removed while it was copied, among\
 them $zo_lost. Run it again" || return
  zodb_not_packed && zodb_send_end
}

# zodb_list NAME: blobs and archive as they are now. A file that vanishes meanwhile is told later.
zodb_list() {
  : >"$SCRATCH/$1.raw"
  for zo_part in blobs archive; do
    zo_path=$(zodb_part "$zo_part")
    [ -n "$zo_path" ] || continue
    [ -d "$zo_path" ] || fail "$zo_path is not there as a directory" || return
    find "$zo_path" -path "$zo_path/tmp" -prune -o \( -type f -o -type l \) \
      -printf '%p\t%y %i %s %T@ %l\0' >>"$SCRATCH/$1.raw" 2>"$SCRATCH/find-said"
    ! grep -v -q -e 'No such file or directory$' "$SCRATCH/find-said" ||
      fail "$zo_path cannot be read: $(head -n 1 "$SCRATCH/find-said")" || return
  done
  sort -z -o "$SCRATCH/$1" -- "$SCRATCH/$1.raw" && rm -f -- "$SCRATCH/$1.raw"
}

# The first file that was there at the instant and is not what it was. One that was just being
# written then is not yet referred to: it may grow, and get its name.
zodb_lost() {
  sort -z -u -- "$SCRATCH/first" "$SCRATCH/second" | comm -z -23 - "$SCRATCH/after" |
    tr '\n\0' '\001\n' >"$SCRATCH/lost"
  [ -s "$SCRATCH/lost" ] || return 0
  zo_young=$((zo_instant - ZODB_YOUNG_SECONDS))
  tr '\n\0' '\001\n' <"$SCRATCH/after" | awk -F'\t' -v young="$zo_young" '
    { split($2, part, " ") }
    FILENAME == "-" { there[part[2]] = 1; next }
    part[4] < young || !(part[2] in there) { print $1; exit }' - "$SCRATCH/lost"
}

zodb_find_end() {
  zo_looks=0
  while :; do
    ZO_SIZE=$(stat -L -c %s -- "$ZO_PATH") || return
    ! zodb_ends_at "$ZO_PATH" "$ZO_SIZE" || return 0
    zo_looks=$((zo_looks + 1))
    [ "$zo_looks" -lt "$ZODB_LOOKS_MAX" ] || break
    sleep 0.05
  done
  fail "the last transaction of $ZO_PATH is not whole. If nothing writes to it, start and stop the\
 application once: ZODB then cuts it off"
}

zodb_send() {
  printf 'zodb 1\n' >"$SCRATCH/sent/seatrial" || return
  tar -c -f "$SCRATCH/seatrial.tar" -C "$SCRATCH/sent" seatrial &&
    head -c 1024 -- "$SCRATCH/seatrial.tar" || return
  # The header of a file of that size and these rights; then the bytes, from the file as it was.
  : >"$SCRATCH/sent/data.fs" && truncate -s "$ZO_SIZE" "$SCRATCH/sent/data.fs" || return
  chmod --reference="$ZO_PATH" -- "$SCRATCH/sent/data.fs"
  chown --reference="$ZO_PATH" -- "$SCRATCH/sent/data.fs" 2>/dev/null
  tar -c -C "$SCRATCH/sent" data.fs 2>/dev/null | head -c 512
  head -c "$ZO_SIZE" <&6 && head -c "$(((512 - ZO_SIZE % 512) % 512))" /dev/zero || return
  [ ! -e "$SCRATCH/sent/data.fs.index" ] || tar -c -f - -C "$SCRATCH/sent" data.fs.index || return
  zodb_send_tree blobs && zodb_send_tree archive
}

# What vanishes or grows while it is sent is no loss, unless it was there at the instant: then the
# listing shows it.
zodb_send_tree() {
  zo_path=$(zodb_part "$1")
  [ -n "$zo_path" ] || return 0
  tar -c -f - -C "$zo_path" --exclude=./tmp --transform="flags=r;s,^\.,$1," . \
    2>"$SCRATCH/tar-said"
  zo_status=$?
  [ "$zo_status" -le 1 ] || fail "$zo_path could not be sent: $(head -n 1 "$SCRATCH/tar-said")"
}

zodb_not_packed() {
  [ "$(stat -L -c %i -- "$ZO_PATH")" = "$zo_inode" ] &&
    [ "$(stat -L -c %s -- "$ZO_PATH")" -ge "$ZO_SIZE" ] ||
    fail "$ZO_PATH was packed or replaced while it was copied; run it again" || return
}

# One block of text and no padding: a stream that lacks a byte lacks it here.
zodb_send_end() {
  printf '%s %s\n' "$ZO_SIZE" "$ZO_TID" | awk '{ printf "%-511s\n", $0 }' >"$SCRATCH/sent/end" &&
    tar -c -f "$SCRATCH/end.tar" -C "$SCRATCH/sent" end && head -c 1024 -- "$SCRATCH/end.tar"
}

# --- on staging ------------------------------------------------------------------------------

# zodb_beside WHICH [PATH]: the places of a copy have the name of the state, not its number.
zodb_beside() {
  zo_path_of=${2:-$ZO_PATH}
  printf '%s/%s-%s' "$(side "$zo_path_of")" "$1" "${zo_path_of##*/}"
}

place_zodb() {
  zodb_open "$1"
  case $3 in
    live) printf '%s\n' "$ZO_PATH" ;;
    rescue) printf '%s\n' "$(rescue_place "$ZO_PATH" "$2")" ;;
    *) printf '%s\n' "$(zodb_beside "$3")" ;;
  esac
}

receive_zodb() {
  zodb_open "$1"
  place=$(zodb_beside incoming)
  make_side "$ZO_PATH" && rm -rf -- "$place" "$place.part" &&
    mkdir -m 700 -- "$place.part" || return
  tar -x -i -p -f - -C "$place.part" 2>"$RUN_DIR/tar-said" ||
    fail "the copy did not come whole: $(head -n 1 "$RUN_DIR/tar-said")" || return
  zodb_came_whole "$place.part" && zodb_only_committed "$place.part" &&
    rm -f -- "$place.part/end" "$place.part/seatrial" && zodb_prove "$place.part/data.fs" &&
    zodb_blobs_there "$place.part" || return
  flush_tree "$place.part"
  mv -T -- "$place.part" "$place" && flush "$(side "$ZO_PATH")"
}

zodb_came_whole() {
  [ -f "$1/data.fs" ] || fail 'the copy did not come whole: it has no data.fs' || return
  for zo_part in blobs archive; do
    [ -z "$(zodb_part "$zo_part")" ] || [ -d "$1/$zo_part" ] ||
      fail "the copy did not come whole: it has no $zo_part" || return
  done
  if [ ! -e "$1/seatrial" ]; then
    zodb_ends_at "$1/data.fs" "$(stat -c %s -- "$1/data.fs")" ||
      fail 'data.fs of the backup does not end with a whole transaction'
    return
  fi
  [ "$(stat -c %s -- "$1/end" 2>/dev/null)" = 512 ] && read -r ZO_SIZE ZO_TID <"$1/end" &&
    [ "$(stat -c %s -- "$1/data.fs")" = "$ZO_SIZE" ] ||
    fail 'the copy did not come whole: its end is not there' || return
}

# A blob is there before its transaction is committed: what is newer than the data goes.
zodb_only_committed() {
  [ -d "$1/blobs" ] || return 0
  rm -rf -- "$1/blobs/tmp"
  find "$1/blobs" -type f -name '0x*.blob' | TID=$ZO_TID awk '{
      name = $0; sub(/^.*\/0x/, "", name); sub(/\.blob$/, "", name)
      if (name > ENVIRON["TID"]) print
    }' | while IFS= read -r zo_file; do rm -f -- "$zo_file"; done
}

zodb_blobs_there() {
  [ -d "$1/blobs" ] && zodb_python || return 0
  zo_said=$(zodb_program | python3 - look "$1/data.fs" "$1/blobs" 2>&1 >/dev/null) ||
    fail "the copy is not whole: $zo_said"
}

keep_zodb() {
  zodb_open "$1"
  zo_new=$(zodb_beside incoming) zo_old=$(zodb_beside pristine)
  [ -d "$zo_new" ] || fail "no copy of $ZO_PATH has come in whole" || return
  [ ! -e "$zo_old" ] || { rm -rf -- "$zo_old.old" && mv -T -- "$zo_old" "$zo_old.old"; } || return
  mv -T -- "$zo_new" "$zo_old" && flush "$(side "$ZO_PATH")" && rm -rf -- "$zo_old.old"
}

discard_zodb() {
  zodb_open "$1"
  for zo_which in incoming pristine; do
    zo_place=$(zodb_beside "$zo_which")
    rm -rf -- "$zo_place" "$zo_place.part" "$zo_place.old"
  done
}

# lay_zodb SPEC LABEL: shared blocks where the file system has them. The data comes last.
lay_zodb() {
  zodb_open "$1"
  place=$(zodb_beside pristine)
  [ -f "$place/data.fs" ] || fail "staging keeps no copy of $ZO_PATH" || return
  zodb_stopped && make_side "$ZO_PATH" || return
  for zo_part in blobs archive; do
    zo_path=$(zodb_part "$zo_part")
    [ -z "$zo_path" ] || zodb_lay "$place/$zo_part" "$zo_path" || return
  done
  for zo_suffix in .old .tmp .index ''; do
    zodb_lay "$place/data.fs$zo_suffix" "$ZO_PATH$zo_suffix" || return
  done
  flush_tree "$(dirname -- "$ZO_PATH")"
}

# zodb_lay COPY PATH: what stood there before the first time is moved aside, once.
zodb_lay() {
  zo_aside=$(zodb_beside before "$2")
  make_side "$2" && rm -rf -- "$(zodb_beside lay "$2")" || return
  if [ ! -e "$zo_aside.done" ]; then
    [ ! -e "$2" ] || mv -T -- "$2" "$zo_aside" || return
    : >"$zo_aside.done" && flush "$(side "$2")" || return
  fi
  if [ ! -e "$1" ]; then rm -rf -- "$2"; return; fi
  copy_tree "$1" "$(zodb_beside lay "$2")" && rm -rf -- "$2" &&
    mv -T -- "$(zodb_beside lay "$2")" "$2"
}
