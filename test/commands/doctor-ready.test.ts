import { describe, expect, it } from 'vitest';
import { notesOf } from '../../src/commands/doctor-finding.ts';
import { noteHost } from '../../src/commands/doctor-ready.ts';
import { parseReadiness, type Readiness } from '../../src/facts/readiness.ts';
import { sudoRights } from '../../src/plan/host-install.ts';
import { findingsJson, findingsText, type Finding } from '../../src/report/findings.ts';
import { configOf, hostFacts, type Changes } from '../plan/host.ts';

const config = configOf(`application: guestbook
hosts: { production: deploy@www.example.org }
install: { directory: /srv/guestbook }
service: { systemd: guestbook }
maintenance: { private: PORT=18080, public: PORT=8080 }
state: [{ sqlite: /srv/guestbook/shared/guestbook.db }]
checks: [{ http: "http://localhost:{PORT}/" }]
`);

const ready: Readiness = { clockAheadSeconds: 0, clockKept: 'yes', failedBytes: 0,
  freeBytes: 1e9, mayRun: [true, true, true, true] };

function look(changes: Changes = {}, readiness: Partial<Readiness> = {},
  where: 'production' | 'staging' = 'production'): readonly Finding[] {
  const notes = notesOf(where);
  noteHost(notes, { config, where, facts: hostFacts(config, changes),
    readiness: { ...ready, ...readiness } });
  return notes.list;
}

const wrong = (findings: readonly Finding[]): string[] => findings
  .filter((it) => it.state !== 'ok').map((it) => `${it.state} ${it.what} ${it.message}`);

const adopted = 'warning release was not deployed by Seatrial: /srv/guestbook/current';

describe('one host', () => {
  it('is ready where nothing is missing', () => {
    expect(wrong(look())).toEqual([adopted]);
    expect(look().map((it) => it.what)).toEqual(['tools', 'records', 'users of commands',
      'services', 'installation', 'state', 'logs', 'space', 'sudo', 'boot unit', 'gate',
      'transaction', 'release', 'clock', 'failed bundles']);
  });

  it('is told on staging that nothing removes copies in time', () => {
    const expiry = (changes: Changes): Finding | undefined =>
      look(changes, {}, 'staging').find((it) => it.what === 'expiry');
    expect(expiry({})?.state).toBe('ok');
    expect(expiry({ 'expiry-timer': 'no' })).toMatchObject({ state: 'warning',
      fix: expect.stringContaining('seatrial doctor --install --host staging') as string });
    expect(expiry({ 'expiry-timer': 'no', systemd: 'no' })).toMatchObject({ state: 'warning',
      fix: expect.stringMatching(/^There is no systemd/) as string });
  });

  it.each<[string, Changes, Partial<Readiness>, string]>([
    ['a clock far ahead', {}, { clockAheadSeconds: 300 },
      'fail clock 5m00s ahead of this machine\'s'],
    ['a clock a little behind', {}, { clockAheadSeconds: -5 },
      'warning clock 5.0s behind this machine\'s'],
    ['a clock that nobody keeps', {}, { clockKept: 'no' },
      'warning clock is right, and nothing keeps it so'],
    ['failed bundles that fill the disk', { failed: 'r1\nr2' },
      { failedBytes: 9e8, freeBytes: 1e8 },
      'warning failed bundles 2 in /var/lib/seatrial/guestbook/failed: 900 MB, with 100 MB free'],
    ['a sudo line', {}, { mayRun: [true, false, true, true] },
      'fail sudo does not allow 1 of 4 commands: systemctl stop -- guestbook.service'],
    ['a closed gate', { gate: 'closed' }, {},
      'fail gate is closed, though no transaction is unfinished: units cannot be started'],
    ['no gate', { gate: 'missing' }, {},
      'warning gate is not there: units that wait for it would not start'],
    ['no boot unit', { 'boot-unit': 'no' }, {},
      'warning boot unit not installed (seatrial doctor --install)'],
    ['a tool', { 'tool.tar': 'no' }, {}, 'fail tools the host has no tar'],
    ['a dead transaction', { unfinished: 'r1', gate: 'closed' }, {},
      'fail transaction r1 died, and users may be kept out'],
    ['a running transaction', { lock: 'held' }, {},
      'warning transaction runs: a release by somebody'],
  ])('is told for %s', (_, ...[changes, readiness, expected]) => {
    expect(wrong(look(changes, readiness)).filter((it) => it !== adopted)).toEqual([expected]);
    expect(look(changes, readiness).filter((it) => it.state !== 'ok')
      .every((it) => it.fix !== undefined)).toBe(true);
  });

  it('is not to be taken over where it is staging: rehearsals replace what is there', () => {
    const notes = notesOf('staging');
    noteHost(notes, { config, where: 'staging', facts: hostFacts(config, {}),
      readiness: ready });
    expect(notes.list.find((it) => it.what === 'release')).toMatchObject({ state: 'ok', message:
      'rehearsals lay production\'s over what is there: /srv/guestbook/current' });
  });

  it('needs no sudo as root', () => {
    expect(look({ uid: '0' }, { mayRun: [] }).find((it) => it.what === 'sudo'))
      .toMatchObject({ state: 'ok' });
  });

  it('asks sudo for what the file of sudoers names', () => {
    expect(sudoRights(config, hostFacts(config), 'production')[1]).toEqual({
      line: 'deploy ALL=(root) NOPASSWD: /usr/bin/systemctl stop -- guestbook.service',
      words: ['systemctl', 'stop', '--', 'guestbook.service'] });
  });
});

describe('what a host tells of its clock', () => {
  const at = (seconds: number): Date => new Date(seconds * 1000);

  it.each([
    // The host read its clock between 100 and 104 of ours.
    [102, 0], [99, 0], [104, 0], [164, 60], [98, -1], [40, -59],
  ])('%d is ahead by %d for certain', (now, ahead) => {
    const told = parseReadiness(`now\t${now}\ncomplete\tyes\n`,
      { before: at(100), after: at(104), count: 0 });
    expect(told?.clockAheadSeconds).toBe(ahead);
  });

  it('counts for nothing where it is not told to the end', () => {
    const asked = { before: at(1), after: at(2), count: 1 };
    expect(parseReadiness('now\t1\nsudo\t0\tyes\n', asked)).toBeUndefined();
    expect(parseReadiness('now\t\ncomplete\tyes\n', asked)).toBeUndefined();
    expect(parseReadiness('now\t1\nsudo\t1\tyes\ncomplete\tyes\n', asked)?.mayRun).toEqual([false]);
  });
});

describe('findings', () => {
  const findings: readonly Finding[] = [
    { area: 'a', what: 'clock', state: 'ok', message: 'is \u001b[31mright\n::add-mask::x' },
    { area: 'a', what: 'gate', state: 'warning', message: 'is open', fix: 'one\ntwo' },
    { area: 'b', what: 'sudo', state: 'fail', message: 'is missing', fix: 'told at the end' },
  ];

  it('are a table for people, in which nothing commands the terminal or the runner', () => {
    expect(findingsText(findings)).toBe('a\n  ok       clock is right : :add-mask::x\n' +
      '  warning  gate is open\n           one\n           two\n' +
      'b\n  FAIL     sudo is missing\n\n1 ok, 1 warnings, 0 unseen, 1 failed\n');
  });

  it('are one line for programs', () => {
    const text = findingsJson('guestbook', findings);
    expect(text.split('\n')).toHaveLength(2);
    expect(JSON.parse(text)).toMatchObject({ format: 1, application: 'guestbook', ready: false });
    expect(JSON.parse(findingsJson(undefined, findings.slice(0, 2))))
      .toMatchObject({ application: null, ready: true });
    expect(text).not.toMatch(/\\u001b|##\[/);
  });
});
