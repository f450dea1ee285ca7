import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { buildsMade, createStage, home, quiet, recordBuild, records, type Stage } from './stage.ts';
import { describeEnd } from './tool.ts';

/**
 * The mail of 2004 over SSH: a master whose whole history is one file that it writes as it stops.
 * Each test begins where the one before it ended.
 */
describe('the master of 2004', () => {
  let lab: Lab;
  let stage: Stage;
  let second: string;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createStage(lab, 'master', false);
    second = await stage.release({ version: '2.0.0', code: 2 });
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  /** Every old record, as users see it. */
  const builds = (): Promise<string> => stage.output(`for id in $(curl -fsS --noproxy '*' \
    http://127.0.0.1:18300/builds); do curl -fsS --noproxy '*' \
    http://127.0.0.1:18300/build/$id; done`);

  it('is adopted with its history, and not touched by that', async () => {
    const before = await stage.see();
    const adopted = await stage.run(['adopt', '--version', '1.0.0']);
    expect(adopted.status, describeEnd(adopted)).toBe(0);
    expect(adopted.summary).toMatchObject({ end: 'done', serving: '1.0.0' });
    expect(await stage.see()).toEqual({ ...before, installed: '1.0.0', gate: '.', lock: 'free',
      work: 'free' });
  });

  it('comes back from release 3 with the bytes that it saved as it stopped', async () => {
    // What the state was between the stop and the start is told by the release itself.
    const config = stage.config((settings) => {
      settings.install['migrate'] = 'sh {release}/migrate.sh';
    });
    const third = await stage.release({ version: '3.0.0', code: 3, migrate: `
      sha256sum <${home}/run/minibot-shutdown.tap | cut -d' ' -f1 >/home/deploy/as-it-stopped
    ` });
    await recordBuild(stage);
    const before = await stage.see();
    const deployed = await stage.run(['deploy', '--release', third, '--config', config]);
    expect(deployed.status, describeEnd(deployed)).toBe(10);
    expect(deployed.summary).toMatchObject({ end: 'restored', version: '3.0.0',
      serving: '1.0.0' });
    expect(deployed.summary?.reason).toMatch(/record 0 answered 500, before 200$/);
    expect(deployed.stderr).toMatch(/FAIL .*twistd.log: new line: *Traceback/);

    const state = await stage.output('cat /home/deploy/as-it-stopped');
    expect(state).not.toBe(before['state']);
    expect(await stage.see()).toMatchObject({ ...quiet({ release: 1, builds: buildsMade + 1,
      installed: '1.0.0' }), code: before['code'], state });
    expect(await builds()).toMatch(/log of build 3$/);

    const bundle = deployed.summary?.places.find((it) => it.what === 'failed bundle')?.path ?? '';
    expect(bundle).toBe(`${records}/failed/${deployed.summary?.run}`);
    expect(await stage.output(`sed -n s/^RELEASE.=.//p ${bundle}/code-code1/minibot.py`)).toBe('3');
    expect(await stage.output(`grep -c AttributeError ${bundle}/state-state1/twistd.log`))
      .toMatch(/^[1-9]/);
    const failedState = `${bundle}/state-state1/minibot-shutdown.tap`;
    expect(await stage.output(`sha256sum <${failedState}`)).not.toContain(state);
    expect(await stage.output(`grep -c 'answered 500' ${bundle}/console.log ${bundle}/journal`))
      .toMatch(/journal:[1-9]/);
    expect(await stage.output(`stat -c %a ${records}/failed ${records}/runs`)).toBe('700\n700');
  });

  it('tells the last failure first when it is tried again', async () => {
    const third = await stage.release({ version: '3.0.1', code: 3 });
    const deployed = await stage.run(['deploy', '--release', third]);
    expect(deployed.status, describeEnd(deployed)).toBe(10);
    expect(deployed.stderr).toMatch(/last failure here was 3\.0\.0: restored: records /);
    expect(await stage.see()).toMatchObject(quiet({ release: 1, builds: buildsMade + 1,
      installed: '1.0.0' }));
  });

  it('goes to release 2, and every old record displays', async () => {
    const deployed = await stage.run(['deploy', '--release', second]);
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    expect(deployed.summary).toMatchObject({ end: 'done', version: '2.0.0', serving: '2.0.0' });
    expect(await stage.see()).toMatchObject(quiet({ release: 2, builds: buildsMade + 1,
      installed: '2.0.0' }));
    expect(await builds()).toBe([0, 1, 2, 3].map((id) => `log of build ${id} on (unknown)`)
      .join('\n'));
  });

  it('is left alone by the same release', async () => {
    const before = await stage.see();
    const again = await stage.run(['deploy', '--release', second]);
    expect(again.status, describeEnd(again)).toBe(0);
    expect(again.summary).toMatchObject({ end: 'unchanged', serving: '2.0.0' });
    expect(await stage.see()).toEqual(before);
  });

  it('does not go back with its code only: release 1 refuses the state of release 2', async () => {
    await recordBuild(stage);
    const before = await stage.see();
    const back = await stage.run(['rollback', '--code-only']);
    expect(back.status, describeEnd(back)).toBe(10);
    expect(back.summary).toMatchObject({ end: 'restored', serving: '2.0.0' });
    expect(await stage.see()).toMatchObject({ ...quiet({ release: 2, builds: buildsMade + 2,
      installed: '2.0.0' }), code: before['code'] });
    const why = `${records}/failed/${back.summary?.run}/state-state1/twistd.log`;
    expect(await stage.output(`cat ${why} ${records}/failed/${back.summary?.run}/console.log`))
      .toContain("can't go backwards in time");
  });

  it('asks what is to become of the state before it goes back', async () => {
    const back = await stage.run(['rollback']);
    expect(back.status, describeEnd(back)).toBe(11);
    expect(back.stderr).toMatch(/--with-state[^]*--code-only/);
  });

  it('goes back with its state: the builds of release 2 are kept aside', async () => {
    const back = await stage.run(['rollback', '--with-state']);
    expect(back.status, describeEnd(back)).toBe(0);
    expect(back.summary).toMatchObject({ end: 'done', serving: '1.0.0' });
    // One build was recorded before release 2 came, one after it.
    expect(await stage.see()).toMatchObject(quiet({ release: 1, builds: buildsMade + 1,
      installed: '1.0.0' }));
    expect(await builds()).toBe([0, 1, 2, 3].map((id) => `log of build ${id}`).join('\n'));
    expect(await stage.output(
      `ls ${home}/.seatrial-minibot/replaced-${back.summary?.run}-state1/minibot-shutdown.tap`))
      .toContain('minibot-shutdown.tap');
  });

  it('goes forward again after it went back', async () => {
    const deployed = await stage.run(['deploy', '--release', second]);
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    expect(await stage.see()).toMatchObject(quiet({ release: 2, builds: buildsMade + 1,
      installed: '2.0.0' }));
  });
});
