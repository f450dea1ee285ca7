# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154 # formats of dpkg; variables of parity.sh and of the caller
# Packages, and files of configuration that are not as their packages brought them.
files_max=300

# Several versions of one name (kernels) are one value, in order. (Not in one expression: mawk makes
# the place that is assigned to before it asks whether it is there.)
packages_of() {
  awk -F'\t' '$1 != "" { more = ($1 in all) ? all[$1] " + " : ""; all[$1] = more $2 }
    END { for (name in all) printf "packages\t%.200s\t%.300s\n", name, all[name] }'
}

has_rpms() { there rpm && { [ -d /var/lib/rpm ] || [ -d /usr/lib/sysimage/rpm ]; }; }

parity_packages() {
  found=no
  if there dpkg-query; then
    found=yes
    native=$(dpkg --print-architecture)
    list=$(bounded dpkg-query -W -f \
      '${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n') || return
    printf '%s\n' "$list" |
      awk -F'\t' -v native="$native" '$1 ~ /^.i/ {
        print $2 ($4 == native || $4 == "all" ? "" : ":" $4) "\t" $3 }' | packages_of
  fi
  if has_rpms; then
    found=yes
    list=$(patiently rpm -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\n') || return
    printf '%s\n' "$list" | sort | packages_of
  fi
  if [ -r /lib/apk/db/installed ]; then
    found=yes
    awk '/^P:/ { name = substr($0, 3) } /^V:/ { print name "\t" substr($0, 3) }' \
      /lib/apk/db/installed | packages_of
  fi
  if [ -d /var/lib/pacman/local ]; then
    found=yes
    for entry in /var/lib/pacman/local/*/; do printf '%s\n' "$entry"; done |
      sed -n 's#.*/\(.*\)-\([^-]*-[^-]*\)/$#\1\t\2#p' | packages_of
  fi
  [ $found = yes ] || unread packages packages 'no dpkg, rpm, apk or pacman is there'
}

# The words that name this host or the other one are no difference. Whole words: `www` is not
# `www-data`; and a word without a dot (`www` of /var/www) only where both hosts are told of it.
# Twice, for two that share the blank between them.
normalising() {
  { printf '%s\n' "$names"
    { uname -n
      HOST=$(uname -n) awk '{ own = 0
        for (i = 2; i <= NF; i++) if ($i == ENVIRON["HOST"]) own = 1
        if (own) for (i = 2; i <= NF; i++) print $i }' /etc/hosts
      cat /etc/mailname
      addresses; } | awk '/[.:]/'; } 2>/dev/null | awk '
      $0 != "" && $0 !~ /^(localhost|127\.|::1)/ && !seen[$0]++ { print length($0) "\t" $0 }' |
    sort -r -n | cut -f2- | sed -e 's/[][\\.*^$/+?(){}|]/\\&/g' \
      -e 's#.*#s/(^|[^A-Za-z0-9_.-])&($|[^A-Za-z0-9_.-])/\\1@host@\\2/g#' -e p
}

# digest_file CLASS NAME FILE [MORE]: a digest of its text, salted, without the names of hosts.
digest_file() {
  if [ ! -r "$3" ]; then unread "$1" "$2" 'it cannot be read by this login'; return; fi
  name=$2
  case $name in *[![:print:]]*) name=$(plain "$name") ;; esac
  printf '%s\t%.300s\tdigest:' "$1" "$name"
  sed -E -e "1i\\$newline$salt" ${4:+-e "$4"} -e "$normal" "$3" | sha256sum
}

# Names on standard input, one a line; what is beyond the bound is said.
digest_files() {
  count=0
  while IFS= read -r file; do
    count=$((count + 1))
    [ "$count" -gt "$files_max" ] || digest_file "$1" "$file" "$file" "${2-}"
  done
  [ "$count" -le "$files_max" ] ||
    unread "$1" 'more files' "$((count - files_max)) beyond the first $files_max"
}

# Lines `md5 TAB file` as packages brought them, to the files that are others now; 1: some are.
changed_of() {
  awk -F'\t' 'length($1) == 32 && $2 ~ /^\// { print $1 "  " $2 }' | {
    checked=$(patiently md5sum -c 2>/dev/null)
    status=$?
    printf '%s\n' "$checked" | sed -n 's/: FAILED.*$//p'
    [ "$status" -le 1 ]
  }
}

dpkg_changed() {
  brought=$(patiently dpkg-query -W -f '${Conffiles}\n') || return
  { printf '%s\n' "$brought" | awk '$NF != "obsolete" && NF == 2 { print $2 "\t" $1 }'
    [ ! -r /var/lib/ucf/hashfile ] || awk '{ print $1 "\t" $2 }' /var/lib/ucf/hashfile; } |
    changed_of
}

# Its status is no success where a file differs.
rpm_changed() {
  checked=$(patiently rpm -V -a --configfiles --nodeps --nodigest --nosignature --noscripts)
  [ $? -le 1 ] || return
  printf '%s\n' "$checked" | awk '$1 ~ /5|missing/ { print $NF }'
}

pacman_changed() {
  awk '/^%BACKUP%/ { inside = 1; next } /^$/ { inside = 0 } inside' \
    /var/lib/pacman/local/*/files | awk -F'\t' '{ print $2 "\t/" $1 }' | changed_of
}

all_changed() {
  there md5sum || return
  ! there dpkg-query || dpkg_changed || return
  ! has_rpms || rpm_changed || return
  [ ! -d /var/lib/pacman/local ] || pacman_changed || return
  for file in /etc/php/*/*/php.ini /etc/php/*/fpm/pool.d/*.conf /etc/php.ini; do
    [ ! -e "$file" ] || printf '%s\n' "$file"
  done
}

# Those of an HTTP server are compared as such. What was removed is told before the first digest
# begins: two that write at once would write into each other's lines.
parity_changed() {
  changed=$(all_changed) || return
  present=$(printf '%s\n' "$changed" |
    awk '$0 != "" && !seen[$0]++ && !/^\/etc\/(apache2|nginx|httpd)\//' |
    while IFS= read -r file; do
      if [ -e "$file" ]; then printf '%s\n' "$file"
      else item configuration "$file" removed >&3; fi
    done)
  [ -z "$present" ] || printf '%s\n' "$present" | digest_files configuration
}

# parity_files GLOB…: as a person wrote it; `**` reaches over any number of directories.
parity_files() {
  for glob in "$@"; do
    found=$(files_of "$glob") || unread configuration "$glob" 'a directory cannot be read' >&3
    if [ -n "$found" ]; then printf '%s\n' "$found"
    else unread configuration "$glob" 'no file has such a name' >&3; fi
  done | sort -u | digest_files configuration
}

files_of() {
  case $1 in
    *'**'*)
      base=${1%%[*?[]*}
      find "${base%/*}/" -type f -path "$(printf '%s' "$1" | sed 's#\*\*/*#*#g')" ;;
    *) expand_glob "$1" ;;
  esac
}

expand_glob() {
  IFS=
  # shellcheck disable=SC2086 # a glob, to be expanded
  for file in $1; do [ ! -f "$file" ] || printf '%s\n' "$file"; done
}
