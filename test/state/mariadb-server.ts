import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../fakes/free-port.ts';

/** A server of its own in a temporary directory, as the user `mysql`, reached by a socket. */
export class MariadbServer {
  readonly root: string;
  /** Option file that names the socket; for `defaults-file` of a state. */
  readonly options: string;
  /** 0: reached by the socket only. */
  readonly port: number;
  private readonly process: ChildProcess;

  private constructor(root: string, process: ChildProcess, port: number) {
    this.root = root;
    this.port = port;
    this.process = process;
    this.options = join(root, 'client.cnf');
    writeFileSync(this.options, `[client]\nsocket=${join(root, 'socket')}\nuser=root\n`);
    chmodSync(this.options, 0o600);
  }

  static async start(
    settings: readonly string[] = [], { network = false } = {},
  ): Promise<MariadbServer> {
    const port = network ? await freePort() : 0;
    const reached = network ? [`--port=${port}`, '--bind-address=127.0.0.1']
      : ['--skip-networking'];
    const root = mkdtempSync(join(tmpdir(), 'seatrial-my-'));
    const account = Number(spawnSync('id', ['-u', 'mysql'], { encoding: 'utf8' }).stdout);
    chownSync(root, account, account);
    chmodSync(root, 0o755);
    const made = spawnSync('mariadb-install-db', ['--no-defaults', '--user=mysql',
      `--datadir=${join(root, 'data')}`, '--auth-root-authentication-method=normal',
      '--skip-test-db'], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`mariadb-install-db: ${made.stderr}${made.stdout}`);
    const process = spawn('mariadbd', ['--no-defaults', '--user=mysql',
      `--datadir=${join(root, 'data')}`, `--socket=${join(root, 'socket')}`, ...reached,
      `--pid-file=${join(root, 'pid')}`, `--log-error=${join(root, 'log')}`,
      '--innodb-flush-log-at-trx-commit=0', '--innodb-flush-method=nosync',
      '--innodb-buffer-pool-size=64M', ...settings.map((it) => `--${it}`)],
    { stdio: 'ignore' });
    const server = new MariadbServer(root, process, port);
    for (let tries = 0; ; tries += 1) {
      if (server.client('', 'select 1').status === 0) return server;
      if (tries > 300) throw new Error(`the server does not start\n${server.log()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('close', resolve));
    this.process.kill('SIGKILL');
    await ended;
    rmSync(this.root, { recursive: true, force: true });
  }

  log(): string {
    return readFileSync(join(this.root, 'log'), 'utf8');
  }

  /** Runs statements; throws what the server says against them. Fields have a TAB between them. */
  sql(database: string, text: string): string {
    const ran = this.client(database, text);
    if (ran.status !== 0) throw new Error(`${text}\n${ran.stderr}`);
    return ran.stdout.trimEnd();
  }

  private client(
    database: string, text: string,
  ): { status: number | null; stdout: string; stderr: string } {
    return spawnSync('mariadb', [`--defaults-file=${this.options}`, '--batch',
      '--skip-column-names', '--raw', '--default-character-set=utf8mb4',
      ...(database === '' ? [] : [database])], { input: text, encoding: 'utf8' });
  }

  /** A session that stays open until its process is killed. Prints what its statements print. */
  session(database: string, text: string): ChildProcess {
    const child = spawn('mariadb', [`--defaults-file=${this.options}`, '--batch', '--unbuffered',
      '--skip-column-names', database], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.write(`${text}\n`);
    return child;
  }

  /** All that a dump has of a database, without what differs between equal ones. */
  dump(database: string): string {
    const ran = spawnSync('mariadb-dump', [`--defaults-file=${this.options}`,
      '--skip-comments', '--skip-lock-tables',
      '--routines', '--events', '--triggers', '--dump-history', '--order-by-primary', '--hex-blob',
      '--skip-extended-insert', '--default-character-set=utf8mb4', database],
    { encoding: 'utf8', maxBuffer: 1e9 });
    if (ran.status !== 0) throw new Error(ran.stderr);
    return ran.stdout.replaceAll(`\`${database}\`.`, '')
      .replaceAll(`ALTER DATABASE \`${database}\` `, 'ALTER DATABASE ')
      .replaceAll(' PRESERVE ENABLE ', ' PRESERVE DISABLE ');
  }

  databases(): string[] {
    return this.sql('', 'show databases').split('\n');
  }

  /** The word SPEC of a database of this server. */
  spec(database: string, more: Readonly<Record<string, string>> = {}): string {
    return Object.entries({ database, defaults: this.options, ...more })
      .map(([name, value]) => `${name}=${value}`).join('\t');
  }
}
