# shellcheck shell=sh
# What a host that somebody set up by hand tells of the application on it: one read-only round
# trip, nothing written, no root needed. Prints fields with TAB between them, a line each. Values
# of variables and of arguments are not told: they may hold secrets.
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
name=$1

# A name with a control character in it would be read as two fields.
tell() {
  line=$1
  shift
  for field in "$@"; do
    case $field in *[![:print:]]*) return 0 ;; esac
    line="$line	$field"
  done
  printf '%s\n' "$line"
}

bounded() {
  if command -v timeout >/dev/null; then timeout 10 "$@"; else "$@"; fi </dev/null 2>/dev/null
}

# as USER COMMAND…: where the login may. Sudo is asked first: a command that it refuses is
# reported to the administrator.
as() {
  user=$1
  shift
  if [ "$(id -un)" = "$user" ]; then bounded "$@"
  elif [ "$(id -u)" = 0 ]; then bounded runuser -u "$user" -- "$@"
  else bounded sudo -n -l -u "$user" "$1" >/dev/null && bounded sudo -n -u "$user" -- "$@"; fi
}

# Words that are absolute paths, of lines `ExecStart=-/srv/app/bin/run --config /etc/app`.
paths_in() {
  sed -n -E 's/^(ExecStart|WorkingDirectory)=[-@:+!]*//p' | sed 's/["[:blank:]]/\
/g' | tr -d "'" | grep '^/'
}

tell_host() {
  tell host "$(uname -n)"
  tell user "$(id -un)"
  tell uid "$(id -u)"
  cat /proc/[0-9]*/comm 2>/dev/null | sort -u |
    grep -x -e nginx -e apache2 -e httpd -e caddy -e haproxy -e lighttpd |
    while IFS= read -r front; do tell front "$front"; done
}

# Units that an administrator wrote, and packaged ones that run something out of a place where
# applications are kept. What only links to a packaged unit is the package's.
unit_files() {
  for file in /etc/systemd/system/*.service /etc/systemd/system/*.timer \
    /usr/local/lib/systemd/system/*.service /usr/local/lib/systemd/system/*.timer; do
    [ ! -f "$file" ] || [ -L "$file" ] || printf '%s\n' "$file"
  done
  grep -l -s -E '^(ExecStart|WorkingDirectory)=[-@:+!]*/(srv|opt|home|var/www)/' \
    /lib/systemd/system/*.service /usr/lib/systemd/system/*.service
}

tell_units() {
  [ -d /run/systemd/system ] || return
  tell systemd yes
  unit_files | sort -u | head -n 60 | while IFS= read -r file; do
    unit=${file##*/}
    case $unit in seatrial-* | *@.*) continue ;; esac
    tell unit "$unit" active "$(property ActiveState "$unit")"
    tell unit "$unit" enabled "$(property UnitFileState "$unit")"
    tell unit "$unit" user "$(property User "$unit")"
    tell unit "$unit" triggers "$(property Triggers "$unit")"
    text=$(systemctl cat -- "$unit" 2>/dev/null)
    printf '%s\n' "$text" | paths_in | sort -u | head -n 20 |
      while IFS= read -r path; do tell unit "$unit" path "$path"; done
    tell unit "$unit" log "$(printf '%s\n' "$text" |
      sed -n -E 's/^StandardOutput=(append|file|truncate)://p' | tail -n 1)"
    # Of the environment nothing is told but a port: the rest may be secret.
    tell unit "$unit" port "$(printf '%s\n' "$text" | sed -n 's/^Environment=//p' |
      sed 's/[" ]/\
/g' | sed -n -E 's/^PORT=([0-9]{1,5})$/\1/p' | tail -n 1)"
  done
}

property() { systemctl show -p "$1" --value -- "$2" 2>/dev/null; }

# Directories that may be the application's: /srv/NAME, /home/USER/NAME, and above what units run.
candidates() {
  for directory in /srv/* /opt/* /var/www/* /home/*/*; do
    [ ! -d "$directory" ] || printf '%s\n' "$directory"
  done
  unit_files | while IFS= read -r file; do paths_in 2>/dev/null <"$file"; done |
    grep -E '^/(srv|opt|home|var/www)/' | sort -u | head -n 100 |
    while IFS= read -r path; do above "$path"; done
}

# The directory over it that holds releases/ and current, however deep it lies.
above() {
  directory=$1
  while [ -n "$directory" ]; do
    if [ -d "$directory/releases" ] && [ -L "$directory/current" ]; then
      printf '%s\n' "$directory"
      return
    fi
    directory=${directory%/*}
  done
}

tell_trees() {
  printf '%s\n' "$trees" | while IFS= read -r tree; do
    [ -n "$tree" ] || continue
    if [ -d "$tree/releases" ] && { [ -L "$tree/current" ] || [ -d "$tree/shared" ]; }; then
      tell tree "$tree" releases "$(stat -c %U -- "$tree")"
      entries "$tree/shared" shared "$tree"
    else
      tell tree "$tree" fixed "$(stat -c %U -- "$tree")"
      entries "$tree" entry "$tree"
    fi
  done
}

# entries DIRECTORY WORD TREE
entries() {
  find "$1" -mindepth 1 -maxdepth 1 -printf '%y %f\n' 2>/dev/null | sort | head -n 60 |
    while read -r type entry; do tell "$2" "$3" "$entry" "$type"; done
}

# Neither what a release brings along nor what a tool keeps for itself is state.
below() {
  tree=$1
  shift
  bounded find "$tree" -maxdepth 6 \( -name node_modules -o -name .git -o -name vendor -o \
    -name site-packages -o -name .cache -o -path "$tree/releases" -o -name '.seatrial-*' \) \
    -prune -o "$@"
}

tell_state() {
  printf '%s\n' "$trees" | while IFS= read -r tree; do
    [ -n "$tree" ] || continue
    below "$tree" -type f \( -name '*.db' -o -name '*.sqlite' -o -name '*.sqlite3' \) \
      -size +0 -print | sort | head -n 20 | while IFS= read -r file; do
      [ "$(head -c 15 -- "$file" 2>/dev/null)" != 'SQLite format 3' ] || tell sqlite "$file"
    done
    below "$tree" -type f -name '[Dd]ata.fs' -print | sort | head -n 20 |
      while IFS= read -r file; do
        blobs=$(dirname -- "$file")/../blobstorage
        [ -d "$blobs" ] || blobs=$(dirname -- "$file")/blobs
        [ -d "$blobs" ] || blobs=
        tell zodb "$file" "${blobs:+$(readlink -f -- "$blobs")}"
      done
    below "$tree" -type d \( -name uploads -o -name upload -o -name media -o -name attachments \
      -o -name storage -o -name files -o -name archive \) -print -prune |
      sort | head -n 20 | while IFS= read -r directory; do tell uploads "$directory"; done
    below "$tree" -type f -name '*.log' -print | sort | head -n 20 |
      while IFS= read -r file; do tell log "$file"; done
    below "$tree" -type f -name '*.pid' -size -2 -print | sort | head -n 20 |
      while IFS= read -r file; do tell_pidfile "$file"; done
  done
  find /var/log -maxdepth 2 -type f -path "*$name*" -name '*.log' 2>/dev/null | sort |
    head -n 20 | while IFS= read -r file; do tell log "$file"; done
}

tell_pidfile() {
  pid=
  read -r pid <"$1" || :
  case $pid in '' | *[!0-9]*) return 0 ;; esac
  [ ! -d "/proc/$pid" ] || tell pidfile "$1" "$(stat -c %U -- "/proc/$pid")"
}

tell_databases() {
  question="select datname || chr(9) || pg_get_userbyid(datdba) from pg_database
    where not datistemplate and datname <> 'postgres' order by 1"
  if command -v psql >/dev/null; then
    export PGCONNECT_TIMEOUT=5
    for client in "$(id -un)" postgres; do
      answer=$(cd / && as "$client" psql -X -w -A -t -d postgres -c "$question") || continue
      told_databases postgres "$client" "$answer"
      break
    done
  fi
  client=mysql
  command -v mysql >/dev/null || client=mariadb
  command -v "$client" >/dev/null || return 0
  for user in "$(id -un)" root; do
    answer=$(as "$user" "$client" --batch --skip-column-names --connect-timeout=5 \
      -e 'show databases') || continue
    told_databases mysql "$user" "$answer"
    break
  done
}

# told_databases KIND CLIENT LINES
told_databases() {
  printf '%s\n' "$3" | head -n 40 | while IFS='	' read -r database owner; do
    case $database in
      '' | information_schema | performance_schema | mysql | sys) ;;
      *) tell database "$1" "$database" "$owner" "$2" ;;
    esac
  done
}

# From the kernel's own lists: each user may read them, and no tool is needed. A socket that
# listens is in state 0A.
tell_ports() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk '$4 == "0A" { n = split($2, a, ":"); print a[1], a[n], $8 }' | sort -u | head -n 100 |
    while read -r address port uid; do
      case $address in
        0100007F | 00000000000000000000000001000000) where=loopback ;;
        *) where=any ;;
      esac
      tell port "$((0x$port))" "$where" "$(id -un -- "$uid" 2>/dev/null || echo "$uid")"
    done
}

tell_host
tell_units
trees=$(candidates | sort -u | head -n 60)
tell_trees
tell_state
tell_databases
tell_ports
tell complete yes
