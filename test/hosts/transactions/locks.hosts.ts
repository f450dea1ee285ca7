import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { endOnHost, inWindow, unfinishedRun } from './scene.ts';
import { buildsMade, createStage, home, quiet, records, type Stage } from './stage.ts';
import { describeEnd } from './tool.ts';

/** Who may do what while a transaction is under way, and what the daemon inherits of it. */
let lab: Lab;
let stage: Stage;

beforeAll(async () => {
  lab = await createLab();
  stage = await createStage(lab, 'production');
});

afterAll(async () => {
  await stage?.down();
  await lab?.down();
});

beforeEach(() => stage.reset());

describe('while a transaction is in its window', () => {
  it('nobody starts the application, another release is told who is busy, the same attaches',
    async () => {
      const scene = await inWindow(stage, '2.0.0');
      const run = await unfinishedRun(stage);
      const byHand = await stage.host.exec(`${home}/minibot-start`, { user: 'deploy' });
      expect(byHand).toMatchObject({ status: 127 });
      expect(await stage.see()).toMatchObject({ lock: 'held', work: 'held', serves: 'nothing',
        unfinished: run });

      const other = await stage.run(['deploy', '--release', await stage.release({
        version: '2.0.1' })]);
      expect(other.status, describeEnd(other)).toBe(15);
      expect(other.stderr).toMatch(new RegExp('^busy: another transaction runs: 2\\.0\\.0 by '
        + `\\S+@\\S+, since \\S+Z \\(run ${run}\\)\n.*seatrial attach --run ${run}`, 'm'));
      for (const words of [['rollback', '--code-only'], ['recover'], ['adopt', '--version', '9']]) {
        const refused = await stage.run(words);
        expect(refused.status, describeEnd(refused)).toBe(15);
      }

      const same = stage.start(['deploy', '--release', scene.release, '--config', scene.config]);
      await expect.poll(() => same.told(), { timeout: 30_000 })
        .toContain(`this release is being installed: attaching to ${run}`);
      await scene.go();
      const [one, two] = await Promise.all([scene.tool.ended, same.ended]);
      expect(one.status, describeEnd(one)).toBe(0);
      expect(two.status, describeEnd(two)).toBe(0);
      expect(two.summary).toMatchObject({ end: 'done', run, serving: '2.0.0' });
      expect(await stage.output(`ls ${records}/runs | wc -l`)).toBe('2');
      expect(await stage.see()).toMatchObject(quiet({ release: 2, builds: buildsMade,
        installed: '2.0.0' }));
    });

  it('of two that begin at once, one deploys, and no other is mixed into it', async () => {
    const releases = await Promise.all(['2.1.0', '2.1.1'].map((version) =>
      stage.release({ version })));
    const ended = await Promise.all(releases.map((it) => stage.run(['deploy', '--release', it])));
    const done = ended.filter((it) => it.status === 0);
    const late = ended.filter((it) => it.status !== 0);
    expect(done.length, ended.map(describeEnd).join('\n')).toBeGreaterThan(0);
    // Busy, or refused since production is not what its plan was made for any more.
    for (const it of late) expect([11, 15], describeEnd(it)).toContain(it.status);
    const seen = await stage.see();
    expect(seen).toMatchObject(quiet({ release: 2, builds: buildsMade,
      installed: done.at(-1)?.summary?.version ?? '' }));
    expect(seen['release']).toBe(seen['installed']);
  });
});

describe('the daemon that a transaction starts', () => {
  it('holds no file of ours, and knows nothing of the environment of who deployed', async () => {
    const release = await stage.release({ version: '2.2.0' });
    await stage.output('echo export FROM_LOGIN=yes >>/home/deploy/.bashrc');
    const ended = await stage.run(['deploy', '--release', release],
      { env: { RUNNER_TRACKING_ID: 'github_1' } });
    expect(ended.status, describeEnd(ended)).toBe(0);
    const { daemons = '' } = await stage.see();
    const [pid = ''] = daemons.split(' ');
    const files = await stage.output(
      `for fd in /proc/${pid}/fd/*; do readlink "$fd"; done | sort -u`);
    expect(files.split('\n').filter((it) =>
      !/^(\/dev\/null|(socket|pipe|anon_inode):.*|\/srv\/minibot\/run\/twistd\.log)$/.test(it)))
      .toEqual([]);
    const environment = await stage.output(`tr '\\0' '\\n' </proc/${pid}/environ | cut -d= -f1 |
      sort | tr '\\n' ' '`);
    expect(environment).not.toMatch(/RUNNER|FROM_LOGIN|SSH_|SEATRIAL_TEST/);
    expect(environment).toContain('MINIBOT_PORT');
    // A session of its own, whose leader is gone: nothing that ends the connection ends it.
    expect(await stage.output(`session=$(ps -o sid= -p ${pid} | tr -d ' ')
      test -e "/proc/$session/cwd" || echo gone`)).toBe('gone');
    await endOnHost(stage, ended.summary?.run ?? '', 'done');
  });
});
