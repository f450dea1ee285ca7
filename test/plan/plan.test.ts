import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/config/arguments.ts';
import { rollbackContext } from '../../src/commands/rollback.ts';
import { makePlan, renderPlan } from '../../src/plan/make-plan.ts';
import type { Config } from '../../src/config/config.ts';
import { guestbook, indico, plain } from './files.ts';
import { configOf, contextOf, expectGolden, hostFacts, installedFact, runOne, runsOne,
  type Changes }
  from './host.ts';

/** What the approver reads: every command, in order, with its way back. */
function planText(text: string, changes: Changes): string {
  return renderPlan(makePlan(contextOf(configOf(text), changes), 'production (www)'));
}

const nothing: Changes = { 'path./srv/guestbook/current.type': 'missing',
  'path./srv/guestbook/current.target': undefined };

const runTwo = '20260115T000000Z-000002';

function rescues(lines: readonly string[]): Changes {
  return { [`rescue.${runTwo}`]: Buffer.from(lines.map((line) => `${line}\n`).join(''))
    .toString('base64') };
}

function rollback(text: string, option: string, kept: readonly string[]) {
  const config = configOf(text);
  const facts = hostFacts(config, {
    ...rescues(kept), installed: installedFact('2.0.0', runTwo), 'installed-sha256': 'e'.repeat(64),
    history: [installedFact('1.0.0', runOne), installedFact('2.0.0', runTwo)].join('\n'),
    'path./srv/guestbook/current.target': '/srv/guestbook/releases/2.0.0-aaaaaaaaaaaa',
  });
  const { options } = parseArguments(['rollback', option]);
  return makePlan(rollbackContext({ config, facts, options, run: '20260202T000000Z-000003' }),
    'production (www)');
}

const guestbookKept = ['uploads', 'guestbook.db'].map((name) =>
  [name.endsWith('.db') ? 'sqlite' : 'directory', `/srv/guestbook/shared/${name}`,
    `/srv/guestbook/shared/.seatrial-guestbook/rescue-${runTwo}-${name}`, '7', '4000'].join('\t'));
const indicoKept = [
  ['directory', '/data/indico', `/data/.seatrial-indico/rescue-${runTwo}-state1`, '7', '40'],
  ['code', '/soft/python/MaKaC', `/soft/python/.seatrial-indico/old-${runTwo}-code1`, '7', '40'],
  ['code', '/soft/htdocs', `/soft/.seatrial-indico/old-${runTwo}-code2`, '7', '40'],
].map((fields) => fields.join('\t'));

describe('the plan, as text', () => {
  it('of a first deployment', () => {
    expectGolden('first.txt', planText(guestbook, nothing));
  });
  it('of releases under systemd, with a private port', () => {
    expectGolden('releases.txt', planText(guestbook, runsOne));
  });
  it('in place, with a pid file and maintenance commands', () => {
    expectGolden('in-place.txt', planText(indico, { ...runsOne,
      installed: installedFact('1.0.0', runOne,
        { application: 'indico', release: '/r/1.0.0-a' }) }));
  });
  it('with commands only, and no maintenance', () => {
    expectGolden('commands.txt', planText(plain, runsOne));
  });
  it('of a rollback with the state', () => {
    const plan = rollback(guestbook, '--with-state', guestbookKept);
    expectGolden('rollback-with-state.txt', renderPlan(plan));
  });
  it('of a rollback of the code only', () => {
    expectGolden('rollback-code-only.txt', renderPlan(rollback(guestbook, '--code-only', [])));
  });
  it('of a rollback in place', () => {
    expectGolden('rollback-in-place.txt', renderPlan(rollback(indico, '--with-state', indicoKept)));
  });
});

/** P2: rehearsal and deployment run one procedure with one digest. */
describe('the digest of the procedure', () => {
  const digest = (config: Config, changes: Changes, run = '20260202T000000Z-000002'): string =>
    makePlan(contextOf(config, changes, { run }), 'a host').procedureDigest;
  const config = configOf(guestbook);
  const here = digest(config, runsOne);

  it.each<[string, Changes]>([
    ['another old version', { installed: installedFact('0.9', runOne), history: installedFact('0.9',
      runOne), 'path./srv/guestbook/current.target': '/srv/guestbook/releases/0.9-bbbbbbbbbbbb' }],
    ['state on another file system', {
      'path./srv/guestbook/shared/uploads.parent-device': '77' }],
    ['more data and less space', { 'path./srv/guestbook/shared/uploads.bytes': '123456789',
      'path./srv/guestbook/shared/uploads.free': '5' }],
    ['other records', { 'installed-sha256': '0'.repeat(64) }],
    ['this release among those deployed before', { history: [installedFact('1.0.0', runOne),
      installedFact('2.0.0', '20251201T000000Z-000000',
        { release: `/srv/guestbook/releases/2.0.0-${'d'.repeat(12)}` })].join('\n') }],
    ['the same release running', {
      installed: installedFact('2.0.0', runOne), history: installedFact('2.0.0', runOne,
        { release: `/srv/guestbook/releases/2.0.0-${'d'.repeat(12)}` }),
      'path./srv/guestbook/current.target': `/srv/guestbook/releases/2.0.0-${'d'.repeat(12)}` }],
  ])('is the same on a host with %s', (_title, changes) => {
    expect(digest(config, { ...runsOne, ...changes })).toBe(here);
  });

  it('is the same whoever approved: only the record names them', () => {
    const context = contextOf(config, runsOne);
    const [asked, unasked] = [makePlan({ ...context, approval: 'approved by mona' }, 'a host'),
      makePlan(context, 'a host')];
    expect(asked.procedureDigest).toBe(unasked.procedureDigest);
    expect(JSON.parse(asked.installed)).toMatchObject({ approval: 'approved by mona' });
    expect(unasked.installed).not.toContain('approval');
  });

  it('is the same in another run', () => {
    expect(digest(config, runsOne, '20270303T000000Z-ffffff')).toBe(here);
  });

  it.each([
    ['migration', guestbook.replace('migrate.js', 'migrate.js --force')],
    ['time-out', guestbook.replace('2h', '3h')],
    ['state', guestbook.replace('  - sqlite: /srv/guestbook/shared/guestbook.db\n', '')],
    ['service', guestbook.replace('guestbook-mail.timer', 'guestbook-mail.path')],
    ['user', guestbook.replace('www-data', 'nobody')],
    ['private address', guestbook.replace('18080', '18081')],
    ['build', guestbook.replace('bin/build', 'bin/build2')],
  ])('changes with a %s', (_title, text) => {
    expect(digest(configOf(text), runsOne)).not.toBe(here);
  });

  it('changes with the release', () => {
    const other = contextOf(config, runsOne);
    const digestOf = (name: string): string => makePlan({ ...other,
      target: { ...other.target, digest: name.repeat(64) } }, 'a host').procedureDigest;
    expect(digestOf('d')).not.toBe(digestOf('e'));
  });
});

describe('a plan', () => {
  it('is data to its last word, and the same each time', () => {
    const made = makePlan(contextOf(configOf(guestbook), runsOne), 'h');
    expect(JSON.parse(JSON.stringify(made))).toEqual(JSON.parse(JSON.stringify(
      makePlan(contextOf(configOf(guestbook), runsOne), 'h'))));
    expect(new Set(made.steps.map((it) => it.id)).size).toBe(made.steps.length);
    expect(made.steps.every((it) => it.title !== '' && /^[a-z0-9-]+$/.test(it.id))).toBe(true);
    // P8: what acts in the window has an undo, or is covered by the one of the state.
    const without = made.steps.filter((it) => it.phase === 'window' && it.undo.length === 0)
      .map((it) => it.id);
    expect(without).toEqual(['stop-2', 'migrate-1', 'migrate-2', 'verify']);
    expect(made.steps.filter((it) => (it.back === '') !== (it.undo.length === 0))).toEqual([]);
  });
});
