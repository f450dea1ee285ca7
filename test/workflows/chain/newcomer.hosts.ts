import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../../hosts/lab.ts';
import { tell } from './stage.ts';
import { createNewcomer, notes, reviewer, type Newcomer } from './newcomer.ts';
import type { Run } from '../executor/run.ts';

/** Lines that a person looks at because `init` was not sure, and those that were wrong. */
const marksMax = 8;
const correctedMax = 1;

/** docs/quick-start.md from its second step on, literally; each test is the next step. */
describe('somebody new releases what was deployed by hand', { timeout: 200_000 }, () => {
  let lab: Lab;
  let site: Newcomer;
  let run: Run;
  let generated: string;

  beforeAll(async () => {
    lab = await createLab();
    site = await createNewcomer(lab);
    for (const text of ['the tide is high', 'the light is red']) await site.leave(text);
    site.write('notes.py', notes('1.4.2'));
    site.git('add', '--all');
    site.git('commit', '--quiet', '--message=Notes');
    site.git('push', '--quiet', 'origin', 'main');
  });

  afterAll(async () => {
    await site?.down();
    await lab?.down();
  });

  it('lets init look around, which says what comes next', () => {
    const { production, staging } = site;
    site.write('known_hosts', [production, staging]
      .map((it) => readFileSync(it.knownHostsFile, 'utf8')).join(''));
    const told = site.seatrial('init', '--host-production', `deploy@${production.address}`,
      '--host-staging', `deploy@${staging.address}`, '--known-hosts', 'known_hosts',
      '--toolkit', 'OWNER/seatrial@v1');
    expect(told.status, told.stderr).toBe(0);
    expect(told.stdout).toContain('written    seatrial.yml');
    expect(told.stdout).toContain('written    .github/workflows/release.yml');
    expect(told.stdout).toContain('seatrial adopt --version');
    generated = site.read('seatrial.yml');
    expect(generated.match(/# guess: /g)?.length).toBeLessThanOrEqual(marksMax);
    expect(generated).not.toContain('# fill in: ');
  });

  it('reads and completes the marked lines, and no other', () => {
    const plain = generated.replaceAll(/ *# guess: .*$/gm, '');
    const edited = plain.replace('{PORT}/\n', '{PORT}/health\n');
    const [before, after] = [plain.split('\n'), edited.split('\n')];
    expect(after.filter((line, at) => line !== before[at])).toHaveLength(correctedMax);
    site.write('seatrial.yml', edited);
  });

  it('is told by doctor all that is missing on both hosts, and nothing else', () => {
    const { status, stdout } = site.seatrial('doctor');
    expect(status).toBe(11);
    const failing = [...stdout.matchAll(/^ {2}FAIL +(\w+)/gm)].map((it) => it[1]);
    expect(new Set(failing)).toEqual(new Set(['records', 'services', 'sudo', 'isolation']));
    expect(stdout).toContain('seatrial.yml is right, for notes');
    expect(stdout).toContain('Take it over as it is: seatrial adopt --host production');
    expect(stdout).not.toContain('seatrial adopt --host staging');
  });

  it('prepares both hosts with what is printed for root', async () => {
    for (const name of ['production', 'staging'] as const) {
      const { status, stdout } = site.seatrial('doctor', '--install', '--host', name);
      expect(status).toBe(0);
      expect(await site[name].exec('sh', { stdin: stdout })).toMatchObject({ status: 0 });
    }
    const { status, stdout } = site.seatrial('doctor');
    expect(status, stdout).toBe(0);
    expect(stdout).toMatch(/ 0 failed$/m);
  });

  it('takes over what runs, which visitors do not notice', async () => {
    const told = site.seatrial('adopt', '--version', '1.4.2');
    expect(told.status, told.stderr).toBe(0);
    expect(told.stdout).toContain('DONE: what runs on production is taken over as notes 1.4.2.');
    expect(told.stdout).not.toContain('kept out');
    expect(JSON.parse(await site.visit('/health'))).toEqual({ version: '1.4.2', notes: 2 });
  });

  it('pushes a tag, and reads what the rehearsal found', async () => {
    site.write('notes.py', notes('1.5.0'));
    site.git('add', 'seatrial.yml', 'known_hosts', '.github', 'notes.py');
    site.git('commit', '--quiet', '--message=Release with Seatrial');
    site.git('tag', 'v1.5.0');
    site.git('push', '--quiet', 'origin', 'main', 'v1.5.0');
    run = await site.workflows.push('refs/tags/v1.5.0', { actor: 'hubot' });
    const seen = (): string => run.conclusion === undefined
      ? run.jobs.find((it) => it.key.endsWith('deploy'))?.status ?? 'not begun' : tell(run);
    await expect.poll(seen, { timeout: 150_000 }).toMatch(/^waiting$|^attempt/);
    expect(seen()).toBe('waiting');
    const { summary } = run.job('rehearse');
    expect(summary).toMatch(/^## PASSED: notes 1\.5\.0 works on a copy of production/);
    expect(summary).toMatch(
      /\[All of this as a page\]\(\S+\/octo\/notes\/actions\/runs\/\d+\/artifacts\/\d+\)/);
    expect(summary).toContain(site.git('rev-parse', 'HEAD'));
    expect(summary).toContain('*Review deployments*');
    // What was taken over kept nobody out: it is no window that a forecast could learn from.
    expect(summary).not.toContain('deployment of 1.4.2');
    expect(JSON.parse(await site.visit('/health'))).toMatchObject({ version: '1.4.2' });
  });

  it('approves, and production serves the new version with what visitors left', async () => {
    run.approve('production', { user: reviewer });
    await run.ended();
    expect(run.conclusion, tell(run)).toBe('success');
    const { log, summary } = run.job('deploy');
    expect(summary).toMatch(/^## DONE: production serves notes 1\.5\.0\./);
    expect(log).toContain(`approved by ${reviewer}`);
    // An application that is only beginning to listen is no failure.
    expect(log).not.toMatch(/ FAIL /);
    expect(log).toMatch(/^published {2}https:/m);
    expect(JSON.parse(await site.visit('/health'))).toEqual({ version: '1.5.0', notes: 2 });
    expect(JSON.parse(await site.visit('/notes/1'))).toEqual({ text: 'the tide is high' });
    expect(site.github.state.releases).toMatchObject([{ tag: 'v1.5.0', draft: false }]);
    expect(site.github.violations).toEqual([]);
  });
});
