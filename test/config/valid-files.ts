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
  - directory: /data04/MaKaC/archive
checks: [{ http: { url: "http://localhost/", status: [200, 204, 300-399], contains: Indico } }]
`;

const buildbot = `application: buildbot
hosts:
  production: { address: "2001:db8::1", user: buildbot, port: 2222 }
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
state: [{ directory: /var/lib/buildbot }]
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
  - command: buildbot checkconfig {current}
observe: { passes: 2, every: 5s, within: 2m }
keep: { releases: 5, rescues: 1, failed: 0 }
`;

export const validFiles: Readonly<Record<string, string>> = {
  guestbook, indico, buildbot,
  base: fileOf({}),
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
