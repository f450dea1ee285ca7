#!/bin/sh
# production.sh DIRECTORY PASSWORD: the old release as it has been in use by hand, with pages, their
# versions, and pictures. DIRECTORY holds release.tar.gz, site.php and the files of this directory.
set -eu
cd -- "$1"
release=/srv/wiki/releases/by-hand
install -m 640 -g www-data site.php /srv/wiki/shared/site.php
mkdir "$release"
tar -x -z -f release.tar.gz -C "$release" --no-same-owner --strip-components=1
ln -s ../../shared/site.php "$release/site.php"
ln -s releases/by-hand /srv/wiki/current
maintain() {
  script=$1
  shift
  runuser -u www-data -- php "$release/wiki/maintenance/$script" "$@"
}

# It does not install where it finds settings.
mv "$release/wiki/LocalSettings.php" aside
install -d -o www-data made
maintain install.php --dbserver localhost --dbname wiki --dbuser wiki --dbpass "$2" \
  --server http://wiki --scriptpath '' --lang en --pass "$2, for the harbour" \
  --confpath "$PWD/made" Harbour Admin
mv aside "$release/wiki/LocalSettings.php"
php "$release/wiki/maintenance/rebuildLocalisationCache.php" --quiet --lang=en

# Somebody has a mail address, and wants to hear of changes of two pages.
mariadb wiki -e "UPDATE user SET user_email = 'admin@example.org',
    user_email_authenticated = '20260101000000' WHERE user_name = 'Admin';
  INSERT INTO watchlist (wl_user, wl_namespace, wl_title)
    SELECT user_id, 0, title FROM user, (SELECT 'Tides' AS title UNION SELECT 'Buoys') AS titles
    WHERE user_name = 'Admin'"
mkdir pictures
php pictures.php pictures
maintain importImages.php --user Admin --comment 'from the pier' pictures
systemctl start wiki wiki-jobs
n=100
until curl -fsS -o /dev/null --noproxy '*' 'http://127.0.0.1:8080/api.php?action=query'; do
  n=$((n - 1))
  [ "$n" -gt 0 ] || exit 1
  sleep 0.1
done
sh edit.sh Tides 'High at six. [https://tides.example.org Tables]'
sh edit.sh Lighthouse '[[File:Lighthouse.png|thumb|120px|The light]] Stands on [[Tides|the rocks]].'
sh edit.sh Lighthouse 'It was lit in 1871. [[Category:Buildings]]'
sh edit.sh Pier 'See [[Lighthouse]] — ältester Teil des Hafens 港. [[File:Pier.png]]'
sh edit.sh Jetty '#REDIRECT [[Pier]]'
