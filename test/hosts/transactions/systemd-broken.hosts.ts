import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { createSystemdStage, inUse, records, type Seen, type SystemdStage }
  from './systemd-stage.ts';
import { describeEnd, type Ended } from './tool.ts';

/** Units that misbehave, under release 1 in use: each test leaves the host as it found it. */
const server = readFileSync(resolve(import.meta.dirname,
  '../../../examples/guestbook/app/server.mjs'), 'utf8');

describe('a unit', () => {
  let lab: Lab;
  let stage: SystemdStage;
  let before: Seen;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createSystemdStage(lab, { name: 'server', login: 'root' });
    await inUse(stage);
    before = await stage.see();
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  const dropIn = '/etc/systemd/system/guestbook.service.d/10-test.conf';

  async function setService(...lines: string[]): Promise<void> {
    await stage.host.writeFile(dropIn, `[Service]\n${lines.join('\n')}\n`);
    await stage.output('systemctl daemon-reload');
  }

  async function forget(): Promise<void> {
    await stage.output(`rm -f ${dropIn} && systemctl daemon-reload`);
  }

  async function deploy(version: string, main: string): Promise<Ended> {
    const release = await stage.release({ version, code: '2.0.0', files: { 'server.mjs': main } });
    return stage.run(['deploy', '--release', release, '--config', stage.config((settings) => {
      settings['observe'] = { passes: 4, every: '1s', within: '6s' };
    })]);
  }

  async function expectRestored(ended: Ended, reason: RegExp): Promise<void> {
    expect(ended.status, describeEnd(ended)).toBe(10);
    expect(ended.summary).toMatchObject({ end: 'restored', serving: '1.0.0' });
    expect(ended.summary?.reason).toMatch(reason);
    expect(await stage.see()).toEqual(before);
  }

  it('that had to be killed as it stopped may not have saved its state: it goes back', async () => {
    await setService('KillSignal=SIGCONT', 'TimeoutStopSec=1');
    try {
      await expectRestored(await deploy('2.0.1', server),
        /guestbook\.service did not stop by itself and was killed: its state may not be saved/);
    } finally {
      await forget();
    }
  });

  it('that falls over two seconds after its start is found, and not started again', async () => {
    await setService('RestartSec=100ms', 'Restart=on-failure');
    try {
      const falls = `${server}setTimeout(() => process.exit(3), 2000);`;
      await expectRestored(await deploy('2.0.2', falls),
        /guestbook\.service: it is (inactive|failed)/);
      // The gate was closed: systemd did not get it up again behind our back.
      expect(await stage.output(`journalctl -q -o cat -u guestbook.service |
        grep -c 'was skipped because'`)).toMatch(/^[1-9]/);
    } finally {
      await forget();
    }
  });

  it('that is active and never listens is found', async () => {
    await expectRestored(await deploy('2.0.3',
      "setInterval(() => {}, 1000);\nprocess.once('SIGTERM', () => process.exit(0));\n"),
    /\/health: nobody listens/);
  });

  it('that does not start at all is found', async () => {
    await setService('ExecStartPre=/bin/grep -q -v 2.0.4 /srv/guestbook/current/package.json');
    try {
      await expectRestored(await deploy('2.0.4', server), /guestbook\.service did not start/);
    } finally {
      await forget();
    }
  });

  it('of a first release that fails leaves nothing installed, and nothing runs', async () => {
    await stage.output(`systemctl -q stop guestbook guestbook-worker guestbook-mail.timer
      rm -rf /srv/guestbook/releases /srv/guestbook/current /srv/guestbook/shared/data/* ${records}
      install -d ${records}; ln -s . ${records}/gate`);
    const ended = await deploy('2.0.5', 'process.exit(3);');
    expect(ended.status, describeEnd(ended)).toBe(10);
    expect(await stage.see()).toMatchObject({ serves: 'no', private: 'no', current: '', gate: '.',
      installed: '', unfinished: '', schema: 'none', app: 'inactive', timer: 'inactive' });
  });
});
