import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { describeEnd } from '../transactions/tool.ts';
import { createMediawikiStage, versions, type MediawikiStage, type ReleaseName }
  from './mediawiki.ts';
import { installBoth, output, told } from './stage.ts';

/**
 * Debian 12's MediaWiki becomes Debian 13's, with its database in MariaDB and its pictures. Each
 * test begins where the one before it ended.
 */
const patient = { timeout: 60_000, interval: 250 };

describe('MediaWiki, from Debian 12 to Debian 13', () => {
  let lab: Lab;
  let stage: MediawikiStage;
  let shown: string;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createMediawikiStage(lab);
    await installBoth(stage, 'root');
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  const staging = (command: string) => output(stage.staging, command);
  const production = (command: string) => output(stage.production, command);
  const deploy = (release: ReleaseName) => stage.run(['deploy', '--release',
    stage.releases[release], '--receipt', stage.receipt]);
  const schema = () => production(`mariadb-dump --skip-comments --no-data wiki |
    sed 's/ AUTO_INCREMENT=[0-9]*//'`);

  it('has a past: pages, their versions, pictures, and a reader who hears of changes', async () => {
    const adopted = await stage.run(['adopt', '--version', versions.old]);
    expect(adopted.status, describeEnd(adopted)).toBe(0);
    shown = await stage.show();
    expect(shown.match(/^revision/gm)?.length).toBeGreaterThan(8);
    expect(shown.match(/^shown/gm)).toHaveLength(3);
    await expect.poll(() => stage.mails(), patient).toBe(1);
  });

  it('refuses to copy a table that others write while it is read', async () => {
    const refused = await stage.rehearse(stage.releases.new);
    expect(refused.ended.status, describeEnd(refused.ended)).toBe(11);
    expect(refused.ended.stderr).toMatch(/`searchindex` \(MyISAM\). Make them InnoDB/);
    await production('mariadb wiki -e "ALTER TABLE searchindex ENGINE = InnoDB"');
  });

  it('refuses a release that has lost its pictures, tried while people write', async () => {
    // A mail that production has still to send is in the copy.
    await production('systemctl kill --signal STOP wiki-jobs');
    await stage.edit('Buoys', 'Green to starboard.');
    await stage.edit('Log', 'One more line.');
    await production(`touch /opt/writing
      setsid sh /opt/case/writer.sh </dev/null >/opt/writer.log 2>&1 &`);
    const lost = await stage.rehearse(stage.releases.lost);
    await production('rm /opt/writing');
    expect(lost.ended.status, describeEnd(lost.ended)).toBe(11);
    const { reasons, undo, checks } = told(lost);
    expect(reasons).toEqual([expect.stringMatching(/failed on the copy: records .*thumb\.php/)]);
    expect(reasons[0]).toMatch(/record \S+\.png answered 500, before 200/);
    // Every page was well.
    expect(checks.filter((it) => it.when === 'new' && it.verdict === 'pass')
      .map((it) => it.title)).toEqual(expect.arrayContaining([
      expect.stringContaining('oldid={id}&action=raw'), expect.stringContaining('api.php')]));
    expect(undo).toMatchObject({ equal: true });
  });

  it('was copied at one instant of that writing', async () => {
    const log = (text: string) => text.split('\t');
    const [copied, lines, whole] = log(await staging('sh /opt/case/log.sh'));
    expect([lines, whole]).toEqual([copied, 'whole']);
    const [now] = log(await production('sh /opt/case/log.sh'));
    expect(Number(copied)).toBeGreaterThan(0);
    expect(Number(now)).toBeGreaterThan(Number(copied));
  });

  it('sent none of production\'s mail from staging, though it tried', async () => {
    expect(await stage.mails()).toBe(1);
    expect(await staging('journalctl --unit wiki-jobs --output cat --no-pager'))
      .toMatch(/enotifNotify Buoys .* good/);
    await production('systemctl kill --signal CONT wiki-jobs');
    await expect.poll(() => stage.mails(), patient).toBe(2);
  });

  it('is not deployed by the receipt of that', async () => {
    const refused = await deploy('lost');
    expect(refused.status, describeEnd(refused)).toBe(11);
    expect(refused.stderr).toMatch(/refused/);
    expect(await stage.show()).toBe(shown);
  });

  it('passes where each difference is accepted by its name, with a reason', async () => {
    await production('systemctl restart wiki-jobs');
    const before = await stage.look();
    const passed = await stage.rehearse(stage.releases.new);
    expect(passed.ended.status, describeEnd(passed.ended)).toBe(0);
    const rehearsal = told(passed);
    expect(rehearsal).toMatchObject({ verdict: 'passed', reasons: [], outside: [],
      secondStart: { verdict: 'pass' }, migrateTwice: { verdict: 'pass' },
      // "revision_comment_temp doesn't exist": the old code does not work on the new tables.
      oldCode: { verdict: 'fail' }, undo: { equal: true, differences: [] } });
    const found = rehearsal.differences.filter((it) => it.kind !== 'added');
    expect(found.filter((it) => it.accepted === undefined && it.harmless === undefined))
      .toEqual([]);
    const reasons = new Map(found.map((it) => [`${it.object} ${it.kind}`, it.accepted]));
    expect(reasons.get('revision_comment_temp dropped')).toMatch(/named by its revision itself/);
    expect(reasons.get('ipblocks dropped')).toMatch(/block_target/);
    expect(reasons.get('revision content')).toMatch(/rev_comment_id/);
    expect(rehearsal.compared.map((it) => [it.state, (it.same['rows'] ?? 0) > 0]))
      .toEqual([['wiki', true], ['uploads', true]]);
    expect(rehearsal.data.map((it) => [it.name, it.takenFrom, it.reused]))
      .toEqual([['wiki', 'live', true], ['uploads', 'live', true]]);
    expect(await stage.look()).toEqual(before);
    expect(await stage.mails()).toBe(2);
  });

  it('comes back from a migration that is killed half-way in production', async () => {
    const before = await schema();
    const killed = stage.production.exec('sh /opt/case/kill-migration.sh');
    const deployed = await deploy('new');
    expect(deployed.status, describeEnd(deployed)).toBe(10);
    expect(deployed.summary).toMatchObject({ end: 'restored', serving: versions.old,
      reason: 'the migration was killed by signal 9' });
    expect(await killed).toMatchObject({ status: 0, stdout: 'pl_title is still there\n' });
    expect(await schema()).toBe(before);
    expect(await stage.show()).toBe(shown);
  });

  it('goes to production by the receipt, with its pages, its pictures and its mail', async () => {
    const deployed = await deploy('new');
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    expect(deployed.summary).toMatchObject({ end: 'done', serving: versions.new });
    expect(deployed.stderr).toMatch(/pass +command a page is written and read/);
    expect(await stage.show()).toBe(shown);
    expect(await production(`mariadb --skip-column-names wiki -e 'SELECT COUNT(*) > 0
      FROM revision WHERE rev_comment_id > 0; SHOW TABLES LIKE "block_target"'`))
      .toBe('1\nblock_target');
    await production('mariadb wiki -e "UPDATE watchlist SET wl_notificationtimestamp = NULL"');
    await stage.edit('Buoys', 'Red to port.');
    await expect.poll(() => stage.mails(), patient).toBe(3);
  });
});
