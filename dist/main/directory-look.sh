# shellcheck shell=sh disable=SC2030,SC2031 # verbs in subshells of their own
# What is in a directory, for a person to compare and for the facts of a host.

# Names are one line here: a line break in one is written \n, a TAB \t.
one_line_each() {
  tr '\n\0' '\001\n' | awk '{ gsub(/\\/, "\\\\"); gsub(/\001/, "\\n"); print }'
}

# objects_directory SPEC PLACE: `file TAB NAME TAB type mode owner:group size sha256`; a link has
# its target instead.
objects_directory() (
  regex=$(exclude_regex "$1")
  look=$(mktemp -d "${RUN_DIR:-/tmp}/look-XXXXXX") || exit
  trap 'rm -rf -- "$look"' EXIT
  # Named by its full path: find has another directory.
  look=$(readlink -f -- "$look")
  tree_find "$2" "$regex" -type d -printf '%P\td %m %u:%g\0' -o -type l -printf '%P\tl %l\0' -o \
    -type f -print0 -fprintf "$look/files" '%P\t%y %m %u:%g %s \0' >"$look/mixed" ||
    fail "$2 could not be listed" || exit
  # What find prints of a file is its name alone, the only entry that begins with `./`.
  grep -z '^\./' "$look/mixed" >"$look/names"
  sums_of "$2" || fail "$2 could not be read" || exit
  {
    grep -z -v '^\./' "$look/mixed" | one_line_each
    one_line_each <"$look/files" >"$look/lines"
    paste -d '\0' "$look/lines" "$look/sums"
  } >"$look/all"
  # The directory itself has no name. The last TAB is ours.
  awk '{ at = match($0, /\t[^\t]*$/); name = substr($0, 1, at - 1); gsub(/\t/, "\\t", name)
    print "file\t" (name == "" ? "." : name) substr($0, at) }' "$look/all" | LC_ALL=C sort
)

# sums_of DIRECTORY: of $look/names, in their order. Two processes read: the host stays usable.
sums_of() {
  [ -s "$look/names" ] || { : >"$look/sums"; return; }
  split -t '\0' -n l/2 "$look/names" "$look/half-" || return
  for half in "$look"/half-aa "$look"/half-ab; do
    (cd -- "$1" && xargs -0 -r -n 1000 sha256sum -z -- <"$half" >"$half.sums") ||
      : >"$look/unread" &
  done
  wait
  [ ! -e "$look/unread" ] || return
  cat "$look/half-aa.sums" "$look/half-ab.sums" | tr '\n\0' '\001\n' | cut -c 1-64 >"$look/sums"
}

# rows_directory SPEC PLACE SHARED: one digest of names, contents and links; owners and times are no
# content. SHARED names columns, of which a directory has none.
rows_directory() (
  look=$(mktemp -d "${RUN_DIR:-/tmp}/look-XXXXXX") || exit
  trap 'rm -rf -- "$look"' EXIT
  objects_directory "$1" "$2" >"$look/objects" || exit
  awk -F'\t' '{ split($3, word, " ") }
    word[1] == "f" { print $2 "\t" word[5] }
    word[1] == "l" { print $2 "\t" $3 }' "$look/objects" >"$look/content"
  printf 'rows\t.\t%s\t%s\n' "$(wc -l <"$look/content" | tr -d ' ')" \
    "$(sha256sum <"$look/content" | cut -d' ' -f1)"
)

probe_directory() {
  path=$(spec "$1" path)
  regex=$(exclude_regex "$1")
  told_of "$2" free "$(free_beside "$path")"
  [ -d "$path" ] || { told_of "$2" exists no; return 0; }
  # A file with two names is there once.
  told_of "$2" bytes "$(tree_find "$path" "$regex" -printf '%b %D:%i\n' 2>/dev/null |
    awk '!seen[$2]++ { sum += $1 * 512 } END { printf "%.0f\n", sum }')"
  count=$(tree_find "$path" "$regex" ! -type l \( ! -readable -o -type d ! -executable \) \
    -printf x 2>/dev/null | wc -c | tr -d ' ')
  [ "$count" = 0 ] || told_of "$2" problem "$count entries of $path cannot be read by $(id -un)$TAB\
Give $(id -un) the right to read them, or exclude what is no state."
  deleted_below "$path" | while IFS=$TAB read -r id name; do
    ! is_state "$name" "$regex" || told_of "$2" problem "process $id writes to $path$name, which \
was deleted${TAB}Restart the application: what it writes there will be lost."
  done
}
