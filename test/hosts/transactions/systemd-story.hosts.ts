import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { shared, units } from './systemd-server.ts';
import { createSystemdStage, quiet, records, type SystemdStage } from './systemd-stage.ts';
import { describeEnd } from './tool.ts';

/**
 * The guestbook on a server with systemd, from the bare host on, with root as the login. Each test
 * begins where the one before it ended.
 */
describe('the guestbook under systemd', () => {
  let lab: Lab;
  let stage: SystemdStage;
  const releases: Record<string, string> = {};

  beforeAll(async () => {
    lab = await createLab();
    stage = await createSystemdStage(lab, { name: 'server', login: 'root' });
    for (const code of ['1.0.0', '2.0.0', '3.0.0'] as const) {
      releases[code] = await stage.release({ version: code, code });
    }
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  const deploy = (version: string): ReturnType<SystemdStage['run']> =>
    stage.run(['deploy', '--release', releases[version] ?? '']);

  it('is not ready before it was prepared, and all that is missing is named at once', async () => {
    const looked = await stage.run(['doctor']);
    expect(looked.status, describeEnd(looked)).toBe(11);
    for (const unit of [...units, 'guestbook-mail.service']) {
      expect(looked.stderr).toContain(`${unit} could be started by hand`);
    }
    expect(looked.stderr).toContain('seatrial doctor --install');
    const refused = await deploy('1.0.0');
    expect(refused.status, describeEnd(refused)).toBe(11);
    expect(await stage.output(`ls /srv/guestbook; ls -d ${records} 2>/dev/null || true`))
      .toBe('shared');
  });

  it('is prepared by doctor --install, twice if one likes, and is ready then', async () => {
    for (const time of ['first', 'second']) {
      const installed = await stage.run(['doctor', '--install']);
      expect(installed.status, `${time}: ${describeEnd(installed)}`).toBe(0);
    }
    const looked = await stage.run(['doctor']);
    expect(looked.status, describeEnd(looked)).toBe(0);
    expect(looked.stdout).toMatch(/"ready":true[^]*"what":"boot unit","state":"ok"/);
    expect(await stage.output('systemctl is-enabled seatrial-guestbook')).toBe('enabled');
    expect(await stage.output('stat -c "%U %a" /etc/systemd/system/seatrial-guestbook.service'))
      .toBe('root 644');
  });

  it('is not ready while a condition that stands in a file is not in force', async () => {
    const file = '/etc/systemd/system/guestbook.service.d/50-seatrial.conf';
    await stage.output(`mv ${file} /opt/aside && systemctl daemon-reload && mv /opt/aside ${file}`);
    const looked = await stage.run(['doctor']);
    expect(looked.status, describeEnd(looked)).toBe(11);
    expect(looked.stderr).toContain('guestbook.service could be started by hand');
    await stage.output('systemctl daemon-reload');
    expect((await stage.run(['doctor'])).status).toBe(0);
  });

  it('gets its first release', async () => {
    const deployed = await deploy('1.0.0');
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    expect(deployed.summary).toMatchObject({ end: 'done', serving: '1.0.0' });
    expect(await stage.see()).toMatchObject(quiet(stage, '1.0.0', 0));
  });

  it('goes to release 2 with its entries and uploads, each unit at the public port', async () => {
    for (const name of ['ada', 'grace', 'edsger']) await stage.write(name);
    const before = await stage.see();
    const deployed = await deploy('2.0.0');
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    const { entries, uploads } = before;
    expect(await stage.see()).toMatchObject({ ...quiet(stage, '2.0.0', 3), schema: '2', entries,
      uploads });
    // While it was tried it ran at the private port; the worker too.
    expect(await stage.output(`tail -n 3 ${shared}/run/worker.log`)).toBe('8080\n18080\n8080');
  });

  it('is left alone by the same release', async () => {
    const before = await stage.see();
    const again = await deploy('2.0.0');
    expect(again.summary, describeEnd(again)).toMatchObject({ end: 'unchanged' });
    expect(await stage.see()).toEqual(before);
  });

  it('comes back from release 3, with the same state', async () => {
    await stage.write('barbara');
    const before = await stage.see();
    const deployed = await deploy('3.0.0');
    expect(deployed.status, describeEnd(deployed)).toBe(10);
    expect(deployed.summary).toMatchObject({ end: 'restored', serving: '2.0.0' });
    expect(deployed.summary?.reason).toMatch(/record 1 answered 500/);
    expect(await stage.see()).toEqual(before);
    const bundle = `${records}/failed/${deployed.summary?.run}`;
    expect(await stage.output(`sqlite3 ${bundle}/state-state1 'pragma user_version'`)).toBe('3');
    expect(await stage.output(`ls ${bundle}/release/server.mjs`)).toContain('server.mjs');
  });

  it('fires its timer before and after a window, and never inside one', async () => {
    const mail = `${shared}/run/mail.log`;
    await stage.holdAt('done rescue-1');
    const deploying = stage.start(['deploy', '--release', releases['3.0.0'] ?? '']);
    await stage.held();
    expect(await stage.see()).toMatchObject({ timer: 'inactive', worker: 'inactive',
      app: 'inactive' });
    const fired = await stage.output(`wc -l <${mail}`);
    expect(Number(fired)).toBeGreaterThan(1);
    await stage.output('sleep 2.5; systemctl start guestbook-mail.service guestbook-mail.timer');
    expect(await stage.output(`wc -l <${mail}`)).toBe(fired);
    await stage.letGo();
    const ended = await deploying.ended;
    expect(ended.summary, describeEnd(ended)).toMatchObject({ end: 'restored' });
    await expect.poll(() => stage.output(`wc -l <${mail}`)).not.toBe(fired);
    expect(await stage.see()).toMatchObject(quiet(stage, '2.0.0', 4));
  });

  it('goes back with its state, and forward again', async () => {
    const back = await stage.run(['rollback', '--with-state']);
    expect(back.status, describeEnd(back)).toBe(0);
    expect(back.summary).toMatchObject({ end: 'done', serving: '1.0.0' });
    // One entry was written to release 2.
    expect(await stage.see()).toMatchObject({ ...quiet(stage, '1.0.0', 3), schema: '1' });
    const forward = await deploy('2.0.0');
    expect(forward.status, describeEnd(forward)).toBe(0);
    expect(await stage.see()).toMatchObject({ ...quiet(stage, '2.0.0', 3), schema: '2' });
  });

  it('does not go back with its code only where the old code refuses the new data', async () => {
    const before = await stage.see();
    const back = await stage.run(['rollback', '--code-only']);
    expect(back.status, describeEnd(back)).toBe(10);
    expect(await stage.see()).toEqual(before);
  });

  it('goes back with its code only where the old code reads the data', async () => {
    releases['2.1.0'] = await stage.release({ version: '2.1.0', code: '2.0.0' });
    const deployed = await deploy('2.1.0');
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    await stage.write('alan');
    const back = await stage.run(['rollback', '--code-only']);
    expect(back.status, describeEnd(back)).toBe(0);
    expect(await stage.see()).toMatchObject({ ...quiet(stage, '2.0.0', 4), schema: '2' });
  });

  it('survives a reboot', async () => {
    const { entries, uploads } = await stage.see();
    await stage.host.crash();
    await stage.host.boot();
    await expect.poll(() => stage.see(), { timeout: 60_000 })
      .toMatchObject({ ...quiet(stage, '2.0.0', 4), entries, uploads });
  });
});
