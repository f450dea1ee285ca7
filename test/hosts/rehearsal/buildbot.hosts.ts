import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { describeEnd } from '../transactions/tool.ts';
import {
  buildsMade, createBuildbotStage, versions, type Build, type BuildbotStage,
} from './buildbot.ts';
import { output } from './stage.ts';

/**
 * Debian 12's Buildbot becomes Debian 13's. As that one is shipped, start, upgrade and every list
 * look well, and no log of an old build displays. Each test begins where the one before it ended.
 */
/** Two hosts, two packages from the archive, three releases, seven builds. */
const setUpTimeoutMs = 300_000;
const patient = { timeout: 60_000, interval: 250 };
const database = '/var/lib/buildbot/state.sqlite';

describe('Buildbot, from Debian 12 to Debian 13', () => {
  let lab: Lab;
  let stage: BuildbotStage;
  let history: readonly Build[];
  let before: Record<string, string>;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createBuildbotStage(lab);
  }, setUpTimeoutMs);

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  const staging = (command: string) => output(stage.staging, command);
  const production = (command: string) => output(stage.production, command);

  it('has a past: builds, good and bad, and a worker that made them', async () => {
    const adopted = await stage.run(['adopt', '--version', versions.old]);
    expect(adopted.status, describeEnd(adopted)).toBe(0);
    history = await stage.history();
    expect(history.map((it) => it.build['results'])).toEqual([0, 0, 2, 0, 0, 2, 0]);
    expect(history.flatMap((it) => it.logs)).toHaveLength(2 * buildsMade);
    // The mail of the canary, which adopting let sing, is on its way when that ends.
    await expect.poll(async () => (await stage.look())['mail'], patient)
      .toBe(String(buildsMade + 1));
    before = await stage.look();
    const installed = await stage.run(['doctor', '--install', '--host', 'staging']);
    expect(installed.stderr).not.toContain('problem');
  });

  it('refuses the package as it is shipped: old logs do not display', async () => {
    const { ended, rehearsal } = await stage.rehearse('shipped');
    expect(ended.status, describeEnd(ended)).toBe(11);
    expect(rehearsal.verdict).toBe('refused');
    expect(rehearsal.reasons).toHaveLength(1);
    expect(rehearsal.reasons[0]).toMatch(/failed on the copy: records .*logs\/\{id\}\/contents: /);
    expect(rehearsal.reasons[0]).toMatch(/record \d+ answered 500, before 200/);
    // All that people look at first was well.
    expect(rehearsal.checks.filter((it) => it.when === 'new' && it.verdict === 'pass')
      .map((it) => it.title)).toEqual(expect.arrayContaining([
      expect.stringContaining('api/v2/builders'), expect.stringContaining('api/v2/builds')]));
    expect(rehearsal.undo).toMatchObject({ equal: true });
    expect(await stage.look()).toEqual(before);
  });

  it('is not deployed by the receipt of that', async () => {
    const deployed = await stage.deploy('shipped');
    expect(deployed.status, describeEnd(deployed)).toBe(11);
    expect(deployed.stderr).toMatch(/refused/);
    expect(await stage.look()).toEqual(before);
  });

  it('passes once it is repaired, with an identical history and a build of its own', async () => {
    const { ended, rehearsal } = await stage.rehearse('repaired');
    expect(ended.status, describeEnd(ended)).toBe(0);
    expect(rehearsal).toMatchObject({ verdict: 'passed', reasons: [], outside: [],
      secondStart: { verdict: 'pass' }, migrateTwice: { verdict: 'pass' },
      // "Sorry, can't go backwards": code that goes back alone does not start.
      oldCode: { verdict: 'fail' }, undo: { equal: true, differences: [] } });
    // Whether staging's worker was faster than the comparison is not said here.
    expect(rehearsal.differences.filter((it) => it.kind !== 'added' && it.object !== 'workers')
      .map((it) => [it.object, it.kind, it.accepted === undefined])).toEqual([
      ['alembic_version', 'content', false], ['masters', 'content', false]]);
    expect(rehearsal.differences.map((it) => it.object)).toContain('builds.locks_duration_s');
    // Builds, steps, logs and what is in them: equal in all that both schemas have.
    expect(rehearsal.compared[0]?.same['rows']).toBeGreaterThan(30);
    expect(rehearsal.data).toMatchObject([{ name: 'state.sqlite', takenFrom: 'live' }]);
    expect(rehearsal.windowSeconds).toBeGreaterThan(1);
  });

  it('was tried without a word to the outside: no mail, no worker of production', async () => {
    expect(await stage.look()).toEqual(before);
    // The copy did try: its overlay has forgotten production's mail relay.
    expect(await staging('grep -c "sending mail" /var/lib/buildbot/twistd.log')).toBe('1');
    expect(await staging(`grep -o "worker '.*' attaching from .*, port" \
      /var/lib/buildbot/twistd.log | sort -u`)).toBe(
      "worker 'staging' attaching from IPv4Address(type='TCP', host='127.0.0.1', port");
    // And it is left so that nobody starts it.
    expect(await staging('ls /opt/buildbot; pgrep -u buildbot || echo nothing runs'))
      .toBe('current.closed\nreleases\nshared\nnothing runs');
  });

  it('is as it was when its migration is killed half-way', async () => {
    const killed = production(`python3 /opt/case/kill-migration.py ${database}`);
    killed.catch(() => undefined); // awaited below, once the deployment has told its own story
    const deployed = await stage.deploy('repaired');
    expect(deployed.status, describeEnd(deployed)).toBe(10);
    expect(deployed.summary).toMatchObject({ end: 'restored', serving: versions.old,
      reason: 'the migration was killed by signal 9' });
    expect(await killed).toMatch(/^killed at 06\d, which began at 059$/);
    const failed = deployed.summary?.places.find((it) => it.what === 'failed bundle')?.path ?? '';
    expect(await production(`cd ${failed} && cp state-state1* /tmp &&
      sqlite3 /tmp/state-state1 'select version_num from alembic_version'`)).toMatch(/^06[0-5]$/);
    expect(await production(`sqlite3 -readonly ${database} \
      'select version_num from alembic_version'`)).toBe('059');
    expect(await stage.history()).toEqual(history);
  });

  it('goes to production by the receipt, with its history and a build by its worker', async () => {
    const mails = Number((await stage.look())['mail']);
    const deployed = await stage.deploy('repaired');
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    expect(deployed.summary).toMatchObject({ end: 'done', serving: versions.repaired });
    expect(deployed.summary?.windowSeconds).toBeGreaterThan(1);
    expect(deployed.stderr).toMatch(/pass +command one new build runs to its end/);
    expect(await stage.history()).toEqual(history);
    expect(await production(`sqlite3 -readonly ${database} \
      'select version_num from alembic_version'`)).toBe('066');
    // The mail server is one that would have heard the copy.
    await expect.poll(async () => Number((await stage.look())['mail']), patient).toBe(mails + 1);
  });
});
