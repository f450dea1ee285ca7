import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/config/canonical.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { fileOf, rehearsalDefaults, type Sections } from './files.ts';
import { validFiles } from './valid-files.ts';

const parse = (changes: Sections) => parseConfig(fileOf(changes), 'seatrial.yml');
const command = (run: string) => ({ run, user: undefined, timeoutSeconds: 600 });

describe('what a file means', () => {
  it('fills in every default', () => {
    const { digest, ...config } = parse({});
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(config).toEqual({
      application: 'guestbook',
      package: undefined,
      hosts: {
        production: { kind: 'ssh', destination: 'deploy@www.example.org', port: undefined },
        staging: { kind: 'ssh', destination: 'deploy@staging.example.org', port: undefined },
        knownHosts: undefined,
      },
      records: '/var/lib/seatrial/guestbook',
      install: {
        kind: 'releases', directory: '/srv/guestbook', shared: ['uploads', '.env'],
        run: undefined, migrate: [],
      },
      services: [{ kind: 'systemd', unit: 'guestbook.service' }],
      maintenance: {
        kind: 'private', variable: 'PORT', privateValue: '18080', publicValue: '8080',
      },
      state: [{
        kind: 'directory', path: '/srv/guestbook/shared/uploads', exclude: [], name: 'uploads',
        copyFrom: { kind: 'live' },
      }],
      checks: [{
        kind: 'http', url: 'http://localhost:8080/health', status: [[200, 399]],
        contains: undefined, timeoutSeconds: 10,
      }],
      observe: { passes: 3, everySeconds: 2, withinSeconds: 60 },
      keep: { releases: 3, rescues: 2, failed: 3 },
      ...rehearsalDefaults,
    });
  });

  it('reads who approves', () => {
    expect(parse({ more: 'approval: reviewers' }).approval).toEqual({ kind: 'reviewers' });
    expect(parse({ more: 'approval: confirm' }).approval).toEqual({ kind: 'confirm' });
    expect(parse({ more: 'approval: { external: the board }' }).approval)
      .toEqual({ kind: 'external', reason: 'the board' });
  });

  it('reads the package', () => {
    expect(parse({ more: 'package: {}' }).package).toEqual({
      directory: '.', recipe: [], run: undefined, include: [], exclude: [], archive: undefined,
      versions: [], tagPrefix: 'v', branches: [],
    });
    expect(parseConfig(validFiles['indico'] ?? '', 'f').package?.recipe).toEqual([
      { kind: 'copy', from: ['indico/code/resources/images'], to: 'resources/images' },
      { kind: 'copy', from: ['indico/code/dist/README', 'indico/code/dist/setup.py'], to: '.' },
      {
        kind: 'ensure', file: 'MaKaC/common/general.py', variable: 'DEBUG',
        accept: ['1', 'True'], otherwise: '1',
      },
      { kind: 'set', file: 'setup.py', target: 'argument', name: 'version', to: '{version}' },
      { kind: 'run', run: 'python setup.py sdist --format=tar' },
    ]);
  });

  it.each([
    ['local', { kind: 'local' }],
    ['a.example.org', { kind: 'ssh', destination: 'a.example.org', port: undefined }],
    ['me@a:2222', { kind: 'ssh', destination: 'me@a', port: 2222 }],
    ['"me@[2001:db8::1]:22"', { kind: 'ssh', destination: 'me@2001:db8::1', port: 22 }],
    ['{ address: a, user: me, port: 22 }', { kind: 'ssh', destination: 'me@a', port: 22 }],
    ['{ address: "2001:db8::1" }', { kind: 'ssh', destination: '2001:db8::1', port: undefined }],
  ])('reads the host %s', (text, host) => {
    expect(parse({ hosts: `hosts: { production: ${text} }` }).hosts.production).toEqual(host);
  });

  it.each([['90', 90], ['"90"', 90], ['90s', 90], ['15m', 900], ['2h', 7200]])(
    'reads the time %s', (text, timeoutSeconds) => {
      const install = `install: { directory: /srv/x, migrate: { run: a, timeout: ${text} } }`;
      expect(parse({ install }).install.migrate).toEqual(
        [{ run: 'a', user: undefined, timeoutSeconds }]);
    });

  it.each([
    ['200', [[200, 200]]], ['[200, 204]', [[200, 200], [204, 204]]], ['200-299', [[200, 299]]],
    ['"404"', [[404, 404]]],
  ])('reads the status %s', (text, status) => {
    const checks = `checks: [{ http: { url: "http://a/", status: ${text} } }]`;
    expect(parse({ checks }).checks).toMatchObject([{ status }]);
  });

  it('reads services, with the user of the service where a command names none', () => {
    const service = `service:
  - systemd: [b.timer, a@1]
  - pidfile: /run/p.pid
    user: web
    start: "{entry} go"
    entry: /usr/local/bin/p
  - { start: a, stop: { run: b, user: root }, running: c, user: web, unguarded: why }`;
    const own = (run: string, user: string) => ({ run, user, timeoutSeconds: 600 });
    expect(parse({ service }).services).toEqual([
      { kind: 'systemd', unit: 'b.timer' },
      { kind: 'systemd', unit: 'a@1.service' },
      {
        kind: 'pidfile', pidfile: '/run/p.pid', start: own('{entry} go', 'web'),
        stopSignal: 'TERM', stopTimeoutSeconds: 60,
        guard: { kind: 'entry', path: '/usr/local/bin/p' },
      },
      {
        kind: 'commands', start: own('a', 'web'), stop: own('b', 'root'), running: own('c', 'web'),
        guard: { kind: 'none', reason: 'why' },
      },
    ]);
  });

  it('reads the ways to keep users out', () => {
    const maintenance = 'maintenance: { on: a, off: { run: b, timeout: 5 } }';
    expect(parse({ maintenance }).maintenance)
      .toEqual({ kind: 'commands', on: command('a'), off: { ...command('b'), timeoutSeconds: 5 } });
    expect(parse({ maintenance: 'maintenance: { none: because }' }).maintenance)
      .toEqual({ kind: 'none', reason: 'because' });
  });

  it('reads the checks of a long file', () => {
    expect(parseConfig(validFiles['buildbot'] ?? '', 'f').checks).toEqual([
      {
        kind: 'log', file: '/var/lib/buildbot/twistd.log', bad: ['Traceback', 'AttributeError'],
        allow: ['^ok'],
      },
      {
        kind: 'records',
        ids: command(
          "sqlite3 -readonly /var/lib/buildbot/state.sqlite 'select id from logs order by id'"),
        each: 'http://localhost:{HTTP}/api/v2/logs/{id}/contents', sample: 20, compare: 'body',
        timeoutSeconds: 30,
      },
      {
        kind: 'command', run: command('canary'), means: 'one build runs to its end',
        unsure: [75, 4], writes: true, beforeAdmission: false,
      },
      {
        kind: 'command', run: command('buildbot checkconfig {release}'), means: undefined,
        unsure: [75], writes: false, beforeAdmission: false,
      },
    ]);
    expect(parse({ checks: 'checks: [{ log: /a }]' }).checks).toEqual([{
      kind: 'log', file: '/a', allow: [],
      bad: ['Traceback', 'Exception', 'ERROR', 'FATAL', 'CRITICAL', 'panic:'],
    }]);
  });

  it.each(Object.keys(validFiles))('accepts %s', (name) => {
    const text = validFiles[name] ?? '';
    expect(parseConfig(text, 'f')).toEqual(parseConfig(text, 'another name'));
  });

  it('freezes all of it', () => {
    const config = parse({});
    const open: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) open.push(path);
      Object.entries(value).forEach(([key, it]) => visit(it, `${path}.${key}`));
    };
    visit(config, 'config');
    expect(open).toEqual([]);
  });
});

describe('the digest', () => {
  it('does not change with hosts, comments, order or short forms', () => {
    const { digest } = parse({});
    expect(parse({ hosts: 'hosts: { production: local }' }).digest).toBe(digest);
    expect(parse({ more: '# note\nkeep: { failed: 3 }' }).digest).toBe(digest);
    expect(parse({ checks: 'checks: [{ http: { url: "http://localhost:8080/health" } }]' }).digest)
      .toBe(digest);
    expect(parse({ more: 'approval: confirm' }).digest, 'who approves is no part of a rehearsal')
      .toBe(digest);
  });

  it('changes with everything else', () => {
    const digests = [{}, { application: 'application: other' }, { more: 'keep: { failed: 4 }' },
      { service: 'service: []' }, { more: 'package: {}' }].map((it) => parse(it).digest);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('is taken over canonical JSON', () => {
    expect(canonicalJson({ b: [1, undefined, { d: 'é', c: null }], a: undefined, A: true }))
      .toBe('{"A":true,"b":[1,null,{"c":null,"d":"é"}]}');
  });
});
