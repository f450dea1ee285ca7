import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, sshOptions } from './lab.ts';
import type { Lab, TestHost } from './lab.ts';
import { runProcess } from './process.ts';

/** The lab's own test: a fault that does not happen would make every test above it worthless. */
const patient = { timeout: 60_000 };
const short = { timeoutMs: 3_000 };

async function output(host: TestHost, command: string): Promise<string> {
  const { status, stdout, stderr } = await host.exec(command);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trim();
}

describe('two hosts', () => {
  let lab: Lab;
  let plain: TestHost;
  let full: TestHost;

  beforeAll(async () => {
    lab = await createLab();
    [plain, full] = await Promise.all([
      lab.host('plain', { init: 'sshd', diskMegabytes: 64 }),
      lab.host('full', { init: 'systemd' }),
    ]);
  });

  afterAll(async () => {
    await lab.down();
  });

  it('let in root and deploy by key, and are told apart by their host keys', async () => {
    expect(await plain.ssh('id -un; hostname')).toMatchObject({ stdout: 'deploy\nplain\n' });
    expect(await full.ssh('id -un; hostname', { user: 'root' }))
      .toMatchObject({ stdout: 'root\nfull\n' });
    const options = sshOptions({ ...plain, knownHostsFile: full.knownHostsFile });
    const wrong = await runProcess('ssh', [...options, `deploy@${plain.address}`, 'true']);
    expect(wrong).toMatchObject({ status: 255 });
    expect(wrong.stderr).toContain('Host key verification failed');
  });

  it('are machines of their own, which see nothing of this one', async () => {
    const outside = spawn('sleep', ['300'], { stdio: 'ignore' });
    try {
      expect(await output(plain, 'cat /proc/1/comm')).toBe('sshd');
      expect(await output(full, 'cat /proc/1/comm')).toBe('systemd');
      const processes = await output(plain, 'ps -e -o args');
      expect(processes.split('\n').length).toBeLessThan(8);
      expect(processes).not.toContain('sleep 300');
      const killed = await plain.exec('kill -KILL -1; kill -KILL 2>/dev/null ' +
        String(outside.pid));
      expect(killed.status).not.toBe(0);
      expect(outside.exitCode ?? outside.signalCode).toBeNull();
      for (const file of ['/etc/machine-id', '/proc/sys/kernel/random/boot_id']) {
        expect(await output(plain, `cat ${file}`)).not.toBe(await output(full, `cat ${file}`));
      }
      await output(plain, 'touch /run/mine /dev/shm/mine /tmp/mine /var/mine');
      expect(['/run/mine', '/dev/shm/mine', '/tmp/mine', '/var/mine'].filter(existsSync))
        .toEqual([]);
      const outsideOnly = `${lab.directory} ${import.meta.dirname} /root/.bashrc`;
      expect(await output(plain, `ls -d ${outsideOnly} 2>/dev/null; true`)).toBe('');
      expect((await plain.exec('ip route get 198.51.100.1')).stderr).toContain('unreachable');
    } finally {
      outside.kill('SIGKILL');
    }
  });

  it('keep what writeFile writes, with mode and owner', async () => {
    const path = "/srv/it's new/file";
    await plain.writeFile(path, 'text\n', { mode: '640', owner: 'deploy:deploy' });
    expect(await plain.readFile(path)).toBe('text\n');
    expect(await output(plain, `stat -c '%a %U %G' "${path}"`)).toBe('640 deploy deploy');
    expect(existsSync(`${await plain.root()}${path}`)).toBe(true);
    expect(await plain.exec('id -un; echo $HOME', { user: 'deploy' }))
      .toMatchObject({ stdout: 'deploy\n/home/deploy\n' });
    await expect(plain.readFile('/absent')).rejects.toThrow('No such file');
  });

  it('count logins and commands', async () => {
    const before = await plain.sshdLog();
    await plain.ssh('true');
    const after = await plain.sshdLog();
    expect(after.connections - before.connections).toBe(1);
    expect(after.commands - before.commands).toBe(1);
  });

  it('vanish when cut, and a session survives a cut that is healed', async () => {
    const knock = `timeout 2 bash -c '</dev/tcp/${plain.address}/22'`;
    expect((await full.exec(knock)).status).toBe(0);
    const session = plain.ssh('sleep 1; echo through');
    await expect.poll(() => output(plain, 'pgrep -xc sleep || true'), patient).toBe('1');
    await plain.cut();
    expect((await plain.ssh('true', short)).status).not.toBe(0);
    expect((await full.exec(knock)).status).not.toBe(0);
    await plain.heal();
    expect(await session).toMatchObject({ status: 0, stdout: 'through\n' });
    expect(await plain.ssh('echo again')).toMatchObject({ stdout: 'again\n' });
  });

  it('hear but do not answer when mute', async () => {
    const input = spawn('ssh', [...sshOptions(plain), `deploy@${plain.address}`,
      'echo ready; read line; echo "$line" >/tmp/heard; echo answered'], { stdio: 'pipe' });
    let heard = '';
    input.stdout.on('data', (chunk: Buffer) => {
      heard += chunk.toString('utf8');
    });
    try {
      await expect.poll(() => heard, patient).toBe('ready\n');
      await plain.mute();
      input.stdin.write('words\n');
      await expect.poll(() => output(plain, 'cat /tmp/heard'), patient).toBe('words');
      expect(heard).toBe('ready\n');
      await plain.unmute();
      await expect.poll(() => heard, patient).toBe('ready\nanswered\n');
    } finally {
      input.kill('SIGKILL');
    }
  });

  it('hang when frozen: the kernel takes the connection, nobody greets', async () => {
    await plain.freeze();
    const greeting = await runProcess('bash', [
      '-c', `exec 3<>/dev/tcp/${plain.address}/22 && echo connected && cat <&3`,
    ], short);
    expect(greeting).toMatchObject({ status: null, stdout: 'connected\n' });
    await plain.thaw();
    expect(await plain.ssh('echo awake')).toMatchObject({ stdout: 'awake\n' });
  });

  it('lose at a power cut what was not flushed, and only that', async () => {
    await output(plain, 'echo kept >/srv/synced && sync /srv/synced /srv');
    const boot = await output(plain, 'cat /proc/sys/kernel/random/boot_id');
    // The kernel is one for all hosts: who flushes all of it (a host that shuts down) in this very
    // moment flushes for this one too. Nobody does so three times.
    let kept = '';
    for (let tries = 1; tries <= 3; tries += 1) {
      await output(plain, `echo lost >/srv/unsynced-${tries}`);
      expect(await plain.isUp()).toBe(true);
      await plain.powerCut();
      expect(await plain.isUp()).toBe(false);
      await expect(plain.powerCut()).rejects.toThrow("host 'plain' is down");
      expect((await plain.exec('true')).stderr).toContain("host 'plain' is down");
      expect((await plain.ssh('true', short)).status).not.toBe(0);
      await plain.boot();
      expect(await output(plain, 'cat /srv/synced')).toBe('kept');
      kept = (await plain.exec(`ls /srv/unsynced-${tries}`)).stdout;
      if (kept === '') break;
    }
    expect(kept).toBe('');
    expect(await output(plain, 'cat /proc/sys/kernel/random/boot_id')).not.toBe(boot);
    expect(await plain.ssh('echo back')).toMatchObject({ stdout: 'back\n' });
  });

  it('keep everything over a crash, and run rc.local at each boot', async () => {
    await plain.writeFile('/etc/rc.local', '#!/bin/sh\ndate +%s%N >>/srv/boots\nsleep 301 &\n',
      { mode: '755' });
    await plain.crash();
    await plain.boot();
    expect(await output(plain, 'wc -l </srv/boots; pgrep -xc sleep')).toBe('1\n1');
  });

  it('run out of space with ENOSPC, and recover', async () => {
    await plain.fill(64 * 1024);
    expect(await output(plain, 'head -c 16384 /dev/zero >/srv/small && sync /srv/small')).toBe('');
    const write = await plain.exec('head -c 262144 /dev/zero >/srv/large');
    expect(write.status).not.toBe(0);
    expect(write.stderr).toContain('No space left on device');
    await plain.unfill();
    await output(plain, 'head -c 262144 /dev/zero >/srv/large && sync /srv/large');
  });

  it('start an enabled unit again after a power cut and after a reboot from inside', async () => {
    await full.writeFile('/etc/systemd/system/beat.service', `[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
`);
    expect((await full.exec('systemctl enable --now beat && sync -f /')).status).toBe(0);
    const first = await output(full, 'systemctl show -p MainPID --value beat');
    expect(Number(first)).toBeGreaterThan(1);
    await full.powerCut();
    await full.boot();
    expect(await output(full, 'systemctl is-active beat; systemctl is-system-running'))
      .toBe('active\nrunning');
    await full.exec('systemctl reboot');
    await expect.poll(() => full.isUp(), patient).toBe(false);
    await full.boot();
    expect(await output(full, 'systemctl is-active beat')).toBe('active');
  });

  it('obey sudo -n systemctl of deploy once sudoers allows it', async () => {
    const refused = await full.ssh('sudo -n systemctl is-active dbus');
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    await full.writeFile('/etc/sudoers.d/deploy',
      'deploy ALL=(root) NOPASSWD: /usr/bin/systemctl\n', { mode: '440' });
    expect(await full.ssh('sudo -n systemctl is-active dbus'))
      .toMatchObject({ stdout: 'active\n' });
    expect(await full.ssh('sudo -n id')).toMatchObject({ status: 1, stdout: '' });
    const run = await full.ssh('sudo -n systemd-run --wait true');
    expect(run.status).not.toBe(0);
    expect((await full.exec('systemd-run --wait true')).status).toBe(0);
  });
});
