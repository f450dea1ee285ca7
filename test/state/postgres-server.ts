import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../fakes/free-port.ts';

/** Debian keeps the programs of each version apart. */
export function postgresPrograms(): string {
  const found = spawnSync('sh', ['-c', 'ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1'],
    { encoding: 'utf8' }).stdout.trim();
  if (found === '') throw new Error('the tests need the Debian package postgresql');
  return found;
}

/** A server of its own in a temporary directory, as the user `postgres`, reached by a socket. */
export class PostgresServer {
  readonly root: string;
  readonly port: number;

  private constructor(root: string, port: number) {
    this.root = root;
    this.port = port;
  }

  static async start(settings: readonly string[] = []): Promise<PostgresServer> {
    const root = mkdtempSync(join(tmpdir(), 'seatrial-pg-'));
    const server = new PostgresServer(root, await freePort());
    const account = idOf('postgres');
    chownSync(root, account, account);
    server.asPostgres('initdb', '-D', join(root, 'data'), '-A', 'trust', '-U', 'postgres',
      '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync');
    const options = [`-p ${server.port}`, `-k ${root}`, '-c listen_addresses=', '-c fsync=off',
      '-c max_prepared_transactions=2', ...settings.map((it) => `-c ${it}`)].join(' ');
    server.asPostgres('pg_ctl', '-D', join(root, 'data'), '-w', '-l', join(root, 'log'),
      '-o', options, 'start');
    return server;
  }

  /** Another server that follows this one, which must listen on 127.0.0.1. */
  async standby(): Promise<PostgresServer> {
    const root = mkdtempSync(join(tmpdir(), 'seatrial-pg-'));
    const server = new PostgresServer(root, await freePort());
    const account = idOf('postgres');
    chownSync(root, account, account);
    server.asPostgres('pg_basebackup', '-D', join(root, 'data'), '-h', this.root,
      '-p', String(this.port), '-U', 'postgres', '-R', '-X', 'stream', '-c', 'fast', '--no-sync');
    server.asPostgres('pg_ctl', '-D', join(root, 'data'), '-w', '-l', join(root, 'log'), '-o',
      `-p ${server.port} -k ${root} -c fsync=off -c max_prepared_transactions=2`, 'start');
    return server;
  }

  promote(): void {
    this.asPostgres('pg_ctl', '-D', join(this.root, 'data'), '-w', 'promote');
  }

  stop(): void {
    this.asPostgres('pg_ctl', '-D', join(this.root, 'data'), '-m', 'immediate', 'stop');
    rmSync(this.root, { recursive: true, force: true });
  }

  log(): string {
    return readFileSync(join(this.root, 'log'), 'utf8');
  }

  /** Runs statements; throws what the server says against them. Rows are `a|b` lines. */
  sql(database: string, text: string, user = 'postgres'): string {
    const ran = spawnSync('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'],
      { input: text, encoding: 'utf8', env: this.environment(database, user) });
    if (ran.status !== 0) throw new Error(`${text}\n${ran.stderr}`);
    return ran.stdout.trimEnd();
  }

  /** A session that stays open until its process is killed. */
  session(database: string, text: string, user = 'postgres'): ChildProcess {
    const child = spawn('psql', ['-X', '-q', '-A', '-t'],
      { stdio: ['pipe', 'pipe', 'pipe'], env: this.environment(database, user) });
    child.stdin.write(`${text}\n`);
    return child;
  }

  environment(database: string, user: string): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, PGHOST: this.root, PGPORT: String(this.port), PGUSER: user,
      PGDATABASE: database, PGAPPNAME: 'a test', PGCONNECT_TIMEOUT: '10' };
  }

  databases(): string[] {
    return this.sql('postgres', 'select datname from pg_database where datname !~ \'^template\' ' +
      'order by 1').split('\n');
  }

  /** The word SPEC of a database of this server. */
  spec(database: string, more: Readonly<Record<string, string>> = {}): string {
    const fields = { database, host: this.root, port: String(this.port), user: 'postgres',
      maintenance: 'postgres', ...more };
    return Object.entries(fields).filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}=${value}`).join('\t');
  }

  private asPostgres(program: string, ...words: readonly string[]): void {
    const path = join(postgresPrograms(), program);
    const ran = spawnSync('runuser', ['-u', 'postgres', '--', path, ...words],
      { encoding: 'utf8', cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
    if (ran.status !== 0) throw new Error(`${program}: ${ran.stderr}`);
  }
}

function idOf(name: string): number {
  return Number(spawnSync('id', ['-u', name], { encoding: 'utf8' }).stdout);
}
