# shellcheck shell=sh
# A directory is copied while it is in use, by reading alone. Its entries are listed (with the time
# of their last change, which no program can set), sent, and listed again; what changed is sent
# again. When the listing before a pass equals the one after it, what was sent is what was there at
# every instant between the two.

COPY_PASSES_MAX=60
COPY_SECONDS_MAX=600
# A change may carry the time of the last tick of the kernel, so an entry that changed within this
# time before it was listed may change again without a sign: it counts as changed.
COPY_TICK_SECONDS=0.05

# The stream: archives of tar, one after another. `meta/before` and `meta/hot` (what is sent, for a
# copy that must be resumed), `tree/…`, and at the very end `meta/…` with what it must be.
copy_directory() {
  path=$(spec "$1" path)
  regex=$(exclude_regex "$1")
  if [ -f "$path" ] && [ ! -L "$path" ]; then copy_single; return; fi
  [ -d "$path" ] && [ ! -L "$path" ] || fail "$path is not there as a directory" || return
  all_readable "$path" "$regex" && none_deleted "$path" "$regex" && none_mapped "$path" "$regex" &&
    told_specials "$path" "$regex" && list_state before || return
  known_entries >"$SCRATCH/known" || return
  comm -z -23 "$SCRATCH/before" "$SCRATCH/known" >"$SCRATCH/changed"
  send_meta before changed hot || fail 'the listing could not be sent' || return
  send_until_still || return
  settle_meta && send_meta paths listing owners directories.tar end ||
    fail 'the end of the copy could not be sent' || return
}

# Code can be a single file (settings, say); it comes as `meta/single`.
copy_single() {
  try=1
  while :; do
    before=$(stat -c '%i %s %y %z' -- "$path") && sleep 0.1 &&
      cp --preserve=mode,ownership,timestamps,xattr -- "$path" "$SCRATCH/single" ||
      fail "$path could not be read" || return
    [ "$before" != "$(stat -c '%i %s %y %z' -- "$path")" ] || break
    [ "$try" -lt "$COPY_PASSES_MAX" ] || fail "$path never stands still" || return
    try=$((try + 1))
  done
  stat -c 'user %U
group %G' -- "$path" >"$SCRATCH/owners" && printf 'whole\n' >"$SCRATCH/end" &&
    send_meta single owners end || fail 'the file could not be sent' || return
}

# What an interrupted copy has brought already, as it was listed then: on standard input, if asked.
known_entries() { [ -z "${COPY_RESUME:-}" ] || sort -z; }

# list_state NAME: what is there now, sorted so that a directory comes before what is in it; and
# in `hot` what may change again without a sign.
list_state() {
  limit=$(date +%s.%N | awk -v tick="$COPY_TICK_SECONDS" '{ printf "%.3f", $1 - tick }')
  directory='%p\td %m 0 %T@ %C@ %i %U %G\0'
  # What is excluded may come and go in it, and that alone changes the times of its directory.
  [ -z "$regex" ] || directory='%p\td %m 0 0 0 %i %U %G\0'
  other='%p\t%y %m %s %T@ %C@ %i %U %G\0'
  # A directory that vanishes while it is read is a change, which the next listing shows.
  tree_find "$path" "$regex" \
    -type d -printf "$directory" -newerct "@$limit" -fprintf "$SCRATCH/hot.raw" "$directory" -o \
    \( -type f -o -type l \) -printf "$other" -newerct "@$limit" \
    -fprintf "$SCRATCH/hot.raw" "$other" >"$SCRATCH/$1.raw" 2>"$SCRATCH/find-said"
  ! grep -v -q -e 'No such file or directory$' "$SCRATCH/find-said" ||
    fail "$path cannot be read: $(head -n 1 "$SCRATCH/find-said")" || return
  [ -s "$SCRATCH/$1.raw" ] || fail "$path has vanished" || return
  sort -z -o "$SCRATCH/$1" "$SCRATCH/$1.raw" && sort -z -o "$SCRATCH/hot" "$SCRATCH/hot.raw" &&
    rm -f -- "$SCRATCH/$1.raw" || fail "no space in $SCRATCH for the listing of $path" || return
}

names_of() { sed -z 's/\t[^\t]*$//' "$1"; }

send_until_still() {
  pass=1 began=$(date +%s)
  while :; do
    send_changed || return
    mv -f -- "$SCRATCH/hot" "$SCRATCH/hot-before" && list_state after || return
    [ "$pass" -gt 1 ] || began=$(date +%s)
    comm -z -13 "$SCRATCH/before" "$SCRATCH/after" | cat - "$SCRATCH/hot-before" |
      sort -z -u >"$SCRATCH/sent-again"
    if cmp -s "$SCRATCH/before" "$SCRATCH/after" && [ ! -s "$SCRATCH/hot-before" ]; then
      # What tar complained of must have been a change.
      [ ! -e "$SCRATCH/torn" ] || fail "$path: $(cat "$SCRATCH/torn")"
      return
    fi
    rm -f -- "$SCRATCH/torn"
    [ "$pass" -lt "$COPY_PASSES_MAX" ] && [ $(($(date +%s) - began)) -lt "$COPY_SECONDS_MAX" ] ||
      fail "$path never stands still, after $pass passes: $(some_names sent-again). Copy it from a \
backup (copy-from), exclude what is no state, or take a quieter hour" || return
    # Only what is still there can be sent: the rest is gone, and the end says so.
    comm -z -12 "$SCRATCH/sent-again" "$SCRATCH/after" >"$SCRATCH/changed"
    mv -f -- "$SCRATCH/after" "$SCRATCH/before"
    pass=$((pass + 1))
    [ "$pass" -lt 4 ] || sleep "0.$((pass % 7 + 1))"
  done
}

some_names() {
  names_of "$SCRATCH/$1" | tr '\n\0' ' \n' | grep -v -x -F . | sort -u | head -n 3 | paste -s -d ' '
}

# send_changed: in later passes directories come again with the end, once nothing is added to them.
send_changed() {
  names_of "$SCRATCH/changed" >"$SCRATCH/names"
  if [ -s "$SCRATCH/names" ]; then
    send_tree "$SCRATCH/names" || return
  fi
  rm -f -- "$SCRATCH/directories.tar"
  if [ "$pass" = 1 ] && [ ! -s "$SCRATCH/known" ]; then return 0; fi
  tree_find "$path" "$regex" -type d -print0 >"$SCRATCH/names"
  tar -c --format=pax --xattrs --acls --no-recursion -C "$path" --null -T "$SCRATCH/names" \
    >"$SCRATCH/directories.tar" 2>"$SCRATCH/tar-said" || only_changes $?
}

# shellcheck disable=SC2086 # options, split on purpose
send_tree() {
  tar -c --format=pax --pax-option=delete=atime,delete=ctime --sparse --xattrs --acls \
    --no-recursion --transform='s,^\.,tree,rhS' -C "$path" --null -T "$1" \
    2>"$SCRATCH/tar-said" || only_changes $?
}

# only_changes STATUS: 1 says that something changed. For 2 there is no other sign than the words
# of what vanished meanwhile; any other word is an error. They count only if the listing agrees.
only_changes() {
  [ "$1" -le 2 ] || fail "reading $path ended with status $1" || return
  other=$(grep -v -e ': No such file or directory$' -e ': Cannot stat: No such file' \
    -e 'changed as we read it$' -e 'removed before we read it$' -e 'shrank by ' \
    -e 'Exiting with failure status' "$SCRATCH/tar-said" | head -n 1)
  [ -z "$other" ] || [ "$1" = 1 ] || fail "$path cannot be read: $other" || return
  other=$(torn_by_tar | head -n 1)
  [ -z "$other" ] || printf '%s\n' "$other" >"$SCRATCH/torn"
}

# torn_by_tar: its words, but not of directories where what is excluded may come and go: as in the
# listing, that is no change.
torn_by_tar() {
  while IFS= read -r line; do
    name=${line#tar: }
    case $line in
      *': Exiting with failure status'*) continue ;;
      *': file changed as we read it')
        name=$path/${name%: file changed as we read it}
        if [ -n "$regex" ] && [ -d "$name" ] && [ ! -L "$name" ]; then continue; fi ;;
    esac
    printf '%s\n' "$line"
  done <"$SCRATCH/tar-said"
}

# settle_meta: what the far side must have in the end.
settle_meta() {
  [ -e "$SCRATCH/directories.tar" ] || : >"$SCRATCH/directories.tar"
  names_of "$SCRATCH/before" >"$SCRATCH/paths" &&
    must_be "$SCRATCH/before" >"$SCRATCH/listing" &&
    owners_of "$path" "$regex" >"$SCRATCH/owners" && printf 'whole\n' >"$SCRATCH/end"
}

# must_be FILE: without what is other on another host, and whole seconds of the last modification.
must_be() { sed -z -E 's/( [0-9]+)(\.[0-9]*)? [^ ]+ [^ ]+ [^ ]+ [^ ]+$/\1/' "$1"; }

owners_of() { tree_find "$1" "$2" -printf 'user %u\ngroup %g\n' | sort -u; }

send_meta() {
  tar -c --format=pax --transform='s,^,meta/,' -C "$SCRATCH" -- "$@"
}

# All at once: one missing right a day is no way to get anywhere.
all_readable() {
  tree_find "$1" "$2" ! -type l \( ! -readable -o -type d ! -executable \) -print \
    >"$SCRATCH/unreadable" 2>/dev/null
  [ ! -s "$SCRATCH/unreadable" ] || fail "$(id -un) cannot read $(wc -l <"$SCRATCH/unreadable" |
    tr -d ' ') entries of $1: $(head -n 10 "$SCRATCH/unreadable" | tr '\n' ' ')"
}

told_specials() {
  count=$(tree_find "$1" "$2" ! -type d ! -type f ! -type l -printf x | wc -c | tr -d ' ')
  [ "$count" = 0 ] || say_aside "$1: $count sockets, pipes or devices are not copied"
}

# What nobody but a person reads must not get into the stream.
say_aside() { printf '%s\n' "$*" >&2; }

# deleted_below PATH: processes that write to a file of this name, or below it, that is no longer
# there: its name was given to another file, or to none. Seen where /proc can be read. Files that
# never had a name are only somebody's scratch.
deleted_below() {
  find /proc/[0-9]*/fd -maxdepth 1 -type l -lname '*(deleted)' -printf '%h/%f\t%l\n' 2>/dev/null |
    BELOW=$(readlink -f -- "$1") awk -F'\t' '
      index($2, ENVIRON["BELOW"]) == 1 && $2 !~ /\/#[0-9]+ \(deleted\)$/ {
        name = substr($2, length(ENVIRON["BELOW"]) + 1)
        sub(/ \(deleted\)$/, "", name)
        print $1 "\t" name
      }' | while IFS= read -r line; do
      fd=${line%%	*}
      flags=$(sed -n 's/^flags:[^0-9]*//p' "${fd%/fd/*}/fdinfo/${fd##*/}" 2>/dev/null)
      case $flags in *[12]) id=${fd#/proc/} && printf '%s\t%s\n' "${id%%/*}" "${line#*	}" ;; esac
    done | sort -u
}

# is_state NAME REGEX: NAME begins with `/`, below the directory.
is_state() {
  case $1 in /*) ;; *) return 1 ;; esac
  [ -z "$2" ] || ! printf '.%s\n' "$1" | grep -q -x -E -e "$2(/.*)?"
}

none_deleted() {
  deleted_below "$1" >"$SCRATCH/deleted"
  while IFS=$TAB read -r id name; do
    ! is_state "$name" "$2" || fail "process $id writes to $1$name, which was deleted: what it \
writes will be lost. Restart the application, or exclude the name" || return
  done <"$SCRATCH/deleted"
}

# What is written through memory gets its new time late: the listing cannot see it. The index that
# SQLite keeps beside a log (-shm) is made anew by whoever opens the copy first.
none_mapped() {
  [ "${COPY_FROM:-live}" != last-saved ] || return 0
  cat /proc/[0-9]*/maps 2>/dev/null | BELOW=$(readlink -f -- "$1")/ awk '
    $2 ~ /^.w.s/ && (at = index($0, ENVIRON["BELOW"])) > 0 && $0 !~ /(-shm| \(deleted\))$/ {
      print substr($0, at + length(ENVIRON["BELOW"]) - 1)
    }' | sort -u >"$SCRATCH/mapped"
  while IFS= read -r name; do
    ! is_state "$name" "$2" || fail "$1$name is written through memory (mmap), where no listing \
shows a change: copy from a backup (copy-from), or say copy-from: last-saved" || return
  done <"$SCRATCH/mapped"
}
