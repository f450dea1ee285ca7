import type { Refused } from './refused-cases.ts';

const commands = 'copy: "a {copy}", verify: "b {copy}", restore: "c {copy}"';
const production = 'hosts: { production: deploy@www.example.org }';
const database = 'state: [{ postgres: guestbook }]';

const refusedStates: readonly Refused[] = [
  ['state of no kind', { state: 'state: [{ «postgress: a }]' }, /mean `postgres`/, 'schema'],
  ['state of two kinds', { state: 'state: [{ postgres: a, «mysql: b }]' },
    /`state\[0\]\.mysql` does not go together with `postgres`/, 'schema'],
  ['exclude of a database', { state: 'state: [{ postgres: a, «exclude: [b] }]' },
    /does not go together with `postgres`/, 'schema'],
  ['database with a blank', { state: 'state: [{ postgres: «a b }]' },
    /name of a database[^]*Letters, digits/, 'schema'],
  ['database with a quote', { state: 'state: [{ mysql: { database: «"a\'b" } }]' },
    /name of a database/, 'schema'],
  ['database that is an option', { state: 'state: [{ postgres: «--help }]' },
    /name of a database/, 'schema'],
  ['database as a connection text', { state: 'state: [{ postgres: «dbname=a }]' },
    /name of a database/, 'schema'],
  ['database of the server', { state: 'state: [{ postgres: «template1 }]' },
    /belongs to the server[^]*Name the database of the application/, 'parser'],
  ['database that it is renamed from', {
    state: 'state: [{ postgres: «{ database: guestbook, maintenance: guestbook } }]',
  }, /is the one it is renamed from/, 'parser'],
  ['database of MySQL itself', { state: 'state: [{ mysql: «mysql }]' },
    /belongs to the server/, 'parser'],
  ['the same database twice', {
    state: 'state:\n  - postgres: guestbook\n  - «postgres: { database: guestbook, user: me }\n'
      + '    name: other',
  }, /is `state\[0\]` once more[^]*Keep one of them/, 'parser'],
  ['password in the file', {
    state: 'state: [{ postgres: { database: a, «password: secret } }]',
  }, /`state\[0\]\.postgres\.password` is not a known key[^]*Allowed: database/, 'schema'],
  ['host with its port', { state: 'state: [{ mysql: { database: a, host: «"b:3306!" } }]' },
    /port goes to the key `port`/, 'schema'],
  ['maintenance of MySQL', {
    state: 'state: [{ mysql: { database: a, «maintenance: b } }]',
  }, /not a known key/, 'schema'],
  ['defaults-file that is relative', {
    state: 'state: [{ mysql: { database: a, defaults-file: «my.cnf } }]',
  }, /must be absolute/, 'schema'],
  ['blobs beside no zodb', { state: 'state: [{ sqlite: /a/b, «blobs: /a/c }]' },
    /does not go together with `sqlite`/, 'schema'],
  ['blobs around the zodb', { state: 'state: [{ zodb: /a/b/Data.fs, blobs: «/a/b }]' },
    /overlaps `state\[0\]\.zodb`[^]*must stand beside each other/, 'parser'],
  ['archive in the blobs', {
    state: 'state: [{ zodb: /a/Data.fs, blobs: /a/blobs, archive: «/a/blobs/archive }]',
  }, /overlaps `state\[0\]\.blobs`/, 'parser'],
  ['archive in a directory', {
    state: 'state:\n  - directory: /srv/a\n  - zodb: /a/Data.fs\n    archive: «/srv/a/b',
  }, /overlaps `state\[0\]\.directory`[^]*Keep the outer one/, 'parser'],

  ['command without restore', {
    state: 'state: [«{ command: a, copy: "b {copy}", verify: "c {copy}" }]',
  }, /`state\[0\]\.restore` is missing/, 'schema'],
  ['command that writes elsewhere', {
    state: 'state: [{ command: a, copy: «b, verify: "c {copy}", restore: "d {copy}" }]',
  }, /must contain \{copy\}[^]*stands for the place of the copy/, 'parser'],
  ['{copy} inside of quotes', {
    state: 'state: [{ command: a, copy: «\'b "{copy}"\', verify: "c {copy}", '
      + 'restore: "d {copy}" }]',
  }, /has \{copy\} inside shell quotes/, 'parser'],
  ['{current} in a command of a state', {
    state: 'state: [{ command: a, copy: «"{current}/b {copy}", verify: "c {copy}", '
      + 'restore: "d {copy}" }]',
  }, /uses \{current\}, which is no placeholder here/, 'parser'],
  ['command with another name', { state: `state: [{ command: a, ${commands}, «name: b }]` },
    /does not go together with `command`/, 'schema'],

  ['name with a slash', { state: 'state: [{ directory: /a/b, name: «a/b }]' },
    /a name such as uploads/, 'schema'],
  ['a name twice', {
    state: 'state:\n  - directory: /a/b\n    name: data\n  - «sqlite: /c/d\n    name: data',
  }, /has the name data, which `state\[0\]` has[^]*a name of its own/, 'parser'],
  ['a name that a command has', {
    state: `state:\n  - { command: data, ${commands} }\n  - «sqlite: /c/d\n    name: data`,
  }, /has the name data/, 'parser'],

  ['exclude of everything', { state: 'state: [{ directory: /a/b, exclude: [«"**"] }]' },
    /leaves nothing to keep[^]*Name what is no state/, 'parser'],
  ['exclude of every name', { state: 'state: [{ directory: /a/b, exclude: [a, «"*/**"] }]' },
    /leaves nothing to keep/, 'parser'],
  ['exclude of everything among others', {
    state: 'state: [{ directory: /a/b, exclude: [«"{cache/{a,b},*}/**"] }]',
  }, /leaves nothing to keep/, 'parser'],
  ['exclude with a brace too many', {
    state: 'state: [{ directory: /a/b, exclude: [«"{a,b"] }]',
  }, /has braces without a counterpart/, 'parser'],
  ['exclude with a brace too few', {
    state: 'state: [{ directory: /a/b, exclude: [«"a}{b"] }]',
  }, /has braces without a counterpart/, 'parser'],
  ['exclude with thousands of alternatives', {
    state: `state: [{ directory: /a/b, exclude: [«"${'{a,b}'.repeat(40)}"] }]`,
  }, /more than 100 alternatives/, 'parser'],
  ['exclude outside', { state: 'state: [{ directory: /a/b, exclude: [«../c] }]' },
    /no leading \/, no `\.\.`/, 'schema'],
  ['exclude that is absolute', { state: 'state: [{ directory: /a/b, exclude: [«/a/b/c] }]' },
    /Globs begin below the directory/, 'schema'],

  ['copy-from a word', { state: 'state: [{ directory: /a/b, copy-from: «last }]' },
    /one of live, last-saved, not "last"/, 'schema'],
  ['copy-from a backup without a command', {
    state: 'state: [{ directory: /a/b, copy-from: «backup }]',
  }, /names no command[^]*copy-from: \{ backup: command \}/, 'schema'],
  ['copy-from a standby without a host', {
    state: 'state: [{ postgres: a, copy-from: «standby }]',
  }, /names no host[^]*standby: host:port/, 'schema'],
  ['copy-from a standby of a directory', {
    state: 'state: [{ directory: /a/b, copy-from: { «standby: a } }]',
  }, /copy-from\.standby` is not a known key[^]*Allowed: backup/, 'schema'],
  ['copy-from of two kinds', {
    state: 'state: [{ postgres: a, copy-from: { backup: b, «standby: c } }]',
  }, /does not go together with `backup`/, 'schema'],
  ['standby with a port too large', {
    state: 'state: [{ postgres: a, copy-from: { standby: «"b:70000" } }]',
  }, /has the port 70000/, 'parser'],
  ['standby with a path', {
    state: 'state: [{ postgres: a, copy-from: { standby: «/run/b } }]',
  }, /host or host:port/, 'schema'],
  ['{current} in a backup', {
    state: 'state: [{ directory: /a/b, copy-from: { backup: «"{current}/b" } }]',
  }, /There are no placeholders here/, 'parser'],
];

const refusedStaging: readonly Refused[] = [
  ['isolation none without a reason', { more: 'staging: { isolation: «none }' },
    /needs a reason[^]*isolation: \{ none: reason \}/, 'schema'],
  ['isolation of nothing', { more: 'staging: { isolation: «{} }' }, /not empty/, 'parser'],
  ['isolation without a proof', { more: 'staging: { isolation: «{ on: a } }' },
    /isolation\.prove` is missing/, 'schema'],
  ['isolation of two kinds', { more: 'staging: { isolation: { «allow: [], none: a } }' },
    /does not go together with `none`/, 'schema'],
  ['allow without a port', { more: 'staging: { isolation: { allow: [«db.example.org] } }' },
    /host:port such as mail[^]*Name one port/, 'schema'],
  ['allow of port 0', { more: 'staging: { isolation: { allow: [«"db:0"] } }' },
    /ports go from 1 to 65535/, 'parser'],
  ['overlay that is absolute', { more: 'staging: { overlay: «/srv/overlay }' },
    /must be relative/, 'schema'],
  ['same-host without a reason', { more: 'staging: { same-host: «true }' },
    /the reason, in a few words[^]*Quote it/, 'schema'],
  ['writes that are relative', { more: 'staging: { writes: [«var/cache/**] }' },
    /absolute glob[^]*Begin with \//, 'schema'],
  ['instead of nothing that stands there', {
    more: 'staging: { instead: [{ of: «/srv/gusetbook, use: /srv/x }] }',
  }, /\(\/srv\/gusetbook\) stands nowhere[^]*for a default, write the key out first/, 'parser'],
  ['instead of a text of another section', {
    more: 'staging: { instead: [{ of: «www.example.org, use: a }] }',
  }, /stands nowhere/, 'parser'],
  ['instead of a key', { more: 'staging: { instead: [{ of: «systemd, use: a }] }' },
    /stands nowhere/, 'parser'],
  ['instead twice', {
    more: 'staging:\n  instead:\n    - { of: /health, use: a }\n    - { of: «/health, use: b }',
  }, /replaces \/health a second time/, 'parser'],
  ['instead by itself', { more: 'staging: { instead: [«{ of: /health, use: /health }] }' },
    /in its own place/, 'parser'],
  ['instead without use', { more: 'staging: { instead: [«{ of: /health }] }' },
    /use` is missing/, 'schema'],
  ['instead that makes a path of another kind', {
    state: 'state: [{ directory: «/data/x }]',
    more: 'staging: { instead: [{ of: /data, use: data }] }',
  }, /with `staging\.instead` `state\[0\]\.directory` must be absolute/, 'parser'],
  ['staging without a host', { hosts: production, more: 'staging: «{ overlay: a }' },
    /does nothing: there is no `hosts\.staging`[^]*Write hosts: \{ staging/, 'parser'],
  ['budget without a host', { hosts: production, more: 'budget: «10m' },
    /`budget` does nothing/, 'parser'],
];

const refusedRest: readonly Refused[] = [
  ['route backup', { more: 'copy: { route: «backup }' },
    /each has a backup of its own[^]*Write copy-from: \{ backup: command \} at/, 'schema'],
  ['route by mail', { more: 'copy: { route: «mail }' }, /one of runner, direct/, 'schema'],
  ['rate without a unit', { more: 'copy: { rate: «10 }' }, /such as 10MB/, 'schema'],
  ['rate of nothing', { more: 'copy: { rate: «0MB }' }, /at least 1kB/, 'parser'],
  ['fresh for years', { more: 'copy: { fresh-for: «400d }' }, /at most 365 days/, 'parser'],
  ['fresh for longer than kept', { more: 'copy: «{ fresh-for: 8d }' },
    /removed before[^]*Lower `fresh-for`/, 'parser'],
  ['expires at once', { more: 'copy: { fresh-for: 0, expires: «0 }' },
    /at least a second/, 'schema'],
  ['budget of words', { more: 'budget: «short' }, /a time such as/, 'schema'],
  ['receipt as a time', { more: 'receipt: «7d' }, /must be the key expires/, 'schema'],
  ['receipt for ever', { more: 'receipt: { expires: «never }' }, /such as 12h or 7d/, 'schema'],

  ['mask of nothing', { more: 'mask: [{ state: «nothing, run: "a {copy}" }]' },
    /names the state nothing, which there is not[^]*The states are: uploads/, 'parser'],
  ['mask without a way', { more: 'mask: [«{ state: uploads }]' },
    /mask\[0\]` must be \{ state, sql \}, .* not only state[^]*For example/, 'schema'],
  ['mask in a way that is misspelt', { more: 'mask: [{ state: uploads, «sqll: a }]' },
    /`mask\[0\]\.sqll` is not a known key[^]*mean `sql`/, 'schema'],
  ['state with a name only', { state: 'state: [«{ name: a }]' },
    /must be one of \{ directory \}.* not only name/, 'schema'],
  ['mask in two ways', {
    state: database, more: 'mask: [{ state: guestbook, sql: a, «greenmask: b }]',
  }, /does not go together with `sql`/, 'schema'],
  ['mask of a directory by SQL', { more: 'mask: [{ state: «uploads, sql: a.sql }]' },
    /a state of the kind directory, by sql[^]*works for postgres, mysql, sqlite/, 'parser'],
  ['mask of MySQL by Greenmask', {
    state: 'state: [{ mysql: shop }]', more: 'mask: [{ state: «shop, greenmask: a.yml }]',
  }, /of the kind mysql, by greenmask[^]*works for postgres/, 'parser'],
  ['mask with a file outside', { state: database, more: 'mask: [{ state: guestbook, sql: «/a }]' },
    /must be relative/, 'schema'],
  ['mask that names no copy', {
    state: database, more: 'mask: [{ state: guestbook, run: «psql guestbook }]',
  }, /must contain \{copy\}/, 'parser'],

  ['parity of an unknown class', { more: 'parity: { fail: [«kernal] }' },
    /mean `kernel`/, 'schema'],
  ['parity of a program', { more: 'parity: { fail: [«python] }' },
    /`python` is no class[^]*Write runtimes, its class; or name it in `items`/, 'schema'],
  ['parity of a class twice', { more: 'parity: «{ fail: [kernel], warn: [kernel] }' },
    /has kernel in fail and in warn/, 'parser'],
  ['parity of a class twice in a list', { more: 'parity: { fail: [kernel, «kernel] }' },
    /stands twice/, 'schema'],
  ['parity item without a reason', { more: 'parity: { items: [«{ item: a, verdict: warn }] }' },
    /reason` is missing/, 'schema'],
  ['parity verdict', {
    more: 'parity: { items: [{ item: a, verdict: «ignore, reason: b }] }',
  }, /one of fail, warn, clock, expected/, 'schema'],
  ['parity of relative files', { more: 'parity: { files: [«etc/x] }' },
    /absolute glob/, 'schema'],
  ['parity of files outside', { more: 'parity: { files: [«/etc/../x] }' },
    /without `\.\.`/, 'schema'],

  ['accept for nothing', {
    more: 'accept: [{ state: «nothing, object: a, difference: any, reason: b }]',
  }, /names the state nothing, which there is not/, 'parser'],
  ['accept without a reason', {
    more: 'accept: [«{ state: uploads, object: a, difference: any }]',
  }, /reason` is missing/, 'schema'],
  ['accept of an unknown difference', {
    more: 'accept: [{ state: uploads, object: a, difference: «droped, reason: b }]',
  }, /mean `dropped`/, 'schema'],
];

export const refusedRehearsals: readonly Refused[] =
  [...refusedStates, ...refusedStaging, ...refusedRest];
