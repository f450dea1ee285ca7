import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Box } from '../transaction/sandbox.ts';
import type { Bench, Site, Writer } from './bench.ts';

/** What the tests were written with. Debian 12 has no package of it. */
const packages = ['ZODB==6.4', 'ZEO==6.2'];
const python = '/usr/bin/python3';

/** ZODB from PyPI in a directory of its own. */
export class Zodb {
  readonly directory: string;

  private constructor(directory: string) { this.directory = directory; }

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

  remove(): void { rmSync(this.directory, { recursive: true, force: true }); }

  environment(): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, PYTHONPATH: this.directory, PYTHONDONTWRITEBYTECODE: '1' };
  }

  run(command: string, parts: Parts): string {
    const ran = spawnSync(python, this.words(command, parts),
      { encoding: 'utf8', env: this.environment() });
    if (ran.status !== 0) throw new Error(`${command}: ${ran.stderr}`);
    return ran.stdout;
  }

  /** `write`: until it is killed. */
  start(command: string, parts: Parts): ChildProcess {
    return spawn(python, this.words(command, parts),
      { env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  }

  private words(command: string, parts: Parts): string[] {
    return [join(import.meta.dirname, 'zodb-site.py'), command, parts.path, parts.blobs,
      parts.archive];
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

  fill(): void { this.zodb.run('fill', this.parts); }
  read(): string { return existsSync(this.parts.path) ? this.zodb.run('read', this.parts) : ''; }
  spoil(): void { this.zodb.run('spoil', this.parts); }
  units(): number { return Number(this.zodb.run('units', this.parts)); }

  startWriting(): Writer {
    const child = this.zodb.start('write', this.parts);
    let done = 0;
    let errors = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      done = Number(chunk.toString().trim().split('\n').at(-1) ?? done);
    });
    child.stderr?.on('data', (chunk: Buffer) => { errors += chunk.toString(); });
    return {
      reached: async (units) => {
        for (let tries = 0; done < units; tries += 1) {
          if (tries > 300) throw new Error(`the writer does not get on: ${errors}`);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
      stop: async () => {
        child.kill('SIGTERM');
        await new Promise((resolve) => child.on('close', resolve));
        if (errors !== '') throw new Error(errors);
        // The last one may have been in flight.
        return this.units();
      },
    };
  }

  aside(): string {
    const before = (path: string): string =>
      join(dirname(path), '.seatrial-fake', `before-${basename(path)}`);
    const { path, blobs, archive } = this.parts;
    return existsSync(before(path)) ? this.zodb.run('read', { path: before(path),
      blobs: before(blobs), archive: before(archive) }) : '';
  }

  close(): void { /* all of it is in the box */ }
}

export function zodbBench(zodb: () => Zodb): Bench {
  return {
    kind: 'zodb', dropsPlaces: false, copiesLive: true, programs: [],
    site: (box: Box) => new ZodbSite(zodb(), box),
  };
}
