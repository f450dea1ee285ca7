import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { beforeWindow, endOnHost, inWindow, migrating, programPid, unfinishedRun }
  from './scene.ts';
import { buildsMade, createStage, home, quiet, recordBuild, records, type Stage }
  from './stage.ts';
import { describeEnd } from './tool.ts';
import { traceOf } from './trace.ts';

/**
 * Whatever happens on the host in the window, what serves in the end is what the end names, with
 * the bytes of state of one instant (promises P4, P5, P8).
 */
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

const first = (builds = buildsMade) => quiet({ release: 1, builds, installed: '1.0.0' });

/** The application cannot be started: not by its entry, nor by what boots it. */
async function expectUnstartable(): Promise<void> {
  const { status, stderr } = await stage.host.exec(`${home}/minibot-start`, { user: 'deploy' });
  expect(status).toBe(127);
  expect(stderr).toContain('not found');
  expect(await stage.see()).toMatchObject({ serves: 'nothing', entry: 'no', closed: 'yes',
    daemons: '' });
}

describe('before the window', () => {
  it('a program that is killed has touched nothing; the watcher ends it at once', async () => {
    const trace = await traceOf(stage);
    const scene = await beforeWindow(stage, '2.0.0');
    await stage.output(`kill -KILL ${await programPid(stage)}`);
    const ended = await scene.end(13);
    expect(ended.summary).toMatchObject({ end: 'cancelled', serving: '1.0.0' });
    expect(await stage.see()).toMatchObject(first());
    expect(await traceOf(stage)).toEqual(trace);
  });
});

describe('in the window', () => {
  it('a program that is killed is recovered at once by who watches', async () => {
    await recordBuild(stage);
    const scene = await inWindow(stage, '2.0.1');
    const state = await scene.stateAtStop();
    await expectUnstartable();
    await stage.output(`kill -KILL ${await programPid(stage)}`);
    const ended = await scene.end(10);
    expect(ended.summary).toMatchObject({ end: 'restored', serving: '1.0.0',
      reason: 'the program was killed in the window' });
    expect(ended.stderr).toContain('the program on the host died; recovering');
    expect(await stage.see()).toMatchObject({ ...first(buildsMade + 1), state });
    // The migration of the killed program was ended before its state was put aside.
    expect(await stage.output('test -e /proc/$(cat /home/deploy/pid) || echo gone')).toBe('gone');
    expect(await stage.output(`ls ${records}/failed/*/state-state1/half-migrated`))
      .toContain('half-migrated');
    const again = await stage.run(['deploy', '--release', await stage.release({
      version: '2.0.2' })]);
    expect(again.status, describeEnd(again)).toBe(0);
    expect(await stage.see()).toMatchObject(quiet({ release: 2, builds: buildsMade + 1,
      installed: '2.0.2' }));
  });

  it('a migration that is killed is a failure, and the signal is named', async () => {
    await recordBuild(stage);
    const before = await stage.see();
    const release = await stage.release({ version: '2.0.3', migrate: `
      echo half >>${home}/run/minibot-shutdown.tap
      kill -KILL $$\n` });
    const ended = await stage.run(
      ['deploy', '--release', release, '--config', stage.config(migrating)]);
    expect(ended.status, describeEnd(ended)).toBe(10);
    expect(ended.summary).toMatchObject({ end: 'restored', serving: '1.0.0',
      reason: 'the migration was killed by signal 9' });
    expect(await stage.see()).toMatchObject({ ...first(buildsMade + 1), code: before['code'] });
  });

  it('a migration that fills the disk is a failure, and undo needs no space', async () => {
    await recordBuild(stage);
    const scene = await inWindow(stage, '2.0.4');
    const state = await scene.stateAtStop();
    await stage.host.fill(0);
    await scene.go();
    const ended = await scene.end(10);
    expect(ended.summary).toMatchObject({ end: 'restored', serving: '1.0.0' });
    expect(ended.stderr).toContain('No space left on device');
    expect(await stage.see()).toMatchObject({ ...first(buildsMade + 1), state });
    await stage.host.unfill();
  });

  it('a power cut keeps it down until the next run, which recovers first', async () => {
    await recordBuild(stage);
    await stage.host.writeFile('/etc/rc.local', `#!/bin/sh
runuser -u deploy -- ${home}/minibot-start >/root/rc.log 2>&1
echo "rc.local: $?" >>/root/rc.log
`, { mode: '755' });
    const scene = await inWindow(stage, '2.0.5');
    const run = await unfinishedRun(stage);
    const state = await scene.stateAtStop();
    scene.tool.signal('SIGKILL');
    await scene.tool.ended;
    await stage.output('echo lost >/home/deploy/unflushed');
    await stage.host.powerCut();
    await stage.host.boot();
    expect((await stage.host.exec('ls /home/deploy/unflushed')).status).toBe(2);
    expect(await stage.host.readFile('/root/rc.log'))
      .toMatch(/No such file or directory\nrc\.local: [1-9]/);
    await expectUnstartable();
    expect(await unfinishedRun(stage)).toBe(run);
    const copy = `${home}/.seatrial-minibot/rescue-${run}-state1/minibot-shutdown.tap`;
    expect(await stage.output(`sha256sum <${copy}`)).toContain(state);

    const next = await stage.run(['deploy', '--release', await stage.release({
      version: '2.0.6' })]);
    expect(next.status, describeEnd(next)).toBe(0);
    expect(next.stderr)
      .toMatch(/finishing the dead transaction[^]*the dead transaction ended: restored/);
    expect(next.summary).toMatchObject({ end: 'done', serving: '2.0.6' });
    expect(await stage.see()).toMatchObject(quiet({ release: 2, builds: buildsMade + 1,
      installed: '2.0.6' }));
    await endOnHost(stage, run, 'restored the program was killed in the window');
  });

  it('a host that crashes while it is watched is recovered as soon as it is back', async () => {
    await recordBuild(stage);
    const scene = await inWindow(stage, '2.0.7');
    const state = await scene.stateAtStop();
    await stage.host.crash();
    await stage.host.boot();
    const ended = await scene.end(10);
    expect(ended.summary).toMatchObject({ end: 'restored', serving: '1.0.0' });
    expect(await stage.see()).toMatchObject({ ...first(buildsMade + 1), state });
  });
});

describe('an undo that fails', () => {
  it('asks for a person, names all of it, blocks the next run, and goes on when told', async () => {
    await recordBuild(stage);
    const scene = await inWindow(stage, '2.0.8');
    const run = await unfinishedRun(stage);
    const state = await scene.stateAtStop();
    // Somebody tightens the directory while the migration runs, and it fails.
    await stage.output(`chown root ${home}`);
    await scene.killMigration();
    const ended = await scene.end(12);
    expect(ended.summary).toMatchObject({ end: 'needs-human', serving: null, run });
    expect(ended.summary?.reason).toMatch(
      /^the migration was killed by signal 9; and going back failed: .*\/srv\/minibot/);
    expect(ended.summary?.next.map((it) => it.split(' --')[0]))
      .toEqual(['seatrial status', 'seatrial recover']);
    const copy = ended.summary?.places.find((it) => it.what === 'rescue copy')?.path;
    expect(await stage.output(`sha256sum <${copy}/minibot-shutdown.tap`)).toContain(state);
    await expectUnstartable();

    const next = await stage.run(['deploy', '--release', await stage.release({
      version: '2.0.9' })]);
    expect(next.status, describeEnd(next)).toBe(11);
    expect(next.stderr).toMatch(new RegExp(`transaction ${run} needs a person: .*going back failed`
      + '[^]*Mend what it names on the host, then: seatrial recover'));
    const status = await stage.run(['status']);
    expect(JSON.parse(status.stdout)).toMatchObject({ transaction: { state: 'needs-human', run } });

    const tooEarly = await stage.run(['recover']);
    expect(tooEarly.status, describeEnd(tooEarly)).toBe(12);
    await stage.output(`chown deploy ${home}`);
    const recovered = await stage.run(['recover']);
    expect(recovered.status, describeEnd(recovered)).toBe(10);
    expect(recovered.summary).toMatchObject({ end: 'restored', serving: '1.0.0', run });
    expect(await stage.see()).toMatchObject({ ...first(buildsMade + 1), state });
    const nothing = await stage.run(['recover']);
    expect(nothing.summary, describeEnd(nothing)).toMatchObject({ end: 'unchanged' });
  });

  it('also asks when the old version does not start any more', async () => {
    const scene = await inWindow(stage, '2.0.10');
    await stage.output(`cp -p ${home}/minibot-start.closed /opt/start
      sed -i '2i exit 3' ${home}/minibot-start.closed`);
    await scene.killMigration();
    const ended = await scene.end(12);
    expect(ended.summary?.reason)
      .toMatch(/going back failed: the start command ended with status 3/);
    await stage.output(`cat /opt/start >${home}/minibot-start.closed`);
    const recovered = await stage.run(['recover']);
    expect(recovered.status, describeEnd(recovered)).toBe(10);
    expect(await stage.see()).toMatchObject(first());
  });
});
