import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Box } from '../transaction/sandbox.ts';
import { countingWriter, type Bench, type Site, type Writer } from './bench.ts';

/** What the tests were written with. Debian 12 has no package of it. */
const packages = ['ZODB==6.4', 'ZEO==6.2'];
const python = '/usr/bin/python3';
const site = join(import.meta.dirname, 'zodb-site.py');

/** ZODB from PyPI in a directory of its own. */
export class Zodb {
  readonly directory: string;
  private readonly worker: ChildProcess;
  private readonly waiting: ((answer: string) => void)[] = [];

  private constructor(directory: string) {
    this.directory = directory;
    this.worker = spawn(python, [site, 'serve'],
      { env: this.environment(), stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.worker.stdout === null) throw new Error('a worker without output');
    createInterface(this.worker.stdout).on('line', (line) => this.waiting.shift()?.(line));
  }

  static install(): Zodb {
    const directory = mkdtempSync(join(tmpdir(), 'seatrial-zodb-'));
    const made = spawnSync(python, ['-m', 'pip', 'install', '--quiet', '--no-warn-script-location',
      '--root-user-action=ignore', '--disable-pip-version-check', '--target', directory,
      ...packages], { encoding: 'utf8' });
    if (made.status !== 0) {
      rmSync(directory, { recursive: true, force: true });
      throw new Error(`the tests need ${packages.join(' and ')} from PyPI: ${made.stderr}`);
    }
    return new Zodb(directory);
  }

  async remove(): Promise<void> {
    const ended = new Promise((resolve) => this.worker.once('close', resolve));
    this.worker.stdin?.end();
    await ended;
    rmSync(this.directory, { recursive: true, force: true });
  }

  environment(): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, PYTHONPATH: this.directory, PYTHONDONTWRITEBYTECODE: '1' };
  }

  async run(command: string, parts: Parts): Promise<string> {
    const answer = new Promise<string>((resolve) => { this.waiting.push(resolve); });
    this.worker.stdin?.write(`${JSON.stringify(this.words(command, parts))}\n`);
    const { said, error } = JSON.parse(await answer) as { said: string; error: string };
    if (error !== '') throw new Error(`${command}: ${error}`);
    return said;
  }

  /** `write`: until it is killed. */
  start(command: string, parts: Parts): ChildProcess {
    return spawn(python, [site, ...this.words(command, parts)],
      { env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  }

  private words(command: string, parts: Parts): string[] {
    return [command, parts.path, parts.blobs, parts.archive];
  }
}

export interface Parts {
  readonly path: string;
  readonly blobs: string;
  readonly archive: string;
}

export class ZodbSite implements Site {
  readonly spec: string;
  readonly parts: Parts;
  private readonly zodb: Zodb;

  constructor(zodb: Zodb, box: Box) {
    this.zodb = zodb;
    const live = join(box.root, 'live', 'my zodb');
    mkdirSync(live, { recursive: true });
    this.parts = { path: join(live, 'Data.fs'), blobs: join(live, 'blobs'),
      archive: join(box.root, 'live', 'archive') };
    this.spec = Object.entries(this.parts).map(([name, value]) => `${name}=${value}`).join('\t');
  }

  async fill(): Promise<void> { await this.zodb.run('fill', this.parts); }
  async read(): Promise<string> { return await this.readOf(this.parts); }
  async spoil(): Promise<void> { await this.zodb.run('spoil', this.parts); }
  async units(): Promise<number> { return Number(await this.zodb.run('units', this.parts)); }

  private async readOf(parts: Parts): Promise<string> {
    return existsSync(parts.path) ? await this.zodb.run('read', parts) : '';
  }

  startWriting(): Writer {
    const child = this.zodb.start('write', this.parts);
    const writer = countingWriter(child);
    return {
      reached: writer.reached,
      stop: async () => {
        child.kill('SIGTERM');
        await writer.ended();
        // The last one may have been in flight.
        return await this.units();
      },
    };
  }

  async aside(): Promise<string> {
    const before = (path: string): string =>
      join(dirname(path), '.seatrial-fake', `before-${basename(path)}`);
    const { path, blobs, archive } = this.parts;
    return await this.readOf({ path: before(path), blobs: before(blobs),
      archive: before(archive) });
  }

  close(): void { /* all of it is in the box */ }
}

export function zodbBench(zodb: () => Zodb): Bench {
  return {
    kind: 'zodb', dropsPlaces: false, copiesLive: true, programs: [],
    site: (box: Box) => new ZodbSite(zodb(), box),
  };
}
