import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/report/findings.ts';
import { createGuestbookStage, type GuestbookStage } from '../hosts/rehearsal/guestbook.ts';
import { installBoth } from '../hosts/rehearsal/stage.ts';
import { createLab, type Lab } from '../hosts/lab.ts';
import { describeEnd, startTool, type Ended } from '../hosts/transactions/tool.ts';

/** Two hosts that are ready, for an ordinary login; each test breaks one thing and mends it. */
let lab: Lab;
let stage: GuestbookStage;

beforeAll(async () => {
  lab = await createLab();
  stage = await createGuestbookStage(lab, 'deploy');
  await installBoth(stage, 'deploy');
});

afterAll(async () => {
  await stage?.down();
  await lab?.down();
});

interface Looked {
  readonly ended: Ended;
  readonly ready: boolean;
  readonly findings: readonly Finding[];
  /** `fail production clock: …`, of all that is not right. */
  readonly wrong: readonly string[];
}

async function doctor(...words: readonly string[]): Promise<Looked> {
  const ended = await stage.run(['doctor', ...words]);
  const told = JSON.parse(ended.stdout) as Pick<Looked, 'ready' | 'findings'>;
  expect(ended.status, describeEnd(ended)).toBe(told.ready ? 0 : 11);
  return { ...told, ended, wrong: told.findings.filter((it) => it.state !== 'ok').map((it) =>
    `${it.state} ${it.area.split(' (')[0] ?? ''} ${it.what}: ${it.message}`) };
}

const failures = (looked: Looked): readonly string[] =>
  looked.wrong.filter((it) => it.startsWith('fail'));

const on = (name: 'production' | 'staging', command: string): Promise<string> =>
  stage.output(stage[name], command);

describe('doctor', () => {
  it('finds two hosts ready, and looks at one where one is named', async () => {
    const looked = await doctor();
    expect(failures(looked)).toEqual([]);
    const areas = new Set(looked.findings.map((it) => it.area.split(' ')[0]));
    expect([...areas]).toEqual(['this', 'configuration', 'production', 'staging', 'both']);
    const asked = looked.findings.filter((it) => it.what === 'sudo');
    expect(asked.map((it) => it.message)).toEqual([
      'allows all 7 commands, asked for one by one',
      'allows all 13 commands, asked for one by one']);
    const one = await doctor('--host', 'staging');
    expect(one.findings.some((it) => it.area.startsWith('production'))).toBe(false);
    expect(one.findings.some((it) => it.area.startsWith('staging'))).toBe(true);
  });

  it('prints a table for people', async () => {
    const ended = await startTool(['doctor', '--config', stage.config(), '--identity',
      stage.production.identityFile, '--host', 'production']).ended;
    expect(ended.status, describeEnd(ended)).toBe(0);
    expect(ended.stdout).toMatch(/^production \(deploy@.*\)\n {2}ok {7}host key is the one in/m);
    expect(ended.stdout).toMatch(/\n\d+ ok, \d+ warnings, 0 unseen, 0 failed\n$/);
  });

  it('finds another host key, and a port that nobody answers, at once', async () => {
    const config = stage.config((settings) => {
      settings['hosts'] = { ...settings['hosts'] as object, 'known-hosts': 'wrong_hosts',
        staging: `deploy@${stage.staging.address}:2` };
    });
    const known = readFileSync(join(dirname(config), 'known_hosts'), 'utf8');
    writeFileSync(join(dirname(config), 'wrong_hosts'),
      `${stage.production.address} ${stage.staging.hostKey}\n${
        known.replaceAll(stage.staging.address, `[${stage.staging.address}]:2`)}`
        .replace(stage.production.hostKey, stage.staging.hostKey));
    const looked = await doctor('--config', config);
    expect(failures(looked)).toEqual([
      expect.stringMatching(/production connection: the key of .* is not the one in/),
      expect.stringMatching(/staging connection: no connection .*Connection refused/)]);
    expect(looked.wrong).toContain('unseen both hosts parity: one of them could not be looked at');
  });

  it('finds a host that no file knows, and says how to know it', async () => {
    const config = stage.config((settings) => {
      settings['hosts'] = { ...settings['hosts'] as object, 'known-hosts': 'other_hosts' };
    });
    writeFileSync(join(dirname(config), 'other_hosts'), `www ${stage.production.hostKey}\n`);
    const looked = await doctor('--config', config, '--host', 'production');
    const key = looked.findings.find((it) => it.what === 'host key');
    expect(key?.fix).toContain(`echo "${stage.production.address} $(cut -d' ' -f1,2 /etc/ssh/`);
    expect(failures(looked)).toHaveLength(1);
  });

  it('finds the one line that sudo lacks, and prints it', async () => {
    const file = '/etc/sudoers.d/seatrial-guestbook';
    await on('production', `cp ${file} /opt/sudoers &&
      sed -i '/reset-failed -- guestbook-worker/d' ${file}`);
    const looked = await doctor();
    await on('production', `cp /opt/sudoers ${file}`);
    expect(failures(looked)).toEqual([expect.stringContaining('fail production sudo: does not ' +
      'allow 1 of 7 commands: systemctl reset-failed -- guestbook-worker.service')]);
    expect(looked.ended.stderr).toContain('deploy ALL=(root) NOPASSWD: /usr/bin/systemctl ' +
      'reset-failed -- guestbook-worker.service');
  });

  it('finds a clock that was stepped', async () => {
    await stage.staging.writeFile('/usr/local/bin/date',
      '#!/bin/sh\nexec /usr/bin/date --date="+5 min" "$@"\n', { mode: '755' });
    const looked = await doctor();
    await on('staging', 'rm /usr/local/bin/date');
    expect(failures(looked)).toEqual([
      expect.stringMatching(/staging clock: (?:4m5\d|5m0\d)s ahead of this machine's/)]);
    expect(looked.wrong.some((it) => it.includes('clocks: are'))).toBe(true);
  });

  it('finds a full disk', async () => {
    const uploads = '/srv/guestbook/shared/data/uploads';
    await on('production', `install -d -o deploy -g deploy ${uploads}`);
    await stage.production.fill(2_000_000);
    const looked = await doctor('--host', 'production');
    await stage.production.unfill();
    await on('production', `rmdir ${uploads}`);
    expect(failures(looked).join('\n')).toMatch(/production space: no space: .* MB free/);
  });

  it('finds a unit that could be started behind its back, and a gate that stayed closed',
    async () => {
      const file = '/etc/systemd/system/guestbook.service.d/50-seatrial.conf';
      await on('production', `mv ${file} /opt/guard && systemctl daemon-reload
        ln -sfn nowhere ${stage.records}/gate`);
      const looked = await doctor('--host', 'production');
      await on('production', `mv /opt/guard ${file} && systemctl daemon-reload
        ln -sfn . ${stage.records}/gate`);
      expect(failures(looked)).toEqual([
        expect.stringContaining('services: guestbook.service could be started by hand'),
        expect.stringContaining('gate: is closed, though no transaction is unfinished')]);
    });

  it('warns without a boot unit, and of what an earlier try has left', async () => {
    await on('production', `systemctl -q disable seatrial-guestbook
      install -d -o deploy ${stage.records}/failed ${stage.records}/failed/20260101T000000Z-a`);
    const looked = await doctor('--host', 'production');
    await on('production', `systemctl -q enable seatrial-guestbook
      rm -r ${stage.records}/failed`);
    expect(failures(looked)).toEqual([]);
    expect(looked.wrong).toContain('warning production boot unit: not installed ' +
      '(seatrial doctor --install)');
    expect(looked.findings.find((it) => it.what === 'failed bundles')?.message)
      .toMatch(/^1 in .*failed: /);
  });

  it('finds staging unable to cut the copy off, and records that are another\'s', async () => {
    await on('staging', `mv /usr/local/sbin/seatrial-isolation-guestbook /opt/isolation
      chown root ${stage.records}`);
    const looked = await doctor('--host', 'staging');
    await on('staging', `mv /opt/isolation /usr/local/sbin/seatrial-isolation-guestbook
      chown deploy ${stage.records}`);
    expect(failures(looked).join('\n')).toMatch(/records: .* cannot be written by deploy/);
    expect(failures(looked).join('\n')).toMatch(/isolation: staging has no .* only root can/);
  });

  it('tells a transaction that died, and one machine for both', async () => {
    await on('production', `echo 20260101T000000Z-aaaaaa >${stage.records}/unfinished
      chown deploy ${stage.records}/unfinished`);
    const config = stage.config((settings) => {
      settings['hosts'] = { production: `deploy@${stage.production.address}`,
        staging: `root@${stage.production.address}`, 'known-hosts': 'known_hosts' };
    });
    const looked = await doctor('--config', config);
    await on('production', `rm ${stage.records}/unfinished`);
    expect(failures(looked).join('\n')).toMatch(/production transaction: 2026.* died/);
    expect(failures(looked)).toContain('fail both hosts machines: staging is the same machine ' +
      'as production');
  });

  it('finds differences that would refuse a rehearsal', async () => {
    await on('staging', 'echo port=2 >/etc/guestbook.conf');
    const config = stage.config((settings) => {
      settings['parity'] = { files: ['/etc/guestbook.conf'], fail: ['configuration'] };
    });
    const looked = await doctor('--config', config);
    await on('staging', 'echo port=1 >/etc/guestbook.conf');
    expect(failures(looked)).toEqual([
      expect.stringMatching(/parity: would refuse a rehearsal: .*guestbook\.conf/)]);
  });

  it('finds what init left open, and what is wrong, without a host', async () => {
    const config = stage.config();
    writeFileSync(config, `${readFileSync(config, 'utf8')}# fill in: the rest\n# guess: a\n`);
    const looked = await doctor('--config', config);
    expect(failures(looked)).toEqual([expect.stringMatching(/is not filled in yet: line \d+$/)]);
    writeFileSync(config, 'application: guestbook\n');
    const broken = await doctor('--config', config);
    expect(failures(broken).length).toBeGreaterThan(4);
    expect(broken.findings.some((it) => it.area.startsWith('production'))).toBe(false);
  });
});
