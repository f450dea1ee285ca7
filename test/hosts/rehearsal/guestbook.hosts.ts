import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { describeEnd, type Ended } from '../transactions/tool.ts';
import { createGuestbookStage, database, type GuestbookStage } from './guestbook.ts';
import { install, told, type Settings } from './stage.ts';

/**
 * An ordinary user rehearses on two hosts with systemd, and deploys by what it was told. Each test
 * begins where the one before it ended; production must be as it was after each rehearsal.
 */
const marker = 'Zwölfeck-7183';
const alias = 'Vieleck-9051';

describe('a rehearsal of the guestbook by an ordinary user', () => {
  let lab: Lab;
  let stage: GuestbookStage;
  let before: Record<string, string>;
  const releases: Record<string, string> = {};

  beforeAll(async () => {
    lab = await createLab();
    stage = await createGuestbookStage(lab, 'deploy');
    for (const [version, code] of [['1.0.0', '1.0.0'], ['2.0.0', '2.0.0'], ['2.0.1', '2.0.0']] as
      const) {
      releases[version] = await stage.release({ version, code });
    }
    await install(stage, 'production', 'deploy');
    const deployed = await stage.run(['deploy', '--release', releases['1.0.0'] ?? '']);
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    for (const name of ['ada', 'grace', marker]) await stage.write(name);
    before = await stage.look();
    await stage.forget();
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  const staging = (command: string) => stage.output(stage.staging, command);
  const production = (command: string) => stage.output(stage.production, command);
  const rehearse = (version: string, words: readonly string[] = []) =>
    stage.rehearse(releases[version] ?? '', words);
  const deploy = (version: string, words: readonly string[] = ['--receipt', stage.receipt]) =>
    stage.run(['deploy', '--release', releases[version] ?? '', ...words]);

  /** Nobody can start the copy, and production heard and lost nothing. */
  const afterwards = async (): Promise<void> => {
    await stage.staging.exec('systemctl start guestbook guestbook-worker');
    expect((await stage.staging.exec('systemctl is-active guestbook guestbook-worker')).stdout)
      .toBe('inactive\ninactive\n');
    expect(await stage.look()).toEqual(before);
    expect(await stage.heard()).toBe('');
  };

  it('is refused where staging was not prepared, and told how', async () => {
    const { ended } = await rehearse('2.0.0');
    expect(ended.status, describeEnd(ended)).toBe(11);
    expect(ended.stderr).toContain('seatrial doctor --install --host staging');
    expect(await stage.look()).toEqual(before);
    await install(stage, 'staging', 'deploy');
  });

  it('is refused before anything starts where the isolation does not hold', async () => {
    // The rules are for nobody, by a tool that drops what it is given.
    await staging('mv /usr/sbin/nft /usr/sbin/nft.whole');
    await stage.staging.writeFile('/usr/sbin/nft', `#!/bin/sh
      [ "$1" = -f ] || exec nft.whole "$@"
      sed -E '/^chain (early|late)/,/^}/d' | exec nft.whole -f -\n`, { mode: '755' });
    const { ended } = await rehearse('2.0.0');
    await staging('mv /usr/sbin/nft.whole /usr/sbin/nft');
    expect(ended.status, describeEnd(ended)).toBe(11);
    expect(ended.stderr).toMatch(/is not refused by the rules|our rules count/);
    expect(ended.stderr).not.toContain('copying production');
    await afterwards();
  });

  it('passes with a good release, and leaves production as it was', async () => {
    const found = told(await rehearse('2.0.0'));
    expect(found).toMatchObject({ verdict: 'passed', reasons: [], outside: [],
      secondStart: { verdict: 'pass' }, migrateTwice: { verdict: 'pass' },
      // Its schema is another, and the old code says so.
      oldCode: { verdict: 'fail' }, undo: { equal: true, differences: [] } });
    expect(found.differences.map((it) => [it.object, it.kind])).toEqual([
      ['entries.mood', 'added'], ['tags', 'added']]);
    expect(found.data).toMatchObject([
      { name: 'guestbook.sqlite', reused: false, masked: false },
      { name: 'uploads', reused: false, masked: false }]);
    expect(found.checks.filter((it) => it.when === 'new' && it.verdict !== 'pass')).toEqual([]);
    expect(found.isolation.proven).toContain(`tcp ${stage.production.address} 25`);
    await afterwards();
  });

  it('let the copy call, and nobody heard it', async () => {
    const log = '/srv/guestbook/shared/run/guestbook.log';
    const calls = `grep -o 'calling [0-9]*: [a-zA-Z]*' ${log} | sort -u`;
    // Production's own were heard, when it began: so can be seen what is not heard.
    expect(await production(calls)).toContain('reached');
    expect(await staging(calls)).toMatch(/^calling 25: E[A-Z]+\ncalling 8099: E[A-Z]+$/);
  });

  describe('its receipt', () => {
    const refused = (ended: Ended, sentence: RegExp): void => {
      expect(ended.status, describeEnd(ended)).toBe(11);
      expect(ended.stderr).toMatch(sentence);
    };
    const configured = (edit: (settings: Settings) => void) => ['--receipt', stage.receipt,
      '--config', stage.config(edit)];

    it('is asked for', async () => {
      refused(await deploy('2.0.0', []), /2\.0\.0 was not rehearsed on a copy of production/);
    });

    it('is not for another tarball', async () => {
      refused(await deploy('2.0.1'), /the receipt is for another tarball: guestbook-2\.0\.0/);
    });

    it('is not for another configuration', async () => {
      refused(await deploy('2.0.0', configured((it) => { it['keep'] = { releases: 7 }; })),
        /the configuration changed since the rehearsal/);
    });

    it('is not for another machine', async () => {
      refused(await deploy('2.0.0', configured((it) => {
        it['hosts'] = { ...it['hosts'] as object, production: `deploy@${stage.staging.address}`,
          staging: `deploy@${stage.production.address}` };
      })), /the rehearsal was for another machine: production .*, and this is staging/);
    });

    it('does not count for ever', async () => {
      refused(await deploy('2.0.0', configured((it) => { it['receipt'] = { expires: '1s' }; })),
        /the rehearsal is too old: it ended \d+ (second|minute)s? ago, and 1 second/);
    });

    it('does not count where it was changed', async () => {
      const changed = `${stage.receipt}.changed`;
      writeFileSync(changed,
        readFileSync(stage.receipt, 'utf8').replace(/("startedAt": ?")\d{4}/,
        (_, head: string) => `${head}2025`));
      refused(await deploy('2.0.0', ['--receipt', changed]),
        /the receipt was changed since rehearse wrote it/);
    });

    it('does not count where production has another package or setting since', async () => {
      await production(`cp -p /var/lib/dpkg/status /opt/status
        sed -i '/^Package: openssl$/,/^$/s/^Version: .*/Version: 9.9.9-1/' /var/lib/dpkg/status
        echo port=2 >/etc/guestbook.conf`);
      const ended = await deploy('2.0.0');
      await production(`cp -p /opt/status /var/lib/dpkg/status; echo port=1 >/etc/guestbook.conf`);
      refused(ended, /moved apart since the rehearsal: openssl: \S+ -> 9\.9\.9-1/);
      refused(ended, /moved apart since the rehearsal: \/etc\/guestbook\.conf/);
    });

    it('lets through what was rehearsed, and the record says so', async () => {
      const deployed = await deploy('2.0.0');
      expect(deployed.status, describeEnd(deployed)).toBe(0);
      const record = await production(`cat ${stage.records}/installed.json`);
      expect(JSON.parse(record)).toMatchObject({ version: '2.0.0', rehearsal: 'rehearsed' });
    });

    it('ends with that', async () => {
      refused(await deploy('2.0.1'), /production was deployed since the rehearsal: it ran 1\.0\.0/);
    });

    it('is not asked for where a person says why, and the record says that', async () => {
      const deployed = await deploy('2.0.1', ['--accept-unrehearsed', 'it burns']);
      expect(deployed.status, describeEnd(deployed)).toBe(0);
      const record = await production(`cat ${stage.records}/installed.json`);
      expect(JSON.parse(record)).toMatchObject({ version: '2.0.1',
        rehearsal: 'accepted unrehearsed: it burns' });
      await stage.forget();
      before = await stage.look();
    });
  });

  // Production runs 2.0.1 by now, so that nothing is rehearsed but on request.
  describe('masked', () => {
    const masks = (sql: string): string => stage.config((it) => {
      it['mask'] = [{ state: 'guestbook.sqlite', sql: 'mask.sql' },
        { state: 'uploads', run: `find {copy} -name '*Zw*' -delete` }];
      it['staging'] = { overlay: 'overlay' };
    }, { 'mask.sql': sql, 'overlay/srv/guestbook/shared/run/settings': 'of staging\n' });

    it('is not made where production runs the release already', async () => {
      const { ended } = await rehearse('2.0.1');
      expect(ended.status, describeEnd(ended)).toBe(0);
      expect(ended.summary).toMatchObject({ end: 'unchanged' });
      expect(ended.stderr).not.toContain('copying production');
      await afterwards();
    });

    it('is refused where the mask fails, and nothing unmasked is left to be used', async () => {
      const { ended } = await rehearse('2.0.1',
        ['--fresh', '--config', masks('update nowhere set a = 1;')]);
      expect(ended.status, describeEnd(ended)).toBe(11);
      expect(ended.stderr).toMatch(/nowhere/);
      expect(await staging(`find / -xdev -name '*pristine*' -path '*guestbook.sqlite*'`)).toBe('');
      await afterwards();
    });

    it('was masked before anything started, and has the settings of staging', async () => {
      const sql = `create trigger seen after insert on entries begin select 1; end;
        update entries set name = '${alias}', message = 'something', upload = null;
        drop trigger seen;`;
      const found = told(await rehearse('2.0.1', ['--fresh', '--config', masks(sql)]));
      expect(found).toMatchObject({ verdict: 'passed', data: [
        { name: 'guestbook.sqlite', masked: true }, { name: 'uploads', masked: true }] });
      expect(await staging(`sqlite3 ${database} 'select distinct name from entries'`))
        .toBe(alias);
      expect(await staging('cat /srv/guestbook/shared/run/settings')).toBe('of staging');
      await afterwards();
    });

    it('is gone when it is forgotten, with all that came from production', async () => {
      const forgotten = await stage.run(['rehearse', '--forget']);
      expect(forgotten.status, describeEnd(forgotten)).toBe(0);
      await stage.staging.writeFile('/opt/marker', `${marker}\n${alias}\n`);
      expect(await staging(`grep -r -l -a -F -f /opt/marker /srv /var /home /tmp /root /etc \
        2>/dev/null || true`)).toBe('');
      await afterwards();
    });
  });
});
