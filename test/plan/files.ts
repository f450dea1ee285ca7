/** Configurations of the golden cases. */
export const guestbook = `application: guestbook
hosts: { production: deploy@www.example.org }
install:
  directory: /srv/guestbook
  shared: [uploads, .env]
  run: "{release}/bin/build"
  migrate:
    - node {release}/dist/migrate.js
    - { run: 'echo {version} "it''s"; {current}/bin/check', user: www-data, timeout: 2h }
service: { systemd: [guestbook.service, guestbook-mail.timer] }
maintenance: { private: PORT=18080, public: PORT=8080 }
state:
  - sqlite: /srv/guestbook/shared/guestbook.db
  - directory: /srv/guestbook/shared/uploads
checks:
  - http: { url: "http://localhost:{PORT}/health", contains: "ok" }
  - log: /var/log/guestbook.log
  - records: { ids: "{release}/bin/ids", each: "http://localhost:{PORT}/e/{id}", compare: body }
  - command: { run: "{release}/bin/canary", means: one entry is written, writes: true }
`;

export const indico = `application: indico
hosts: { production: root@www.example.org }
install:
  run: python setup.py install
  replaces: [/soft/python/MaKaC, { path: /soft/htdocs, from: htdocs }]
  migrate: "{release}/bin/upgrade /data/indico"
service:
  pidfile: /var/run/indico.pid
  start: "{entry} --daemon"
  entry: /soft/bin/indico
  user: apache
maintenance: { on: touch /soft/closed, off: rm -f /soft/closed }
state: [{ directory: /data/indico }]
checks: [{ http: "http://localhost/" }]
`;

export const plain = `application: guestbook
hosts: { production: local }
install: { directory: /srv/guestbook }
service: { start: /srv/start, stop: /srv/stop, running: /srv/running, unguarded: it is a test }
maintenance: { none: nobody uses it at night }
state: []
checks: [{ command: /srv/check }]
`;
