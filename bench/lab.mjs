import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const startMsMax = 10_000;

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** The machine of the bench: an sshd of our own, a relay before it, a home without anything. */
export class Lab {
  folder = mkdtempSync(join(tmpdir(), 'bench-'));
  home = join(this.folder, 'home');
  key = join(this.folder, 'id');
  knownHosts = join(this.folder, 'known_hosts');
  user = userInfo().username;
  /** Port of sshd by the name of the way to it. */
  ports = {};
  #children = [];

  static async open(delayMs) {
    const lab = new Lab();
    try {
      mkdirSync(lab.home);
      lab.ports.loopback = await lab.#startSshd();
      lab.ports.distant = await lab.#startRelay(lab.ports.loopback, delayMs);
      const hostKey = readFileSync(join(lab.folder, 'host.pub'), 'utf8').trim();
      writeFileSync(lab.knownHosts, Object.values(lab.ports)
        .map((port) => `[127.0.0.1]:${port} ${hostKey}\n`).join(''));
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Environment of every tool: nothing of the person's own. */
  get environment() {
    return { PATH: process.env.PATH, HOME: this.home, LC_ALL: 'C.UTF-8', USER: this.user };
  }

  log() {
    return readFileSync(join(this.folder, 'sshd.log'), 'utf8');
  }

  /** Starts a helper of the bench that ends with its standard input; gives its first line. */
  async startHelper(script, ...words) {
    const child = spawn(process.execPath, [join(import.meta.dirname, script), ...words],
      { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    const [chunk] = await once(child.stdout, 'data');
    return { child, line: chunk.toString().trim() };
  }

  async close() {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #startRelay(port, delayMs) {
    return Number((await this.startHelper('relay.mjs', port, delayMs)).line);
  }

  async #startSshd() {
    const { folder, home } = this;
    const port = await freePort();
    for (const name of ['host', 'id']) {
      execFileSync('ssh-keygen',
        ['-q', '-t', 'ed25519', '-N', '', '-C', 'throwaway', '-f', join(folder, name)]);
    }
    // For root sshd wants this folder to exist, even if nobody uses it.
    if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
    writeFileSync(join(folder, 'sshd_config'), [
      `Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${folder}/host`,
      `AuthorizedKeysFile ${folder}/id.pub`, 'StrictModes no', 'UsePAM no', 'PidFile none',
      'PermitRootLogin prohibit-password', 'PasswordAuthentication no',
      'KbdInteractiveAuthentication no', 'LogLevel VERBOSE', 'UseDNS no', 'PrintMotd no',
      'MaxSessions 10', 'Subsystem sftp internal-sftp',
      // A person's shell start-up files would be paid for with every command.
      `SetEnv HOME=${home}`, '',
    ].join('\n'));
    this.#children.push(spawn('/usr/sbin/sshd',
      ['-D', '-f', join(folder, 'sshd_config'), '-E', join(folder, 'sshd.log')],
      { stdio: 'ignore' }));
    await untilListening(port);
    return port;
  }
}

async function untilListening(port) {
  for (const end = Date.now() + startMsMax; Date.now() < end; await sleep(20)) {
    const socket = connect(port, '127.0.0.1');
    const listens = await Promise.race([
      once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (listens) return;
  }
  throw new Error(`sshd does not listen on port ${port}`);
}
