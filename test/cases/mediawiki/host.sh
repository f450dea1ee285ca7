#!/bin/sh
# host.sh DIRECTORY PASSWORD: what the administrator has set up once on each host. DIRECTORY is the
# example; PASSWORD is that of the wiki's account in the database.
set -eu
example=$1 password=$2
rm -rf /var/lib/mysql
install -d -o mysql -g mysql /var/lib/mysql
mariadb-install-db --no-defaults --user=mysql --datadir=/var/lib/mysql --skip-test-db >/dev/null
cat >/etc/systemd/system/mariadb.service <<'UNIT'
[Service]
Type=notify
User=mysql
RuntimeDirectory=mysqld
RuntimeDirectoryMode=0755
ExecStart=/usr/sbin/mariadbd --no-defaults --datadir=/var/lib/mysql \
  --socket=/run/mysqld/mysqld.sock --skip-networking --innodb-flush-log-at-trx-commit=0 \
  --innodb-flush-method=nosync --innodb-buffer-pool-size=128M
[Install]
WantedBy=multi-user.target
UNIT
install -d -o www-data -g www-data /var/log/wiki /srv/wiki/shared/uploads
install -o www-data -g www-data /dev/null /var/log/wiki/error.log
install -d /etc/wiki /srv/wiki/releases
cp "$example/apache.conf" /etc/wiki/
cp "$example/wiki.service" "$example/wiki-jobs.service" /etc/systemd/system/
systemctl daemon-reload
systemctl -q enable mariadb wiki wiki-jobs
systemctl start mariadb
mariadb -e "CREATE DATABASE wiki CHARACTER SET binary;
  CREATE USER wiki@localhost IDENTIFIED BY '$password'; GRANT ALL ON wiki.* TO wiki@localhost"
