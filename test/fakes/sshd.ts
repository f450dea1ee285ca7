import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

/** A private sshd on 127.0.0.1, as the current user, with throwaway keys. */
export interface Sshd {
  readonly port: number;
  readonly user: string;
  /** Of the listener; each connection has a child of it. */
  readonly pid: number;
  /** The private folder; gone after `stop`. */
  readonly folder: string;
  readonly knownHostsFile: string;
  readonly identityFile: string;
  readonly fingerprint: string;
  /** What sshd has logged so far, at level VERBOSE. */
  log(): string;
  /** How many TCP connections sshd has taken so far. */
  connections(): number;
  stop(): Promise<void>;
}

export interface SshdOptions {
  /** Lines for sshd_config, before the fixed ones. */
  readonly config?: readonly string[];
  /** Of an sshd that was here before: as if the host had been set up anew. */
  readonly port?: number;
}

const startMsMax = 10_000;

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'sshd-'));
  const port = options.port ?? await freePort();
  const hostKey = join(folder, 'host');
  const identityFile = join(folder, 'id');
  for (const key of [hostKey, identityFile]) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'throwaway', '-f', key]);
  }
  // For root sshd wants this folder to exist, even if nobody uses it.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const publicKey = readFileSync(`${hostKey}.pub`, 'utf8').trim();
  const knownHostsFile = join(folder, 'known_hosts');
  writeFileSync(knownHostsFile, `[127.0.0.1]:${port} ${publicKey}\n`);
  const logFile = join(folder, 'log');
  writeFileSync(join(folder, 'config'),
    [...options.config ?? [], ...fixed(folder, port)].join('\n'));
  const child = spawn('/usr/sbin/sshd', ['-D', '-f', join(folder, 'config'), '-E', logFile],
    { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const log = (): string => readFileSync(logFile, 'utf8');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  await untilListening(port, log).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const probes = 1;
  return {
    port, folder, knownHostsFile, identityFile, log, stop, pid: child.pid ?? 0,
    user: userInfo().username,
    fingerprint: execFileSync('ssh-keygen', ['-lf', hostKey]).toString().split(' ')[1] ?? '',
    connections: () => log().split('\n').filter((it) => it.startsWith('Connection from')).length
      - probes,
  };
}

function fixed(folder: string, port: number): string[] {
  return [
    `Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/id.pub`, 'StrictModes no', 'UsePAM no', 'PidFile none',
    'PermitRootLogin prohibit-password', 'PasswordAuthentication no',
    'KbdInteractiveAuthentication no', 'LogLevel VERBOSE', 'UseDNS no', 'PrintMotd no',
    'AcceptEnv LANG LC_*', 'MaxStartups 100', 'AllowTcpForwarding yes',
    // A person's own start-up files (slow ones, too) are not part of a test.
    `SetEnv HOME=${folder}`, '',
  ];
}

/** One probe is one connection in the log, so there is exactly one that succeeds. */
async function untilListening(port: number, log: () => string): Promise<void> {
  for (const end = Date.now() + startMsMax; Date.now() < end; await sleep(20)) {
    if (await accepts(port)) {
      while (Date.now() < end && !log().includes('Connection from')) await sleep(5);
      return;
    }
  }
  throw new Error(`sshd does not listen on port ${port}`);
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}
