#!/bin/sh
# show.sh: what must survive an upgrade, through the server: the text of each version that was there
# when this was run first, and each picture, as it was uploaded and as it is shown.
set -eu
ask() { curl -fsS --noproxy '*' "http://127.0.0.1:8080/$1" | sha256sum | cut -d ' ' -f 1; }
list() { [ -s "/opt/$1" ] || mariadb --skip-column-names wiki -e "$2" >"/opt/$1"; cat "/opt/$1"; }
list revisions 'SELECT rev_id FROM revision ORDER BY rev_id' | while read -r id; do
  printf 'revision %s\t%s\n' "$id" "$(ask "index.php?oldid=$id&action=raw")"
done
list pictures 'SELECT img_name FROM image ORDER BY img_name' | while read -r name; do
  printf 'shown %s\t%s\n' "$name" "$(ask "thumb.php?f=$name&width=120")"
  hash=$(printf %s "$name" | md5sum)
  path=$(printf %.1s/%.2s "$hash" "$hash")/$name
  printf 'picture %s\t%s\n' "$name" "$(ask "uploads/$path")"
done
