import { fileOf } from './files.ts';

/** Files that are right: the parts of the design's examples that exist, and every other form. */
const guestbook = `application: guestbook
package:
  run: npm ci && npm run build
  include: [dist/**, node_modules/**, package.json]
hosts:
  staging: deploy@staging.example.org
  production: deploy@www.example.org
install:
  directory: /srv/guestbook            # releases/, current, shared/
  shared: [uploads, .env]
  migrate: node {release}/dist/migrate.js
service: { systemd: guestbook }
maintenance: { on: touch /srv/guestbook/shared/closed, off: rm -f /srv/guestbook/shared/closed }
state:
  - sqlite: /srv/guestbook/shared/guestbook.db
  - directory: /srv/guestbook/shared/uploads
checks:
  - http: http://localhost:8080/health
  - log: /var/log/guestbook.log
`;

const indico = `application: indico
package:
  directory: indico/code/code
  recipe:
    - copy: { from: indico/code/resources/images, to: resources/images }
    - copy: { from: [indico/code/dist/README, indico/code/dist/setup.py], to: . }
    - ensure: { file: MaKaC/common/general.py, variable: DEBUG, accept: ["1", "True"], else: "1" }
    - set: { file: setup.py, argument: version, to: "{version}" }
    - run: python setup.py sdist --format=tar
  archive: dist/MaKaC-{version}.tar
hosts: { staging: root@stage.example.org, production: root@www.example.org }
parity: { fail: [architecture, kernel, http-server, runtimes, modules] }
install:
  run: python setup.py install
  replaces: [/soft/httpd/host/indico/htdocs, { path: /soft/python/MaKaC, from: MaKaC }]
service:
  stop: apachectl stop
  start: { run: apachectl start, timeout: 2m }
  running: pgrep httpd
  unguarded: shared with another system
maintenance: { none: the front cannot be changed }
state:
  - zodb: /data04/zodb-data/makac/data.fs
  - directory: /data04/MaKaC/archive
checks: [{ http: { url: "http://localhost/", status: [200, 204, 300-399], contains: Indico } }]
`;

const buildbot = `application: buildbot
hosts:
  production: { address: "2001:db8::1", user: buildbot, port: 2222 }
  staging: buildbot@staging.example.org
  known-hosts: ops/known_hosts
install:
  directory: /opt/buildbot
  migrate:
    - "{release}/bin/buildbot upgrade-master /var/lib/buildbot"
    - { run: "{release}/bin/check", user: buildbot, timeout: 2h, phase: window }
service:
  user: buildbot
  pidfile: /var/lib/buildbot/twistd.pid
  start: "{entry}/bin/buildbot start /var/lib/buildbot"
  stop-signal: INT
  stop-timeout: 90
  entry: /opt/buildbot/current
maintenance: { private: HTTP=18010, public: HTTP=8010 }
state:
  - directory: /var/lib/buildbot
    copy-from: last-saved                # a rehearsal never stops production
    exclude: [twistd.pid, "*/tmp/**", "{cache,http-*.log}", "*.{pid,sock}"]
staging:
  overlay: staging/buildbot              # other ports, no reporters, no secrets
  isolation: network
records: /var/lib/seatrial-records/buildbot
checks:
  - log: { file: /var/lib/buildbot/twistd.log, new: [Traceback, AttributeError], allow: [^ok] }
  - records:
      ids: sqlite3 -readonly /var/lib/buildbot/state.sqlite 'select id from logs order by id'
      each: "http://localhost:{HTTP}/api/v2/logs/{id}/contents"
      sample: 20
      compare: body
      timeout: 30s
  - command: { run: canary, means: one build runs to its end, writes: true, unsure: [75, 4] }
  - command: buildbot checkconfig {release}
observe: { passes: 2, every: 5s, within: 2m }
keep: { releases: 5, rescues: 1, failed: 0 }
`;

/** Every key that only a rehearsal uses. */
const rehearsed = `application: guestbook
hosts: { staging: root@staging.example.org, production: root@www.example.org }
install: { directory: /srv/guestbook, shared: [.env] }
service: { systemd: [guestbook, guestbook-mail.timer] }
maintenance: { private: PORT=18080, public: PORT=8080 }
records: /srv/records/guestbook
state:
  - postgres: guestbook
  - postgres: { database: wiki, host: db.example.org, port: 5433, user: wiki, as: postgres }
    name: pages
    copy-from: { standby: "replica.example.org:5434" }
  - postgres: { database: stats, host: /run/postgresql, maintenance: template1 }
    copy-from: { backup: { run: cat /backup/stats.dump, user: postgres, timeout: 2h } }
  - mysql: mail
    copy-from: live
  - mysql: { database: shop, host: 127.0.0.1, port: 3307, user: shop, defaults-file: /etc/shop.cnf }
    copy-from: { standby: "[2001:db8::7]:3306" }
  - zodb: /var/lib/zeo/Data.fs
    blobs: /var/lib/zeo/blobs
    archive: /srv/archive
  - directory: /srv/guestbook/shared/uploads
    exclude: ["*.pid", cache/**]
  - sqlite: /srv/guestbook/shared/uploads.db
    name: thumbnails
    copy-from: { backup: cat /backup/thumbnails }
  - command: ldap
    copy: slapcat -l {copy}/all.ldif
    verify: { run: "test -s {copy}/all.ldif", timeout: 10s }
    restore: { run: "slapadd -l {copy}/all.ldif", user: openldap }
    describe: "sort {copy}/all.ldif | sha256sum"
staging:
  overlay: staging/overlay
  isolation:
    users: [guestbook, www-data]
    allow: ["db.staging.example.org:5432", "[2001:db8::1]:53"]
    unreachable: ["db.example.org:5432"]
  same-host: one machine is all we have
  instead:
    - { of: /srv/guestbook, use: /srv/staging/guestbook }
    - { of: /srv/records, use: /srv/staging/records }
    - { of: /srv/archive, use: /srv/staging/archive }
    - { of: /var/lib/zeo, use: /var/lib/zeo-staging }
    - { of: PORT=, use: PORT=2 }
    - { of: guestbook, use: guestbook-staging }
    - { of: wiki, use: wiki-staging }
    - { of: stats, use: stats-staging }
    - { of: mail, use: mail-staging }
    - { of: shop, use: shop-staging }
    - { of: slap, use: staging-slap }
  writes: [/var/cache/guestbook/**]
copy: { route: direct, fresh-for: 0, expires: 2d, rate: 10MB }
mask:
  - { state: guestbook, sql: staging/mask.sql }
  - { state: pages, greenmask: staging/greenmask.yml }
  - { state: ldap, run: "sed -i s/@/@example./ {copy}/all.ldif" }
  - { state: thumbnails, run: { run: "shred -- {copy}", user: guestbook, timeout: 5m } }
parity:
  fail: [packages]
  warn: [runtimes, hardware]
  clock: [kernel]
  expected: [distribution]
  items: [{ item: python3-*, verdict: expected, reason: the new image has newer ones }]
  files: [/etc/guestbook/*.conf]
accept:
  - { state: guestbook, object: public.sessions, difference: rows-lost, reason: they run out }
  - { state: uploads, object: "**/*.tmp", difference: any, reason: not kept }
budget: 15m
receipt: { expires: 12h }
checks: [{ http: "http://localhost:{PORT}/health" }]
`;

export const validFiles: Readonly<Record<string, string>> = {
  guestbook, indico, buildbot, rehearsed,
  base: fileOf({}),
  'isolation by commands': fileOf({
    more: 'staging: { isolation: { on: cut, prove: { run: ask } } }' }),
  'isolation by nothing': fileOf({ more: 'staging: { isolation: { none: it has no network } }' }),
  'approval by reviewers': fileOf({ more: 'approval: reviewers' }),
  'approval at a terminal': fileOf({ more: 'approval: confirm' }),
  'approval elsewhere': fileOf({ more: 'approval: { external: the change board }' }),
  'hosts that are local': fileOf({ hosts: 'hosts: { production: local }' }),
  'nothing to stop, nothing to keep': fileOf({ service: 'service: []', state: 'state: []' }),
  'services of several kinds': fileOf({ service: `service:
  - systemd: [guestbook-mail.timer, guestbook@1]
  - { start: a, stop: b, running: c, entry: /usr/local/bin/guestbook, user: web }` }),
  'package with every key': fileOf({ more: `package:
  include: [a]
  exclude: ["**/*.map"]
  versions: [{ file: package.json, pattern: '"version": "([^"]+)"' }]
  tag-prefix: release-
  branches: [main, release/1.x]
  recipe:
    - set: { file: a.py, variable: VERSION, to: "'{version}'" }
    - set: { file: b, pattern: "dev-[0-9]+", to: x }
    - ensure: { file: c, variable: DEBUG, accept: off }` }),
};
