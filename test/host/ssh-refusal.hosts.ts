import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { command } from '../../src/command/command.ts';
import { openSsh, type SshOptions } from '../../src/host/ssh.ts';
import { startSshd, type Sshd } from '../fakes/sshd.ts';
import { folderForEachTest, hostKeyOf, optionsFor, refusalOf, without } from './ssh-lab.ts';

let sshd: Sshd;
beforeAll(async () => { sshd = await startSshd(); });
afterAll(async () => { await sshd.stop(); });
const folder = folderForEachTest();
const options = (more: Partial<SshOptions> = {}) => optionsFor(sshd, folder(), more);

describe('a refusal', () => {
  it('names every file that is missing, at once', async () => {
    const error = await refusalOf(options({
      destination: '-oProxyCommand=x', knownHostsFile: '/no/known', identityFile: '/no/key' }));
    expect(error.problems.map((it) => it.message)).toEqual([
      "'-oProxyCommand=x' is no address of a host",
      'known-hosts file /no/known does not exist',
      'key file /no/key does not exist',
    ]);
  });

  it('asks for a known-hosts file that is not empty', async () => {
    const knownHostsFile = join(folder(), 'known');
    writeFileSync(knownHostsFile, '# none yet\n\n');
    const { message } = await refusalOf(options({ knownHostsFile }));
    expect(message).toContain(`${knownHostsFile} is empty`);
    expect(message).toContain('ssh-keyscan 127.0.0.1');
  });

  it('names a key that is not known, and its fingerprint', async () => {
    const knownHostsFile = join(folder(), 'known');
    writeFileSync(knownHostsFile, `other.example.org ${hostKeyOf(sshd)}\n`);
    const { message } = await refusalOf(options({ knownHostsFile }));
    expect(message).toContain(`the key of 127.0.0.1 port ${sshd.port} is not in ${knownHostsFile}`);
    expect(message).toContain(sshd.fingerprint);
    expect(message).toContain(`ssh-keyscan -p ${sshd.port} 127.0.0.1`);
  });

  it('names both fingerprints of a key that changed', async () => {
    const other = await startSshd();
    const knownHostsFile = join(folder(), 'known');
    writeFileSync(knownHostsFile, `# ours\n[127.0.0.1]:${sshd.port} ${hostKeyOf(other)}\n`);
    const { message } = await refusalOf(options({ knownHostsFile }));
    await other.stop();
    expect(message).toContain(`${knownHostsFile} line 2 (ssh-ed25519 ${other.fingerprint})`);
    expect(message).toContain(sshd.fingerprint);
    expect(message).toContain('Stop, unless');
  });

  it.each<[string, Partial<SshOptions>, RegExp]>([
    ['a wrong user', { destination: 'nobody-here@127.0.0.1' },
      /nobody-here@127\.0\.0\.1: Permission denied[^]*authorized_keys/],
    ['a wrong port', { port: 1 }, /Connection refused[^]*sshd runs/],
    ['an unknown host', { destination: 'root@no-such-host.invalid' },
      /Could not resolve hostname no-such-host\.invalid[^]*spelling/],
  ])('quotes ssh on %s', async (_, more, message) => {
    expect((await refusalOf(options(more))).message).toMatch(message);
  });

  it('comes within the time limit from a host that is silent', async () => {
    const stopped = await startSshd();
    process.kill(stopped.pid, 'SIGSTOP');
    const started = Date.now();
    const { message } = await refusalOf(optionsFor(stopped, folder(), { connectTimeoutMs: 1_000 }));
    expect(message).toMatch(/timed out/i);
    expect(Date.now() - started).toBeLessThan(5_000);
    process.kill(stopped.pid, 'SIGCONT');
    await stopped.stop();
  });

  it('tells an account without a shell', async () => {
    const server = await startSshd({ config: ['ForceCommand /usr/sbin/nologin'] });
    const { message } = await refusalOf(optionsFor(server, folder()));
    expect(message).toContain(`no connection to ${server.user}@127.0.0.1`);
    await server.stop();
  });
});

describe('through a jump host', () => {
  let jump: Sshd;
  let config: string;
  let known: string;
  beforeAll(async () => { jump = await startSshd(); });
  afterAll(async () => { await jump.stop(); });
  beforeEach(() => {
    config = join(folder(), 'ssh_config');
    known = join(folder(), 'known');
    // A person's loose settings must not reach either hop.
    writeFileSync(config, ['Host *', '  StrictHostKeyChecking no', '  ForwardAgent yes',
      '  SendEnv LANG', 'Host jump', '  HostName 127.0.0.1', `  Port ${jump.port}`,
      `  User ${jump.user}`, `  IdentityFile ${jump.identityFile}`,
      'Host target', '  HostName 127.0.0.1', `  Port ${sshd.port}`, `  User ${sshd.user}`,
      '  ProxyJump jump', ''].join('\n'));
  });

  const target = (): SshOptions => ({
    ...without(options(), 'port'), destination: 'target',
    sshConfigFile: config, knownHostsFile: known,
  });
  const both = (): string => [jump, sshd].map((it) => readFileSync(it.knownHostsFile)).join('');

  it('connects where both keys are known, with the key of each hop', async () => {
    writeFileSync(known, both());
    const before = [jump.connections(), sshd.connections()];
    const host = await openSsh(target());
    expect(await host.run(command('echo', 'through'))).toMatchObject({ stdout: 'through\n' });
    await host.close();
    expect([jump.connections(), sshd.connections()]).toEqual(before.map((it) => it + 1));
  });

  it('refuses where the key of the jump host is not known', async () => {
    writeFileSync(known, readFileSync(sshd.knownHostsFile));
    const { message } = await refusalOf(target());
    expect(message).toContain(`the key of 127.0.0.1 port ${jump.port} is not in ${known}`);
    expect(message).toContain(jump.fingerprint);
  });

  it('refuses where the key of the destination is not known', async () => {
    writeFileSync(known, readFileSync(jump.knownHostsFile));
    const { message } = await refusalOf(target());
    expect(message).toContain(`the key of 127.0.0.1 port ${sshd.port} is not in ${known}`);
  });

  it('says which hop refused the login', async () => {
    writeFileSync(known, both());
    const text = readFileSync(config, 'utf8').replace(`User ${jump.user}`, 'User nobody-here');
    writeFileSync(config, text);
    const { message } = await refusalOf(target());
    expect(message).toMatch(/nobody-here@127\.0\.0\.1: Permission denied/);
  });
});
