import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { SeatrialError } from '../../src/errors.ts';
import { configText, type ConfigWanted } from '../../src/init/config-text.ts';
import { parseHostFound } from '../../src/init/host-found.ts';
import { fillInMark } from '../../src/init/lines.ts';
import { workflowText } from '../../src/init/workflow.ts';
import { guestbookLines, hostFound, repositoryWith } from './found.ts';

const cases = resolve(import.meta.dirname, '../cases/init');

/** Compares with test/cases/init/<name>; UPDATE_GOLDEN=1 writes it. */
function expectGolden(name: string, text: string): void {
  const path = resolve(cases, name);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, text);
  expect(text).toBe(existsSync(path) ? readFileSync(path, 'utf8') : `no file ${name}`);
}

/** Lines that the parser objects to. */
function refusedLines(text: string): string[] {
  try {
    parseConfig(text, 'f');
    return [];
  } catch (error) {
    if (!(error instanceof SeatrialError)) throw error;
    return error.problems.map((it) =>
      `${text.split('\n')[Number(it.place?.split(':')[1]) - 1] ?? '?'} | ${it.message}`);
  }
}

/** What a person has not decided may be refused, and nothing else. */
function expectMarked(text: string): void {
  expect(refusedLines(text).filter((line) => !line.includes(fillInMark)), text).toEqual([]);
}

const guestbook: ConfigWanted = {
  application: 'guestbook', why: 'the repository is called so',
  repository: repositoryWith({
    'package.json': '{ "version": "1.0.0",\n"scripts": { "build": "b", "migrate": "m" } }',
    'package-lock.json': '{}', 'server.mjs': '',
  }, { tags: ['v1.0.0', 'v0.9.0'] }),
  production: 'root@www.example.org', staging: 'root@staging.example.org',
  found: hostFound(guestbookLines),
};

const byHand: ConfigWanted = {
  ...guestbook, application: 'minutes', why: undefined,
  repository: repositoryWith({
    'requirements.txt': '', 'manage.py': '', 'app/views.py': '', 'media/logo.png': '',
  }, { tags: ['release-2.4', 'release-2.3'] }),
  staging: undefined,
  found: hostFound([
    'systemd\tyes', 'unit\tminutes.service\tuser\tminutes',
    'unit\tminutes.service\tpath\t/opt/minutes/manage.py',
    'tree\t/opt/minutes\tfixed\tminutes', 'entry\t/opt/minutes\tapp\td',
    'entry\t/opt/minutes\tmanage.py\tf', 'entry\t/opt/minutes\tmedia\td',
    'entry\t/opt/minutes\tuploads\td', 'entry\t/opt/minutes\tnotes.txt\tf',
    'uploads\t/opt/minutes/media', 'uploads\t/opt/minutes/uploads',
    'database\tpostgres\tminutes\tminutes\tpostgres', 'database\tpostgres\tother\tada\tpostgres',
    'port\t8000\tloopback\tminutes', 'front\tapache2',
  ]),
};

const unseen: ConfigWanted = {
  application: 'ledger', why: 'the directory is called so', repository: repositoryWith({}),
  production: undefined, staging: undefined, found: undefined,
};

describe('the configuration that init writes', () => {
  it('holds what a host and a repository tell, each guess with its reason', () => {
    const text = configText(guestbook);
    expectGolden('guestbook.yml', text);
    expect(refusedLines(text)).toEqual([]);
  });

  it('keeps state out of what a release replaces, and asks for what it cannot know', () => {
    const text = configText(byHand);
    expectGolden('by-hand.yml', text);
    expect(refusedLines(text)).toEqual([expect.stringMatching(/^maintenance: {2}# fill in/)]);
  });

  it('leaves open what nobody has told', () => {
    const text = configText(unseen);
    expectGolden('unseen.yml', text);
    expectMarked(text);
    expect(refusedLines(text).length).toBeGreaterThan(3);
  });

  it('is read by our own parser but for marked lines, whatever is found', () => {
    fc.assert(fc.property(wanted, (it) => { expectMarked(configText(it)); }), { numRuns: 1500 });
  });

  it('tells nothing of half an answer', () => {
    expect(parseHostFound('host\twww\nunit\ta.service\tuser\tb\n')).toBeUndefined();
  });
});

describe('the workflow that init writes', () => {
  it('calls the toolkit, for tags alone', () => {
    expectGolden('release.yml',
      workflowText({ tagPrefix: 'v', toolkit: 'sea/seatrial@v1.2.0', toolVersion: '1.2.0' }));
    expectGolden('release-open.yml',
      workflowText({ tagPrefix: 'release-', toolkit: undefined, toolVersion: '1.2.0' }));
  });
});

const word = fc.oneof(
  fc.constantFrom('guestbook', 'uploads', 'data', 'current', 'releases', 'shared', 'media', '..',
    'a b', "it's", 'a: b', '#x', '{PORT}', 'null', '007', 'yes', '-', '@', 'ü', '"', '*', '&a',
    'guestbook.service', 'x@.service', 'mysql', 'a\u0085b', '%', '!tag'),
  fc.string({ maxLength: 6 }));
const path = fc.array(word, { minLength: 1, maxLength: 4 }).map((it) => `/srv/${it.join('/')}`);
const user = fc.oneof(fc.constantFrom('root', 'guestbook', 'www-data', ''), word);
const row = fc.oneof(
  fc.tuple(fc.constantFrom('sqlite', 'uploads', 'log', 'front'), path),
  fc.tuple(fc.constant('zodb'), path, fc.oneof(path, fc.constant(''))),
  fc.tuple(fc.constant('tree'), path, fc.constantFrom('releases', 'fixed'), user),
  fc.tuple(fc.constantFrom('shared', 'entry'), path, word, fc.constantFrom('d', 'f')),
  fc.tuple(fc.constant('unit'), fc.oneof(word, word.map((it) => `guestbook${it}.timer`)),
    fc.constantFrom('path', 'user', 'log', 'port', 'triggers', 'enabled'), fc.oneof(path, word,
      fc.constantFrom('8080', '65000', 'enabled'))),
  fc.tuple(fc.constant('database'), fc.constantFrom('postgres', 'mysql'), word, user, user),
  fc.tuple(fc.constant('pidfile'), path, user),
  fc.tuple(fc.constant('port'), fc.nat(70_000).map(String), fc.constantFrom('any', 'loopback'),
    user));

/** Paths are related more often than chance would have it. */
const rows = fc.array(row, { maxLength: 25 }).map((it) => it.map((fields) => fields
  .map((field) => field.replaceAll(/[\t\n]/g, ' ')).join('\t')));

const wanted: fc.Arbitrary<ConfigWanted> = fc.record({
  application: fc.constantFrom('guestbook', 'a-b', 'data'), why: fc.option(fc.string(),
    { nil: undefined }),
  repository: fc.record({
    files: fc.array(word), tags: fc.array(fc.oneof(word.map((it) => `${it}1.0`), word)),
    make: fc.string() }).map(({ files, tags, make }) =>
    repositoryWith({ Makefile: `${make}\ndist:\n`, 'package.json': make, 'composer.json': '' },
      { files, tags })),
  production: fc.constantFrom('root@www.example.org', 'www', '[::1]:22', undefined),
  staging: fc.constantFrom('root@staging.example.org:2222', undefined),
  found: fc.option(rows.map((it) => hostFound(it)), { nil: undefined }),
});
