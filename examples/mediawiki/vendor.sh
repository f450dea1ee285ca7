#!/bin/sh
# vendor.sh PACKAGE.deb…: puts MediaWiki into wiki/, in place of the one there, from Debian's
# packages mediawiki and mediawiki-classes: its core and one skin, in English.
set -eu
[ $# -gt 0 ] || { echo 'usage: vendor.sh PACKAGE.deb…' >&2; exit 2; }
here=$(cd -- "$(dirname -- "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
wiki=$scratch/usr/share/mediawiki
# Not taken: links into /var/lib/mediawiki, and what LocalSettings.php does not load.
for package; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$scratch" \
    --exclude './usr/share/mediawiki/extensions*' --exclude './usr/share/mediawiki/config' \
    --exclude './usr/share/mediawiki/images' --exclude './usr/share/mediawiki/LocalSettings.php' \
    --exclude './usr/share/mediawiki/skins/[!V]*' --exclude './usr/share/doc' \
    --exclude '*/i18n/*[!n].json'
done
find "$wiki" -path '*/i18n/*' -name '*.json' ! -name 'en*.json' -delete
find "$wiki/languages/messages" -name 'Messages*.php' ! -name 'MessagesEn*.php' -delete
ln -s ../LocalSettings.php "$wiki/LocalSettings.php"
rm -rf -- "${here:?}/wiki"
mv -- "$wiki" "$here/wiki"
