import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { summaryJson } from '../../src/report/json.ts';
import { summaryMarkdown } from '../../src/report/markdown.ts';
import { expectRefused, expectUntouched, Site, warnings }
  from './approval-site.ts';

let site: Site;
afterEach(() => { site.remove(); });

describe('at a terminal', () => {
  beforeEach(() => { site = new Site(); });

  it.each([['the version', '1.0.0'], ['the application', ' app ']])(
    'a deployment is asked for, and goes on for %s', async (_, answer) => {
      const ran = await site.run('deploy', ['--release', await site.release('1.0.0')],
        { answers: [answer] });
      expect(ran.summary).toMatchObject({ end: 'done',
        approval: 'confirmed by eve@laptop at the terminal' });
      expect(site.installed()?.['approval']).toBe('confirmed by eve@laptop at the terminal');
      expect(site.program(ran)).toContain("BY='confirmed by eve@laptop at the terminal'\n");
      expect(ran.asked.join()).toBe(`
app on production (local): (nothing) -> 1.0.0
  rehearsal     not asked for
  window        not forecast
  users         are not kept out: what they write meanwhile can be lost by going back ${
  ''}(nobody is there)
  irreversible  once users are let in: from then on nothing is restored by itself
Type 1.0.0 or app to go on: `);
    });

  it.each([['nothing', ['']], ['something else three times', ['y', 'yes', 'ok', 'app']]] as const)(
    'it is cancelled, and nothing touched, by %s', async (_, answers) => {
      const ran = await site.run('deploy', ['--release', await site.release('1.0.0')],
        { answers });
      expect(ran.error?.kind).toBe('cancelled');
      expect(ran.asked.length).toBe(answers.length === 1 ? 1 : 3);
      expectUntouched(site);
    });

  it('what was typed wrong is shown, harmless, and asked for again', async () => {
    const ran = await site.run('deploy', ['--release', await site.release('1.0.0')],
      { answers: ['\u001b[2J##[error]x', '1.0.0'] });
    expect(ran.summary?.end).toBe('done');
    expect(ran.asked[1]).toBe(
      '## [error]x is not what was asked for. Type 1.0.0 or app to go on: ');
  });

  it('the live line is stopped before it is drawn over the question', async () => {
    let last: unknown;
    await site.run('deploy', ['--release', await site.release('1.0.0')],
      { world: { report: (event) => { last = event; }, ask: () => {
        expect(last).toEqual({ kind: 'activity', text: '' });
        return Promise.resolve('');
      } } });
    expect.assertions(1);
  });

  it('--yes answers it, and that is written down', async () => {
    const ran = await site.run('deploy', ['--yes', '--release', await site.release('1.0.0')],
      { answers: [] });
    expect(ran.asked).toEqual([]);
    expect(site.installed()?.['approval']).toBe('confirmed by eve@laptop with --yes');
  });

  it('what is there already is not asked for', async () => {
    const archive = await site.release('1.0.0');
    await site.run('deploy', ['--yes', '--release', archive], { answers: [] });
    const again = await site.run('deploy', ['--release', archive], { answers: ['no'] });
    expect([again.summary?.end, again.asked]).toEqual(['unchanged', []]);
  });

  it.each(['', 'approval: confirm', 'approval: reviewers'])(
    'staging is not asked for: %s', async (more) => {
      site.remove();
      site = new Site(more, 'staging: local');
      const ran = await site.run('deploy', ['--host', 'staging', '--release',
        await site.release('1.0.0')], { answers: [] });
      expect([ran.summary?.end, ran.summary?.approval, ran.asked]).toEqual(['done', undefined, []]);
    });
});

describe('going back, taking over and going on', () => {
  beforeEach(() => { site = new Site(); });

  it('a rollback asks with what becomes of the state, and keeps the answer', async () => {
    for (const version of ['1.0.0', '2.0.0']) {
      await site.run('deploy', ['--yes', '--release', await site.release(version)]);
    }
    const no = await site.run('rollback', ['--code-only'], { answers: ['n'] });
    expect([no.error?.kind, site.installed()?.['version']]).toEqual(['cancelled', '2.0.0']);
    expect(no.asked[0]).toMatch(
      /^\napp on production \(local\): back from 2\.0\.0 to 1\.0\.0\n +state +stays as it is/);
    const state = await site.run('rollback', ['--with-state'], { answers: [''] });
    expect(state.asked[0]).toMatch(/state +goes back as well: what users wrote since 20\d\d-/);
    const yes = await site.run('rollback', ['--code-only'], { answers: ['1.0.0'] });
    expect(yes.summary).toMatchObject({ end: 'done', serving: '1.0.0',
      approval: 'confirmed by eve@laptop at the terminal' });
    expect(site.installed()).toMatchObject({ version: '1.0.0',
      approval: 'confirmed by eve@laptop at the terminal' });
  });

  it('a rollback is not asked for with --yes, nor in a script', async () => {
    for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
      await site.run('deploy', ['--yes', '--release', await site.release(version)]);
    }
    const yes = await site.run('rollback', ['--code-only', '--yes'], { answers: [] });
    expect([yes.asked, yes.summary?.serving]).toEqual([[], '2.0.0']);
    const script = await site.run('rollback', ['--code-only', '--to', '1.0.0']);
    expect([script.summary?.serving, script.summary?.approval]).toEqual(['1.0.0', undefined]);
  });
});

describe('a host that was installed by hand', () => {
  function byHand(hosts?: string): void {
    site = new Site('', hosts);
    mkdirSync(join(site.root, 'srv/releases/old'));
    symlinkSync('releases/old', join(site.root, 'srv/current'));
  }

  it('is taken over when the person says so', async () => {
    byHand();
    const no = await site.run('adopt', ['--version', '0.9.0'], { answers: [''] });
    expect([no.error?.kind, site.installed()]).toEqual(['cancelled', undefined]);
    expect(no.asked[0]).toMatch(/: what runs is taken over as 0\.9\.0\n +changes +nothing but/);
    const yes = await site.run('adopt', ['--version', '0.9.0'], { answers: ['0.9.0'] });
    expect(yes.summary?.end).toBe('done');
    expect(site.installed()?.['approval']).toBe('confirmed by eve@laptop at the terminal');
    // Nobody was kept out, and so nobody is told that users were.
    expect(yes.summary?.windowSeconds).toBeUndefined();
    expect(yes.events.flatMap((it) => (it.kind === 'milestone' ? [it.name] : [])))
      .toEqual(['start', 'end']);
  });

  it('is taken over unasked where it is staging', async () => {
    byHand('staging: local');
    const ran = await site.run('adopt', ['--version', '0.9.0', '--host', 'staging'],
      { answers: [] });
    expect([ran.summary?.end, ran.asked]).toEqual(['done', []]);
  });

  it('is taken over unasked with --yes', async () => {
    byHand();
    const yes = await site.run('adopt', ['--version', '0.9.0', '--yes'], { answers: [] });
    expect([yes.summary?.end, yes.asked]).toEqual(['done', []]);
  });
});

describe('a transaction that asked for a person', () => {
  const run = '20260101T000000Z-aaaaaa';

  /** Its program says that it began, and there is no plan. */
  function stopped(end: string): void {
    site = new Site();
    const directory = join(site.records, 'runs', run);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(site.records, 'unfinished'), `${run}\n`);
    writeFileSync(join(directory, 'journal'), `1767225600.0\tbegin\t01\t\n${end}`);
    writeFileSync(join(directory, 'program.sh'),
      `printf '1767225602.0\\tbegin\\t02\\t\\n' >>'${join(directory, 'journal')}'\n`);
  }
  const asking = '1767225601.0\tend\t-\tneeds-human the disk is full\n';

  it('goes on when the person says so', async () => {
    stopped(asking);
    const no = await site.run('recover', [], { answers: ['yes', ''] });
    expect([no.error?.kind, no.asked.length]).toEqual(['cancelled', 2]);
    expect(no.asked[0]).toMatch(/ 2026\S+ stopped, for a person\n +because +the disk is full\n/);
    const yes = await site.run('recover', [], { answers: ['app'] });
    expect(yes.error?.message).toMatch(/has no run/);
    expect(yes.asked.length).toBe(1);
  });

  it.each([['that only died', '', []], ['with --yes', asking, ['--yes']]] as const)(
    'goes on unasked: one %s', async (_, end, words) => {
      stopped(end);
      const ran = await site.run('recover', words, { answers: [] });
      expect([ran.error?.message, ran.asked]).toEqual([expect.stringMatching(/has no run/), []]);
    });
});

describe('in a script', () => {
  it('nothing is asked where the configuration does not say so', async () => {
    site = new Site();
    const ran = await site.run('deploy', ['--release', await site.release('1.0.0')]);
    expect(ran.summary?.end).toBe('done');
    expect(ran.summary?.approval).toBeUndefined();
    expect(site.installed()).not.toHaveProperty('approval');
    expect(site.program(ran)).toContain("BY=eve@laptop\n");
  });

  it('confirm is refused: nobody is there; --yes is an answer', async () => {
    site = new Site('approval: confirm');
    const archive = await site.release('1.0.0');
    expectRefused(site, await site.run('deploy', ['--release', archive]),
      /seatrial\.yml: approval: production is approved by a person at the terminal, and th/);
    expect(warnings(await site.run('plan', ['--release', archive])))
      .toMatch(/^deploy would refuse: production is approved by a person/);
    const ran = await site.run('deploy', ['--yes', '--release', archive]);
    expect(ran.summary?.approval).toBe('confirmed by eve@laptop with --yes');
  });

  it('reviewers are refused outside of a job, also with --yes and at a terminal', async () => {
    site = new Site('approval: reviewers');
    const archive = await site.release('1.0.0');
    for (const running of [{}, { answers: ['1.0.0'] }]) {
      expectRefused(site, await site.run('deploy', ['--yes', '--release', archive], running),
        /by reviewers, which only a job on GitHub has\n +Push the tag[^]*approval: confirm/);
    }
    expect(warnings(await site.run('plan', ['--release', archive])))
      .toMatch(/^deploy would refuse: production is approved by reviewers/);
  });

  it('a job without a token is refused, not let through', async () => {
    site = new Site();
    const environment = { PATH: process.env['PATH'] ?? '', GITHUB_ACTIONS: 'true' };
    expectRefused(site, await site.run('deploy', ['--release', await site.release('1.0.0')],
      { world: { environment } }), /by reviewers[^]*hand over github-token/);
  });

  it('a job without a token has nobody at a terminal either', async () => {
    site = new Site('approval: confirm');
    const environment = { PATH: process.env['PATH'] ?? '', GITHUB_ACTIONS: 'true' };
    expectRefused(site, await site.run('deploy', ['--release', await site.release('1.0.0')],
      { answers: ['1.0.0'], world: { environment } }), /a job has none[^]*external: reason/);
  });

  it('a reason stands in every record, and no ask is made', async () => {
    site = new Site('approval: { external: "change board: ticket <b>7</b>" }');
    const ran = await site.run('deploy', ['--release', await site.release('1.0.0')],
      { answers: [] });
    const note = 'approved outside of Seatrial: change board: ticket <b>7</b>';
    expect(ran.summary?.approval).toBe(note);
    expect(site.installed()?.['approval']).toBe(note);
    expect(site.program(ran)).toContain(`BY='eve@laptop, ${note}'\n`);
    if (ran.summary === undefined) return;
    expect(JSON.parse(summaryJson(ran.summary))).toMatchObject({ approval: note });
    expect(summaryMarkdown(ran.summary)).toMatch(/approval \| <code>approved outside of Seatrial/);
    expect(summaryMarkdown(ran.summary)).not.toContain('<b>');
  });
});
