import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { parseStagingConfig } from '../../src/config/staging.ts';
import { formatProblem } from '../../src/errors.ts';
import { fileOf, problemsOf, rehearsalDefaults, unmark, type Sections } from './files.ts';
import { validFiles } from './valid-files.ts';

const parse = (changes: Sections) => parseConfig(fileOf(changes), 'seatrial.yml');
const command = (run: string) => ({ run, user: undefined, timeoutSeconds: 600 });
const local = { host: undefined, port: undefined, user: undefined, as: undefined };
const live = { kind: 'live' };
const rehearsed = validFiles['rehearsed'] ?? '';

describe('state', () => {
  it('is read, of every kind', () => {
    expect(parseConfig(rehearsed, 'f').state).toEqual([
      { kind: 'postgres', name: 'guestbook', copyFrom: live, database: 'guestbook', ...local,
        maintenance: 'postgres' },
      { kind: 'postgres', name: 'pages', database: 'wiki', host: 'db.example.org', port: 5433,
        user: 'wiki', as: 'postgres', maintenance: 'postgres',
        copyFrom: { kind: 'standby', host: 'replica.example.org', port: 5434 } },
      { kind: 'postgres', name: 'stats', database: 'stats', ...local, host: '/run/postgresql',
        maintenance: 'template1', copyFrom: { kind: 'backup',
          run: { run: 'cat /backup/stats.dump', user: 'postgres', timeoutSeconds: 7200 } } },
      { kind: 'mysql', name: 'mail', database: 'mail', ...local, defaultsFile: undefined,
        copyFrom: live },
      { kind: 'mysql', name: 'shop', database: 'shop', host: '127.0.0.1', port: 3307,
        user: 'shop', as: undefined, defaultsFile: '/etc/shop.cnf',
        copyFrom: { kind: 'standby', host: '2001:db8::7', port: 3306 } },
      { kind: 'zodb', name: 'Data.fs', path: '/var/lib/zeo/Data.fs',
        blobs: '/var/lib/zeo/blobs', archive: '/srv/archive', copyFrom: live },
      { kind: 'directory', name: 'uploads', path: '/srv/guestbook/shared/uploads',
        exclude: ['*.pid', 'cache/**'], copyFrom: live },
      { kind: 'sqlite', name: 'thumbnails', path: '/srv/guestbook/shared/uploads.db',
        copyFrom: { kind: 'backup', run: command('cat /backup/thumbnails') } },
      { kind: 'command', name: 'ldap', copyFrom: live,
        copy: command('slapcat -l {copy}/all.ldif'),
        verify: { ...command('test -s {copy}/all.ldif'), timeoutSeconds: 10 },
        restore: { ...command('slapadd -l {copy}/all.ldif'), user: 'openldap' },
        describe: command('sort {copy}/all.ldif | sha256sum') },
    ]);
  });

  it.each([
    ['- directory: /a/.uploads', ['uploads']],
    ['- directory: /a/my files', ['my-files']],
    ['- directory: /a/été', ['t-']],
    ['- directory: "/a/é"', ['directory']],
    ['- directory: /a/up\n  - directory: /b/up\n  - postgres: up', ['up', 'up-2', 'up-3']],
    ['- directory: /a/up\n  - directory: /b/x\n    name: up', ['up-1', 'up']],
    ['- directory: /a/up-2\n  - sqlite: /b/up\n  - sqlite: /c/up', ['up-2', 'up', 'up-3']],
    ['- sqlite: /b/up\n  - sqlite: /c/up\n  - sqlite: /d/x\n    name: up-2',
      ['up', 'up-3', 'up-2']],
  ])('has names: %s', (entries, names) => {
    expect(parse({ state: `state:\n  ${entries}` }).state.map((it) => it.name)).toEqual(names);
  });
});

describe('the sections of a rehearsal', () => {
  const config = parseConfig(rehearsed, 'f');

  it('are read', () => {
    expect(config.staging).toMatchObject({
      overlay: 'staging/overlay', sameHost: 'one machine is all we have',
      writes: ['/var/cache/guestbook/**'],
      isolation: { kind: 'network', users: ['guestbook', 'www-data'],
        allow: ['db.staging.example.org:5432', '[2001:db8::1]:53'],
        unreachable: ['db.example.org:5432'] },
    });
    expect(config.staging.instead).toContainEqual({ of: 'wiki', use: 'wiki-staging' });
    expect(config.copy).toEqual({ route: 'direct', freshForSeconds: 0, expiresSeconds: 172_800,
      rateMax: 10_000_000 });
    expect(config.mask).toEqual([
      { state: 'guestbook', with: { kind: 'sql', file: 'staging/mask.sql' } },
      { state: 'pages', with: { kind: 'greenmask', file: 'staging/greenmask.yml' } },
      { state: 'ldap', with: { kind: 'command',
        run: command('sed -i s/@/@example./ {copy}/all.ldif') } },
      { state: 'thumbnails', with: { kind: 'command',
        run: { run: 'shred -- {copy}', user: 'guestbook', timeoutSeconds: 300 } } },
    ]);
    expect(config.parity).toEqual({
      classes: { ...rehearsalDefaults.parity.classes, packages: 'fail', runtimes: 'warn',
        hardware: 'warn', kernel: 'clock', distribution: 'expected' },
      items: [{ item: 'python3-*', verdict: 'expected', reason: 'the new image has newer ones' }],
      files: ['/etc/guestbook/*.conf'],
    });
    expect(config.accept).toEqual([
      { state: 'guestbook', object: 'public.sessions', difference: 'rows-lost',
        reason: 'they run out' },
      { state: 'uploads', object: '**/*.tmp', difference: 'any', reason: 'not kept' },
    ]);
    expect([config.budgetSeconds, config.receiptSeconds]).toEqual([900, 43_200]);
  });

  it('keep the defaults of what they do not name', () => {
    const empty = parse({ more: 'staging: {}\ncopy: {}\nparity: {}\nreceipt: {}' });
    expect(empty).toEqual(parse({}));
  });

  it.each([
    ['network', { kind: 'network', users: [], allow: [], unreachable: [] }],
    ['{ users: [www] }', { kind: 'network', users: ['www'], allow: [], unreachable: [] }],
    ['{ on: a, prove: b }', { kind: 'commands', on: command('a'), prove: command('b') }],
    ['{ none: why }', { kind: 'none', reason: 'why' }],
  ])('isolation %s', (text, isolation) => {
    expect(parse({ more: `staging: { isolation: ${text} }` }).staging.isolation).toEqual(isolation);
  });

  it.each([['10MB', 1e7], ['512KiB', 524_288], ['1.5GB/s', 1.5e9], ['64kB', 64_000]])(
    'rate %s', (text, rateMax) => {
      expect(parse({ more: `copy: { rate: ${text} }` }).copy.rateMax).toBe(rateMax);
    });

  it.each([['0', 0], ['90m', 5400], ['2d', 172_800]])('fresh-for %s', (text, seconds) => {
    expect(parse({ more: `copy: { fresh-for: ${text} }` }).copy.freshForSeconds).toBe(seconds);
  });
});

describe('the configuration for staging', () => {
  it('is the same where nothing is replaced', () => {
    for (const text of [fileOf({}), validFiles['buildbot'] ?? '']) {
      expect(parseStagingConfig(text, 'f')).toEqual(parseConfig(text, 'f'));
    }
  });

  it('has other texts, and the names of production', () => {
    const staging = parseStagingConfig(rehearsed, 'f');
    expect(staging.install)
      .toMatchObject({ directory: '/srv/staging/guestbook', shared: ['.env'] });
    expect(staging.records).toBe('/srv/staging/records/guestbook-staging');
    expect(staging.services).toEqual([
      { kind: 'systemd', unit: 'guestbook-staging.service' },
      { kind: 'systemd', unit: 'guestbook-staging-mail-staging.timer' },
    ]);
    expect(staging.maintenance).toMatchObject({ privateValue: '218080', publicValue: '28080' });
    const production = parseConfig(rehearsed, 'f');
    expect(staging.state.map((it) => it.name)).toEqual(production.state.map((it) => it.name));
    expect(staging.state.map((it) => it.copyFrom))
      .toEqual(production.state.map((it) => it.copyFrom));
    expect(staging.state[1]).toMatchObject({ database: 'wiki-staging', host: 'db.example.org' });
    expect(staging.state[6]).toMatchObject({ path: '/srv/staging/guestbook/shared/uploads' });
    for (const key of ['hosts', 'staging', 'copy', 'parity', 'accept', 'application'] as const) {
      expect(staging[key]).toEqual(production[key]);
    }
    expect(staging.mask.map((it) => it.state)).toEqual(production.mask.map((it) => it.state));
    expect(staging.digest).not.toBe(production.digest);
  });

  it('replaces once, the longest text first, and numbers as a whole', () => {
    const staging = parseStagingConfig(fileOf({
      service: 'service: []',
      state: 'state: [{ postgres: { database: b, port: 5432 } }, { directory: /data/b/bb }]',
      more: `records: /data/recs
staging:
  instead:
    - { of: /data, use: /data/b }
    - { of: /data/b, use: /copy }
    - { of: "5432", use: "5433" }
    - { of: "80", use: "81" }`,
    }), 'f');
    expect(staging.state).toMatchObject([{ port: 5433 }, { path: '/copy/bb', name: 'bb' }]);
    expect(staging.records).toBe('/data/b/recs');
    expect(staging.checks).toMatchObject([{ url: 'http://localhost:8181/health' }]);
    expect(staging.observe).toEqual({ passes: 3, everySeconds: 2, withinSeconds: 60 });
  });

  it('takes special characters as they are', () => {
    const staging = parseStagingConfig(fileOf({
      state: 'state: [{ directory: /a/b.c+d }, { directory: /a/bxc }]',
      more: 'staging: { instead: [{ of: b.c+d, use: "$&-{x}" }] }',
    }), 'f');
    expect(staging.state).toMatchObject([{ path: '/a/$&-{x}' }, { path: '/a/bxc' }]);
  });

  it('is refused with the place in the file, and says that it is about staging', () => {
    const { text, place } = unmark(fileOf({
      state: 'state:\n  - directory: /a/b\n  - directory: «/c/d',
      more: 'staging: { instead: [{ of: /c/d, use: /a/b/c }] }',
    }));
    expect(problemsOf(text).map(formatProblem)).toEqual([
      `${place}: with \`staging.instead\` \`state[1].directory\` (/a/b/c) overlaps `
      + '`state[0].directory` (/a/b)\n  Keep the outer one; it is saved whole.']);
  });

  it('must share nothing with production on one machine', () => {
    const { text, place } = unmark(fileOf({ more: 'staging: { same-host: «small, '
      + 'instead: [{ of: /srv/guestbook, use: /srv/staging }] }' }));
    const found = problemsOf(text);
    expect(new Set(found.map((it) => it.place))).toEqual(new Set([place]));
    expect(found.map((it) => it.message.replace(/.*staging has /, ''))).toEqual([
      'records /var/lib/seatrial/guestbook', 'the unit guestbook.service',
      'the value of PORT 18080', 'the value of PORT 8080',
      'the check of http://localhost:8080/health']);
    expect(found[0]?.fix).toMatch(/of: \/var\/lib\/seatrial\/guestbook, use: …/);
  });

  it.each([
    ['install: { replaces: [{ path: /opt/a, from: a }] }', 'install.replaces /opt/a'],
    ['install: { directory: /srv/staging/x }', 'install.directory /srv/staging/x'],
    ['state: [{ postgres: { database: a, host: b, port: 5 } }]',
      'the postgres database a on b port 5'],
    ['state: [{ mysql: a }]', 'the mysql database a'],
    ['state: [{ zodb: /a/b, blobs: /srv/guestbook/b }]', 'zodb /a/b'],
    ['state: [{ command: a, copy: "b {copy}", verify: "c {copy}", restore: "d {copy}" }]',
      'the restore command of a d {copy}'],
    ['service: { pidfile: /run/a, start: a, entry: /usr/a }', 'the pid file /run/a'],
    ['service: { start: a, stop: b, running: c, entry: /usr/a }', 'the entry /usr/a'],
    ['service: { start: a, stop: b, running: c, entry: /usr/a }', 'the stop command b'],
    ['maintenance: { on: a, off: b }', 'maintenance.on a'],
    ['state: [{ directory: /data/a }]', 'directory /data/a'],
    ['checks: [{ http: "http://localhost:{PORT}/health" }, { log: /var/log/a }]',
      'the log /var/log/a'],
    ['checks: [{ http: http://a/health }, { records: { ids: a, each: "http://a/{id}" } }]',
      'the check of http://a/{id}'],
  ])('such as %s', (section, message) => {
    const key = /^\w+/.exec(section)?.[0] ?? '';
    const text = fileOf({ [key]: section,
      more: 'staging: { same-host: small, instead: [{ of: /health, use: /status }] }' });
    expect(problemsOf(text).map((it) => it.message)).toContain(
      `\`staging.same-host\` lets a rehearsal work on production itself: staging has ${message}`);
  });
});
