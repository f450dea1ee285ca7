import type { Refused } from './refused-cases.ts';

const pidfile = 'pidfile: /run/guestbook.pid, start: "{current}/bin/start"';

export const refusedRules: readonly Refused[] = [
  ['pidfile service without a guard', { service: `service: «{ ${pidfile} }` },
    /could be started by hand[^]*`entry`[^]*unguarded: reason/, 'parser'],
  ['commands service without a guard', {
    service: 'service: «{ start: a, stop: b, running: c }',
  }, /could be started by hand/, 'parser'],
  ['entry and unguarded', { service: `service: «{ ${pidfile}, entry: /a/b, unguarded: c }` },
    /has both/, 'parser'],
  ['entry inside of current', {
    service: `service: { ${pidfile}, entry: «/srv/guestbook/current/bin/start }`,
  }, /stands in what is switched[^]*Name \/srv\/guestbook\/current itself/, 'parser'],
  ['entry inside of releases', {
    service: `service: { ${pidfile}, entry: «/srv/guestbook/releases/1 }`,
  }, /stands in what is switched/, 'parser'],
  ['entry inside of replaces', {
    install: 'install: { replaces: [/opt/app], run: a }',
    service: 'service: { pidfile: /run/a, start: a, entry: «/opt/app/bin/start }',
  }, /overlaps `install\.replaces\[0\]`[^]*installing does not touch/, 'parser'],
  ['{current} in a check where it is the entry', {
    service: 'service: { pidfile: /run/a, start: "{entry}/a", entry: /srv/guestbook/current }',
    checks: 'checks: [{ command: «"{current}/bin/canary" }]',
  }, /uses \{current\}, which is renamed away in the window[^]*Write \{release\}/, 'parser'],
  ['{current} in start where it is the entry', {
    service: 'service: { pidfile: /run/a, start: «"{current}/a", entry: /srv/guestbook/current }',
  }, /uses \{current\}, which is renamed away/, 'parser'],
  ['{entry} without entry', {
    service: 'service: «{ pidfile: /run/a, start: "{entry} run", unguarded: b }',
  }, /uses \{entry\} in `start`/, 'parser'],
  ['{entry} in stop', {
    service: 'service: { start: a, stop: «"{entry} stop", running: b, entry: /a/b }',
  }, /uses \{entry\}, which is no placeholder here/, 'parser'],
  ['the same unit twice', { service: 'service: { systemd: [guestbook, «guestbook.service] }' },
    /names guestbook\.service a second time/, 'parser'],

  ['state inside of state', { state: 'state:\n  - directory: /a/b\n  - sqlite: «/a/b/c.db' },
    /`state\[1\]\.sqlite` \(\/a\/b\/c\.db\) overlaps `state\[0\]\.directory`/, 'parser'],
  ['state around state', { state: 'state:\n  - sqlite: /a/b/c.db\n  - directory: «/a/b' },
    /overlaps `state\[0\]\.sqlite`/, 'parser'],
  ['state twice', { state: 'state:\n  - directory: /a/b\n  - directory: «/a/b' },
    /overlaps/, 'parser'],
  ['state inside of records', { state: 'state: [{ directory: «/var/lib/seatrial/guestbook/x }]' },
    /overlaps Seatrial's own records/, 'parser'],
  ['state around records', {
    state: 'state: [{ directory: «/data }]', more: 'records: /data/seatrial',
  }, /overlaps Seatrial's own records \(\/data\/seatrial\)/, 'parser'],
  ['releases inside of records', {
    install: 'install: { directory: «/srv/guestbook }', more: 'records: /srv/guestbook/current/x',
  }, /overlaps Seatrial's own records/, 'parser'],
  ['state in releases', { state: 'state: [{ directory: «/srv/guestbook/releases/shared }]' },
    /overlaps \/srv\/guestbook\/releases[^]*Move it to \/srv\/guestbook\/shared/, 'parser'],
  ['state in current', { state: 'state: [{ directory: «/srv/guestbook/current/data }]' },
    /overlaps \/srv\/guestbook\/current/, 'parser'],
  ['state around releases', { state: 'state: [{ directory: «/srv }]' }, /overlaps/, 'parser'],
  ['state in replaces', {
    install: 'install: { replaces: [{ path: /opt/app, from: app }] }',
    state: 'state: [{ directory: «/opt/app/data }]',
  }, /overlaps `install\.replaces\[0\]\.path` \(\/opt\/app\)/, 'parser'],
  ['replaces in replaces', {
    install: 'install: { replaces: [/opt/app, «/opt/app/lib], run: a }',
  }, /overlaps `install\.replaces\[0\]`/, 'parser'],
  ['replaces written by nothing', { install: 'install: { replaces: [«/opt/app] }' },
    /is written by nothing/, 'parser'],
  ['{current} without releases', {
    install: 'install: { replaces: [/opt/app], run: «"cp {current}/a /opt/app" }',
  }, /uses \{current\}, which `install\.replaces` does not have/, 'parser'],

  ['{PORT} without private', {
    maintenance: 'maintenance: { none: reasons }',
    checks: 'checks: [{ http: «"http://localhost:{PORT}/" }]',
  }, /uses \{PORT\}, and maintenance\.private sets no variable/, 'parser'],
  ['another variable', { checks: 'checks: [{ http: «"http://localhost:{HTTP_PORT}/" }]' },
    /sets PORT[^]*Write \{PORT\}/, 'parser'],
  ['{PORT} in a command of a check', {
    checks: 'checks: [{ command: «"curl localhost:{PORT}" }]',
  }, /uses \{PORT\}, which is put into URLs only[^]*Write "\$PORT"/, 'parser'],
  ['{id} in a plain check', { checks: 'checks: [{ http: «"http://localhost/{id}" }]' },
    /uses \{id\}/, 'parser'],
  ['private and public the same', {
    maintenance: 'maintenance: «{ private: PORT=1, public: PORT=1 }',
  }, /same value/, 'parser'],
  ['private and public of two variables', {
    maintenance: 'maintenance: «{ private: A=1, public: B=2 }',
  }, /sets A privately and B publicly/, 'parser'],

  ['unknown placeholder', {
    install: 'install: { directory: /srv/guestbook, migrate: «"{relaese}/bin/migrate" }',
  }, /uses \{relaese\}[^]*mean `release`[^]*write \{\{relaese\}\}/, 'parser'],
  ['placeholder in double quotes', {
    install: 'install: { directory: /srv/guestbook, migrate: «\'"{release}/bin/migrate" x\' }',
  }, /has \{release\} inside shell quotes/, 'parser'],
  ['{release} while packaging', { more: 'package: { run: «"make {release}" }' },
    /uses \{release\}[^]*Allowed: version/, 'parser'],
];
