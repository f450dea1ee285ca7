import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command, raw } from '../../src/command/command.ts';
import { openSsh, type SshOptions } from '../../src/host/ssh.ts';
import { Secret } from '../../src/secret.ts';
import { firstNumber } from '../conformance/processes.ts';
import { describeTransport } from '../conformance/transport.ts';
import { startSshd, type Sshd } from '../fakes/sshd.ts';
import { transpile } from '../fakes/transpile.ts';
import {
  folderForEachTest, killSession, optionsFor, processesNaming, until, without,
} from './ssh-lab.ts';

let sshd: Sshd;
beforeAll(async () => { sshd = await startSshd(); });
afterAll(async () => { await sshd.stop(); });
const folder = folderForEachTest();
const options = (more: Partial<SshOptions> = {}) => optionsFor(sshd, folder(), more);

describeTransport('ssh', {
  open: async () => await openSsh(optionsFor(sshd, tmpdir())),
  cut: (pid) => killSession(sshd, pid, 'SIGKILL'),
});

describe('the connection', () => {
  it('is one, also for 50 commands that overlap', async () => {
    const before = sshd.connections();
    const host = await openSsh(options());
    const results = await Promise.all(Array.from({ length: 50 }, async () =>
      await host.run(command('sleep', '0.05'))));
    expect(results.every((it) => it.outcome.kind === 'exited')).toBe(true);
    await host.close();
    expect(sshd.connections() - before).toBe(1);
  });

  it('is never opened again: not for a session that is refused', async () => {
    const strict = await startSshd({ config: ['MaxSessions 1'] });
    const host = await openSsh(optionsFor(strict, folder()));
    const { outcome, stderr } = await host.run(command('true'));
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect(stderr).toContain('Session open refused by peer');
    // Nor was a look-up or a connection of its own tried.
    expect(stderr).not.toMatch(/resolve|connect to/);
    expect(strict.connections()).toBe(1);
    await host.close();
    await strict.stop();
  });

  it('ends within the keep-alive bound where the peer is dead', async () => {
    const host = await openSsh(options());
    const session = host.start(command(raw('echo $$; sleep 64; :', '')));
    const pid = await firstNumber(session.stdout);
    session.stdout.resume();
    const stopped = killSession(sshd, pid, 'SIGSTOP');
    const started = Date.now();
    const { outcome } = await session.done;
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect(outcome.kind === 'unknown' && outcome.why).toMatch(/lost: .*not responding/);
    expect(Date.now() - started).toBeLessThan(6_000);
    expect((await host.run(command('true'))).outcome).toMatchObject({ kind: 'unknown' });
    await host.close();
    for (const it of stopped) process.kill(it, 'SIGKILL');
    process.kill(-pid, 'SIGKILL');
  });

  it('ends with this process, even if that is killed', async () => {
    const lib = join(folder(), 'lib');
    transpile(lib);
    writeFileSync(join(lib, 'holder.js'), [
      "import { openSsh } from './host/ssh.js';",
      `const host = await openSsh(${JSON.stringify(options())});`,
      "const sleeper = host.start({ argv: ['sh', '-c', 'echo $$; exec sleep 65'] });",
      "sleeper.stdout.once('data', (chunk) => console.log(String(chunk)));",
    ].join('\n'));
    const child = spawn(process.execPath, [join(lib, 'holder.js')],
      { stdio: ['ignore', 'pipe', 'inherit'] });
    const sleeper = await firstNumber(child.stdout);
    const running = processesNaming(`${folder()}/seatrial-`);
    child.kill('SIGKILL');
    await until(() => processesNaming(`${folder()}/seatrial-`).length === 0);
    await until(() => !readdirSync(folder()).some((it) => it.startsWith('seatrial-')));
    process.kill(sleeper, 'SIGKILL');
    expect(running.length).toBeGreaterThan(0);
  });

  it('leaves the key in its folder no longer than the login takes', async () => {
    const key = readFileSync(sshd.identityFile, 'utf8').trimEnd().replaceAll('\n', '\r\n');
    const rest = without(options(), 'identityFile');
    const host = await openSsh({ ...rest, identity: new Secret(key) });
    expect((await host.run(command('true'))).outcome).toEqual({ kind: 'exited', status: 0 });
    const [own] = readdirSync(folder());
    expect(readdirSync(join(folder(), own ?? '')).sort()).toEqual(['config', 'socket']);
    expect(execFileSync('stat', ['-c', '%a', join(folder(), own ?? '')]).toString()).toBe('700\n');
    await host.close();
  });

  it('works from a folder whose name is long or odd', async () => {
    for (const name of ['x'.repeat(90), 'a b;$(id)']) {
      const odd = join(folder(), name);
      mkdirSync(odd);
      const host = await openSsh(options({ temporaryDirectory: odd }));
      expect((await host.run(command('true'))).outcome).toEqual({ kind: 'exited', status: 0 });
      await host.close();
    }
  });

  it('shows no secret to execve on either side', async () => {
    const trace = join(folder(), 'trace');
    const tracer = spawn('strace', ['-f', '-qq', '-s', '65536', '-e', 'trace=execve', '-o', trace,
      '-p', `${process.pid}`, '-p', `${sshd.pid}`], { stdio: 'ignore' });
    await sleep(1_000);
    const secret = 'correct-horse-battery';
    const key = readFileSync(sshd.identityFile, 'utf8');
    const rest = without(options(), 'identityFile');
    const host = await openSsh({ ...rest, identity: new Secret(key) });
    const { stdout } = await host.run({ ...command('wc', '-c'), stdin: new Secret(secret) });
    await host.close();
    tracer.kill('SIGTERM');
    await new Promise((resolve) => { tracer.once('exit', resolve); });
    expect(stdout.trim()).toBe(`${secret.length}`);
    const seen = readFileSync(trace, 'utf8');
    expect(seen).toMatch(/execve\(.*"ssh"/);
    expect(seen).toMatch(/execve\(.*"wc", "-c"/);
    expect(seen).not.toContain(secret);
    expect(seen).not.toContain(key.split('\n')[2]);
  });
});
