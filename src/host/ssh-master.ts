import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeatrialError } from '../errors.ts';
import { folderFor, sshConfig, type SshOptions } from './ssh-config.ts';
import { plainLines, refused } from './ssh-refusal.ts';

const logCharactersMax = 64 * 1024;
/** Beyond ssh's own limit, so that its own message comes first. */
const connectGraceMs = 2_000;
const closeWaitMsMax = 2_000;

type MasterProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * The one connection: an ssh process of ours that every run goes through. It holds a far `sh`
 * that waits for the end of its input, so the account is known to have a shell. A watchdog
 * ends it and removes the folder where this process is killed: else it would stay for ever.
 */
export class SshMaster {
  readonly folder: string;
  readonly socket: string;
  readonly #options: SshOptions;
  readonly #child: MasterProcess;
  readonly #watchdog: ChildProcess;
  /** Settles, with how, when the connection has ended. */
  readonly ended: Promise<string>;
  readonly #ready = randomBytes(16).toString('hex');
  #log = '';
  #end: string | undefined;

  /** Throws SeatrialError `refused` or `cancelled`, leaving nothing behind. */
  static async open(options: SshOptions): Promise<SshMaster> {
    const { cancel } = options;
    const isCancelled = (): boolean => cancel?.aborted === true;
    if (isCancelled()) throw cancelled();
    const master = new SshMaster(options);
    const giveUp = (): void => master.#killGroup();
    cancel?.addEventListener('abort', giveUp, { once: true });
    try {
      await master.#connected();
    } catch (error) {
      await master.close();
      throw isCancelled() ? cancelled() : error;
    } finally {
      cancel?.removeEventListener('abort', giveUp);
    }
    return master;
  }

  private constructor(options: SshOptions) {
    this.#options = options;
    this.folder = mkdtempSync(join(folderFor(options.temporaryDirectory), 'seatrial-'));
    this.socket = join(this.folder, 'socket');
    this.#child = this.#spawn();
    this.#watchdog = watch(this.#child.pid, this.folder);
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => { this.#end ??= how; resolve(how); };
      this.#child.once('error', (error) => {
        this.#note(Buffer.from(`${error.message}\n`));
        this.#watchdog.kill('SIGKILL');
        end(error.message);
      });
      // At once, before another process can get its id.
      this.#child.once('exit', () => this.#watchdog.kill('SIGKILL'));
      this.#child.once('close', (status, signal) => end(`ssh ended with ${signal ?? status}`));
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (chunk: Buffer) => this.#note(chunk));
  }

  /** Why the connection has ended; undefined while it stands. */
  lost(): string | undefined {
    if (this.#end === undefined) return undefined;
    const said = plainLines(this.#log).at(-1);
    return `the connection to ${this.#options.destination} was lost: ${said ?? this.#end}`;
  }

  /** Ends ssh, with the jump hosts' ones, and removes the folder. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    if (this.#end === undefined) {
      await this.#control('exit');
      const ended = await this.#within(closeWaitMsMax, this.ended);
      if (ended === undefined) this.#killGroup();
      await this.#within(closeWaitMsMax, this.ended);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(): MasterProcess {
    const { destination, port, identity, identityFile } = this.#options;
    const key = identity === undefined ? identityFile : join(this.folder, 'key');
    // OpenSSH wants the last line ended, and no carriage returns.
    if (identity !== undefined && key !== undefined) {
      const text = identity.reveal().replaceAll('\r\n', '\n').trimEnd();
      writeFileSync(key, `${text}\n`, { mode: 0o600 });
    }
    const config = join(this.folder, 'config');
    writeFileSync(config, sshConfig(this.#options, key), { mode: 0o600 });
    const options = ['ControlMaster=yes', `ControlPath=${this.socket}`];
    // Only of the destination: a jump host may need another key of the agent.
    if (key !== undefined) options.push('IdentitiesOnly=yes');
    const hold = `exec sh -c 'printf %s ${this.#ready}; read -r l'`;
    return spawn('ssh', [
      '-F', config, ...options.flatMap((it) => ['-o', it]),
      ...port === undefined ? [] : ['-p', `${port}`], '-T', '--', destination, hold,
    ], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  }

  async #connected(): Promise<void> {
    let text = '';
    const ready = new Promise<true>((resolve) => {
      this.#child.stdout.on('data', (chunk: Buffer) => {
        text = (text + chunk.toString('latin1')).slice(-logCharactersMax);
        if (text.includes(this.#ready)) resolve(true);
      });
    });
    const limitMs = Math.ceil(this.#options.connectTimeoutMs / 1000) * 1000 + connectGraceMs;
    const first = await this.#within(limitMs, Promise.race([ready, this.ended]));
    if (first !== true) {
      const { destination, knownHostsFile } = this.#options;
      // What an account without a shell says comes as output.
      this.#note(Buffer.from(`\n${text}\n`));
      const end = first ?? `timed out after ${limitMs} ms`;
      if (first === undefined) this.#note(Buffer.from(`\nthe connection ${end}\n`));
      throw refused({ destination, knownHostsFile, log: this.#log, end });
    }
    // The login is over: the key is needed no more, and a kill would leave it here.
    if (this.#options.identity !== undefined) rmSync(join(this.folder, 'key'), { force: true });
  }

  async #control(request: string): Promise<void> {
    const child = spawn('ssh', ['-F', 'none', '-S', this.socket, '-O', request, '--', 'x'],
      { stdio: 'ignore' });
    await this.#within(closeWaitMsMax, new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => resolve());
    }));
    child.kill('SIGKILL');
  }

  #killGroup(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended by itself in the meantime.
    }
  }

  #note(chunk: Buffer): void {
    this.#log = (this.#log + chunk.toString()).slice(-logCharactersMax);
  }

  async #within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
    const abort = new AbortController();
    const timer = sleep(ms, undefined, { signal: abort.signal }).catch(() => undefined);
    const first = await Promise.race([promise, timer]);
    abort.abort();
    return first;
  }
}

function cancelled(): SeatrialError {
  return new SeatrialError('cancelled', [{ message: 'cancelled while connecting to the host',
    fix: 'This command did nothing there.' }]);
}

/** Its standard input ends when this process does, however that happens. */
function watch(pid: number | undefined, folder: string): ChildProcess {
  const script = 'read -r l; kill -s TERM -- "-$1"; rm -rf -- "$2"';
  const child = spawn('/bin/sh', ['-c', script, 'sh', `${pid}`, folder],
    { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.stdin.on('error', () => undefined);
  return child;
}
