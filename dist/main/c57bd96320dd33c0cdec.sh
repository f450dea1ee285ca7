# shellcheck shell=sh
# HTTP servers and databases, by their files and programs: what runs is asked by the state's kinds.

without_comments='/^[[:space:]]*(#|$)/d'

parity_http() {
  for directory in /etc/apache2 /etc/apache2/*-enabled /etc/nginx /etc/nginx/conf.d \
    /etc/nginx/*-enabled; do
    [ ! -d "$directory" ] || [ -r "$directory" ] ||
      unread http-server "$directory" 'it cannot be read by this login'
  done
  if there apache2; then apache apache2 "$(apache_debian)"
  elif there httpd; then apache httpd "$(apache_elsewhere)"; fi
  ! there nginx || nginx_server
}

apache_debian() {
  for file in /etc/apache2/apache2.conf /etc/apache2/ports.conf /etc/apache2/*-enabled/*; do
    [ ! -f "$file" ] || printf '%s\n' "$file"
  done
}

apache_elsewhere() {
  about=$(bounded httpd -V)
  root=$(printf '%s\n' "$about" | sed -n 's/.*HTTPD_ROOT="\(.*\)".*/\1/p')
  main=$(printf '%s\n' "$about" | sed -n 's/.*SERVER_CONFIG_FILE="\(.*\)".*/\1/p')
  case $main in /*) ;; *) main=$root/$main ;; esac
  { printf '%s\n' "$main"
    find "${main%/*}" "$root/conf.d" "$root/conf.modules.d" -name '*.conf' -type f; } |
    sort -u
}

# apache PROGRAM FILES
apache() {
  item http-server apache \
    "$(bounded "$1" -v | sed -n 's#^Server version: *Apache/\([^ ]*\).*#\1#p')"
  # A file that cannot be read is told by its digest's absence.
  printf '%s\n' "$2" | while IFS= read -r file; do
    [ ! -r "$file" ] || sed -n 's/^[[:space:]]*[Ll]oad[Mm]odule[[:space:]]*//p' "$file"
  done | awk '{ sub(/_module$/, "", $1); print "mod_" $1 "\t" $2 }' | module_versions
  # What loads a module says no more than that it is loaded.
  printf '%s\n' "$2" | grep -v '/mods-enabled/.*[.]load$' |
    digest_files http-server "$without_comments"
}

# A module from a package of its own has that one's version; the others come with the server.
module_versions() {
  modules=$(cat)
  [ -n "$modules" ] || return 0
  lists=$(ls /var/lib/dpkg/info/libapache2-mod-*.list 2>/dev/null)
  owners=
  if [ -n "$lists" ]; then
    # shellcheck disable=SC2086 # names of packages hold no blanks
    owners=$(printf '%s\n' "$modules" | cut -f2 | grep -H -x -F -f - $lists |
      sed 's#^.*/\([^/:]*\)\(:[^/:]*\)\{0,1\}\.list:#\1\t#')
  fi
  versions=
  # shellcheck disable=SC2046 # names of packages hold no blanks
  [ -z "$owners" ] || versions=$(dpkg-query -W -f '${Package}\t${Version}\n' \
    $(printf '%s\n' "$owners" | cut -f1 | sort -u))
  printf '%s\n' "$modules" | OWNERS=$owners VERSIONS=$versions awk -F'\t' '
    BEGIN {
      n = split(ENVIRON["VERSIONS"], line, "\n")
      for (i = 1; i <= n; i++) { split(line[i], part, "\t"); version[part[1]] = part[2] }
      n = split(ENVIRON["OWNERS"], line, "\n")
      for (i = 1; i <= n; i++) { split(line[i], part, "\t"); of[part[2]] = version[part[1]] }
    }
    { printf "http-server\t%s\t%s\n", $1, (of[$2] == "" ? "loaded" : of[$2]) }'
}

nginx_server() {
  about=$(bounded nginx -V 2>&1)
  item http-server nginx "$(printf '%s\n' "$about" | sed -n 's#^nginx version: *nginx/##p')"
  printf '%s\n' "$about" | tr ' ' '\n' |
    sed -n 's/^--with-\([a-z0-9_]*_module\)$/http-server\tnginx \1\tbuilt in/p'
  for file in /etc/nginx/nginx.conf /etc/nginx/conf.d/*.conf /etc/nginx/*-enabled/* \
    /etc/nginx/snippets/*; do
    [ ! -f "$file" ] || printf '%s\n' "$file"
  done | digest_files http-server "$without_comments"
}

# Debian's psql is a program around the real ones, and slow; mysql is mariadb by another name.
parity_databases() {
  postgres=
  for program in /usr/lib/postgresql/*/bin/psql /usr/lib/postgresql/*/bin/postgres \
    /usr/pgsql-*/bin/psql /usr/pgsql-*/bin/postgres; do
    [ ! -x "$program" ] || { postgres=there; database_version "$program"; }
  done
  [ -n "$postgres" ] || database_version psql
  database_version mariadb || database_version mysql
  database_version mariadbd || database_version mysqld
  database_version sqlite3
  return 0
}

database_version() {
  there "$1" || return
  item database "$1" "$(bounded "$1" --version | sed 1q)"
}
