import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { shared, units } from './systemd-server.ts';
import { createSystemdStage, install, quiet, records, type SystemdStage }
  from './systemd-stage.ts';
import { describeEnd } from './tool.ts';

/**
 * An ordinary user deploys, on a host that was installed by hand. Each test begins where the one
 * before it ended.
 */
describe('an ordinary user', () => {
  let lab: Lab;
  let stage: SystemdStage;
  const releases: Record<string, string> = {};

  beforeAll(async () => {
    lab = await createLab();
    stage = await createSystemdStage(lab, { name: 'server', login: 'deploy' });
    for (const version of ['1.0.0', '2.0.0', '2.1.0']) {
      const code = version === '1.0.0' ? '1.0.0' : '2.0.0';
      releases[version] = await stage.release({ version, code });
    }
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  const deploy = (version: string): ReturnType<SystemdStage['run']> =>
    stage.run(['deploy', '--release', releases[version] ?? '']);

  it('is told at once all that it may not do', async () => {
    const refused = await deploy('1.0.0');
    expect(refused.status, describeEnd(refused)).toBe(11);
    expect(refused.stderr).toContain(`install -d -o deploy ${records}`);
    expect(refused.stderr).toContain('install -d -o deploy /srv/guestbook');
    for (const unit of units) {
      expect(refused.stderr).toContain(`${unit} could be started by hand`);
      expect(refused.stderr).toContain(`deploy may not stop and start ${unit}`);
    }
    expect(refused.stderr).toContain('deploy may not stop guestbook-mail.service');
    expect(refused.stderr).toContain('seatrial doctor --install (it prints what root must run');
  });

  it('has printed what root must run, and is ready when root has run it', async () => {
    const printed = await stage.run(['doctor', '--install']);
    expect(printed.status, describeEnd(printed)).toBe(0);
    expect(printed.stderr).toContain('deploy is not root: run this as root on the host');
    expect((await stage.run(['doctor'])).status).toBe(11);
    await install(stage);
    const looked = await stage.run(['doctor']);
    expect(looked.status, describeEnd(looked)).toBe(0);
    expect(looked.stdout).toContain('"what":"boot unit","state":"ok"');
    expect(await stage.output('visudo -c -q && stat -c "%U %a" /etc/sudoers.d/*'))
      .toBe('root 440');
    const others = ['systemctl stop dbus', 'systemctl start -- guestbook.service dbus.service',
      'systemctl daemon-reload', 'sh -c true'];
    for (const other of others) {
      expect((await stage.host.exec(`sudo -n ${other}`, { user: 'deploy' })).status).not.toBe(0);
    }
  });

  it('does not deploy over what was installed by hand', async () => {
    const made = '/srv/guestbook/releases/by-hand';
    await stage.host.exec('true');
    await stage.output(`install -d -o deploy ${made} && chown deploy /srv/guestbook/releases`);
    await stage.host.writeFile('/opt/unpack', `set -e
      tar -x -z -f - -C ${made} --strip-components=1
      ln -s ${shared}/data ${shared}/run ${made}/ && ln -s ${made} /srv/guestbook/current
      /srv/guestbook/current/bin/guestbook migrate\n`);
    await stage.upload(releases['1.0.0'] ?? '', '/opt/release.tar.gz');
    const set = await stage.host.exec('sh /opt/unpack </opt/release.tar.gz', { user: 'deploy' });
    expect(set.status, set.stderr).toBe(0);
    await stage.output(`systemctl start ${units.join(' ')}; sleep 1`);
    await stage.write('ada');
    const refused = await deploy('2.0.0');
    expect(refused.status, describeEnd(refused)).toBe(11);
    expect(refused.stderr).toMatch(/current is there already[^]*seatrial adopt --version/);
  });

  it('adopts it, without touching it', async () => {
    const before = await stage.see();
    const adopted = await stage.run(['adopt', '--version', '1.0.0']);
    expect(adopted.status, describeEnd(adopted)).toBe(0);
    expect(await stage.see()).toEqual({ ...before, installed: '1.0.0' });
  });

  it('is refused where somebody else deployed between its plan and its start', async () => {
    await stage.host.writeFile('/usr/local/bin/tar', `#!/bin/sh
      if mv /run/lab/late /run/lab/held 2>/dev/null; then
        while [ -e /run/lab/held ]; do sleep 0.1; done
      fi
      exec /usr/bin/tar "$@"\n`, { mode: '755' });
    await stage.output('install -d -m 1777 /run/lab; install -o deploy /dev/null /run/lab/late');
    const late = stage.start(['deploy', '--release', releases['2.1.0'] ?? '']);
    await stage.held();
    const deployed = await deploy('2.0.0');
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    const before = await stage.see();
    expect(before).toMatchObject({ ...quiet(stage, '2.0.0', 1), schema: '2',
      half: expect.stringMatching(/\.part $/) as string });
    await stage.output('rm /run/lab/held');
    const refused = await late.ended;
    expect(refused.status, describeEnd(refused)).toBe(11);
    expect(refused.summary?.reason).toContain('production was deployed since this plan was made');
    expect(await stage.see()).toEqual({ ...before, half: '' });
  });

  it('goes back to what was adopted, with its state', async () => {
    const back = await stage.run(['rollback', '--with-state']);
    expect(back.status, describeEnd(back)).toBe(0);
    expect(await stage.see()).toMatchObject({ ...quiet(stage, '1.0.0', 1), current: 'by',
      schema: '1' });
  });

  describe('without the boot unit', () => {
    it('is warned, and told what mends it', async () => {
      await stage.output('systemctl -q disable seatrial-guestbook && sync -f /');
      const looked = await stage.run(['doctor']);
      expect(looked.stdout).toContain('"what":"boot unit","state":"warning",' +
        '"message":"not installed (seatrial doctor --install)"');
    });

    it('finds users kept out after a power cut, and finishes that first', async () => {
      const before = await stage.see();
      await stage.output('sync -f /');
      await stage.holdAt('done switch');
      const deploying = stage.start(['deploy', '--release', releases['2.0.0'] ?? '']);
      await stage.held();
      expect(deploying.told()).toMatch(/no boot unit: if the host reboots in the window, users/);
      deploying.signal('SIGKILL');
      await stage.host.powerCut();
      await stage.host.boot();
      await stage.output('sleep 3; systemctl start guestbook');
      const out = { app: 'inactive', worker: 'inactive', timer: 'inactive', serves: 'no' };
      expect(await stage.see()).toMatchObject({ ...out, loader: 'inactive', lock: 'free' });
      const status = await stage.run(['status']);
      expect(status.stdout).toContain('"state": "dead"');
      const deployed = await deploy('2.0.0');
      expect(deployed.status, describeEnd(deployed)).toBe(0);
      expect(deployed.stderr).toMatch(/finishing the dead transaction[^]*ended: restored/);
      const { entries, uploads } = before;
      expect(await stage.see()).toMatchObject({ ...quiet(stage, '2.0.0', 1), entries, uploads });
    });

    it('recovers a killed program at once while somebody watches', async () => {
      const before = await stage.see();
      await stage.holdAt('done switch');
      const deploying = stage.start(['deploy', '--release', releases['2.1.0'] ?? '']);
      await stage.held();
      await stage.output(`kill -KILL "$(sed -n 's/^pid.//p' ${records}/lock.owner)"`);
      await stage.letGo();
      const ended = await deploying.ended;
      expect(ended.summary, describeEnd(ended)).toMatchObject({ end: 'restored' });
      expect(await stage.see()).toEqual(before);
    });

    it('is refused where logind ends what it leaves running', async () => {
      await stage.output(`install -d /etc/systemd/logind.conf.d
        printf '[Login]\\nKillUserProcesses=yes\\n' >/etc/systemd/logind.conf.d/test.conf
        systemctl restart systemd-logind; loginctl enable-linger deploy`);
      const refused = await deploy('2.1.0');
      expect(refused.status, describeEnd(refused)).toBe(11);
      expect(refused.stderr).toContain('systemd-logind ends what deploy leaves running at logout');
      expect(refused.stderr).toContain('KillExcludeUsers=root deploy');
      await stage.output(`echo 'KillExcludeUsers=root deploy' >>/etc/systemd/logind.conf.d/test.conf
        systemctl restart systemd-logind`);
      expect((await stage.run(['doctor'])).status).toBe(0);
      await stage.output(`sed -i /Exclude/d /etc/systemd/logind.conf.d/test.conf
        systemctl restart systemd-logind`);
      expect((await stage.run(['doctor'])).status).toBe(11);
    });
  });

  it('is not refused by logind once the boot unit runs what it leaves', async () => {
    await stage.output('systemctl -q enable seatrial-guestbook');
    const deployed = await deploy('2.1.0');
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    expect(await stage.see()).toMatchObject(quiet(stage, '2.1.0', 1));
  });

  it('is told that a boot unit for another login is none for this one', async () => {
    const config = stage.config((settings) => {
      settings['hosts'] = { production: `root@${stage.host.address}`,
        'known-hosts': 'known_hosts' };
    });
    const looked = await stage.run(['doctor', '--config', config]);
    expect(looked.stdout, describeEnd(looked)).toContain('"message":"not installed');
  });
});
