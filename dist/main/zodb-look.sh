# shellcheck shell=sh disable=SC2153
# What is in a ZODB: what can be reached from its root, by class, and the files that go with it.

# zodb_parts_of PLACE: the live state or a copy: sets ZO_DATA and the places of the other parts.
zodb_parts_of() {
  if [ "$1" = "$ZO_PATH" ]; then
    ZO_DATA=$1 ZO_BLOBS_IN=$ZO_BLOBS ZO_ARCHIVE_IN=$ZO_ARCHIVE
  else
    ZO_DATA=$1/data.fs
    ZO_BLOBS_IN=${ZO_BLOBS:+$(zodb_in "$1" blobs)}
    ZO_ARCHIVE_IN=${ZO_ARCHIVE:+$(zodb_in "$1" archive)}
  fi
  [ -f "$ZO_DATA" ] || fail "$ZO_DATA is not there as a file"
}

# zodb_told CLASS|ROWS: lines of the program that reads it.
zodb_told() {
  zodb_program | python3 - look "$ZO_DATA" "$ZO_BLOBS_IN" >"$RUN_DIR/zodb-told" \
    2>"$RUN_DIR/zodb-said" ||
    fail "$ZO_DATA is damaged: $(tail -n 1 "$RUN_DIR/zodb-said")" || return
  grep -e "^$1$TAB" "$RUN_DIR/zodb-told"
  return 0
}

objects_zodb() {
  zodb_open "$1"
  zodb_parts_of "$2" || return
  {
    ! zodb_python || zodb_told class || return
    [ -z "$ZO_ARCHIVE_IN" ] || zodb_files || return
  } >"$RUN_DIR/zodb-objects"
  sort -- "$RUN_DIR/zodb-objects"
}

# The archive file by file: a missing one is named.
zodb_files() {
  (cd -- "$ZO_ARCHIVE_IN" && find . -mindepth 1 -type d -printf 'file\tarchive/%P\td %m %U %G\n' \
    -o -type l -printf 'file\tarchive/%P\tl %l\n' &&
    find . -type f -printf '%m %U %G %s %P\n' | sort >"$RUN_DIR/zodb-files" &&
    find . -type f -print0 | xargs -0 -r sha256sum -b --) >"$RUN_DIR/zodb-listed" ||
    fail "$ZO_ARCHIVE_IN cannot be read" || return
  awk -v files="$RUN_DIR/zodb-files" '
    /^file\t/ { print; next }
    { name = substr($0, 69); digest[name] = substr($0, 1, 64) }
    END {
      while ((getline line <files) > 0) {
        split(line, part, " ")
        head = part[1] " " part[2] " " part[3] " " part[4]
        name = substr(line, length(head) + 2)
        print "file\tarchive/" name "\tf " head " " digest[name]
      }
    }' "$RUN_DIR/zodb-listed"
}

# rows_zodb SPEC PLACE SHARED: there are no columns to share. Without Python, only whether it is the
# same file can be told.
rows_zodb() {
  zodb_open "$1"
  zodb_parts_of "$2" || return
  if zodb_python; then zodb_told rows
  else
    printf 'rows\tdata\t%s\t%s\n' "$(stat -c %s -- "$ZO_DATA")" \
      "$(sha256sum <"$ZO_DATA" | cut -d' ' -f1)"
  fi
}

probe_zodb() {
  zodb_open "$1"
  zo_label=$2
  told_of "$2" free "$(free_beside "$ZO_PATH")"
  [ -e "$ZO_PATH" ] || { told_of "$2" exists no; return 0; }
  told_of "$2" bytes "$(du -s -c --block-size=1 -- "$ZO_PATH" ${ZO_BLOBS:+"$ZO_BLOBS"} \
    ${ZO_ARCHIVE:+"$ZO_ARCHIVE"} 2>/dev/null | awk 'END { print $1 }')"
  fail() { told_of "$zo_label" problem "$*${TAB}Mend it on the host before anything is copied."; }
  zodb_is_one "$ZO_PATH" || return 0
  zodb_same_file
  for zo_part in blobs archive; do
    zo_path=$(zodb_part "$zo_part")
    [ -z "$zo_path" ] || [ -d "$zo_path" ] || fail "$zo_path is not there as a directory"
    [ -z "$zo_path" ] || [ -z "$(find "$zo_path" ! -readable 2>/dev/null | head -n 1)" ] ||
      fail "$(id -un) cannot read all of $zo_path"
  done
}
