import { execFileSync } from 'node:child_process';
import {
  chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { PackageConfig } from '../../src/config/config.ts';
import { SeatrialError } from '../../src/errors.ts';
import type { PackageEvent } from '../../src/package/events.ts';
import { packageRelease, type PackagedRelease } from '../../src/package/package.ts';

/** What a test may use: git, tar and a shell, found on PATH; nothing of the user's settings. */
export const environment: Record<string, string> = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: '/nonexistent',
};

const gitEnvironment = {
  ...environment,
  GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.org', GIT_AUTHOR_DATE: '1089000000 +0200',
  GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.org',
  GIT_COMMITTER_DATE: '1089000000 +0200',
};

/** The time of every commit that a test makes. */
export const committedAt = 1089000000;

export function git(directory: string, ...args: string[]): string {
  return execFileSync('git', ['-C', directory, '-c', 'protocol.file.allow=always', ...args],
    { env: gitEnvironment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** Content; executable with `x:` before the path's name; a link with `->` before its target. */
export type Files = Readonly<Record<string, string | Buffer>>;

export function writeFiles(root: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name.replace(/^x:/, ''));
    mkdirSync(dirname(path), { recursive: true });
    const link = typeof content === 'string' && content.startsWith('->');
    if (link) symlinkSync(content.slice(2), path);
    else writeFileSync(path, content);
    if (name.startsWith('x:')) chmodSync(path, 0o755);
  }
}

export interface Repository {
  readonly path: string;
  commit(files: Files): string;
  tag(name: string): void;
}

/** A place of its own for one test; `remove()` in afterEach. */
export class Workshop {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'seatrial-package-')));
  #count = 0;

  directory(): string {
    this.#count += 1;
    const path = join(this.root, String(this.#count));
    mkdirSync(path, { mode: 0o700 });
    return path;
  }

  repository(files: Files, tag = 'v1.0'): Repository {
    const path = this.directory();
    git(path, 'init', '--quiet', '--initial-branch=main');
    const commit = (changed: Files): string => {
      writeFiles(path, changed);
      git(path, 'add', '--all');
      git(path, 'commit', '--quiet', '--allow-empty', '--message=change');
      return git(path, 'rev-parse', 'HEAD');
    };
    const made = { path, commit, tag: (name: string) => void git(path, 'tag', name) };
    commit(files);
    made.tag(tag);
    return made;
  }

  /** A repository with the tree of a case in test/cases. */
  caseRepository(name: string, tag: string, changed: Files = {}): Repository {
    const path = this.directory();
    git(path, 'init', '--quiet', '--initial-branch=main');
    cpSync(resolve(import.meta.dirname, '../cases', name), path, { recursive: true });
    writeFiles(path, changed);
    git(path, 'add', '--all');
    git(path, 'commit', '--quiet', '--message=import');
    git(path, 'tag', tag);
    return { path, commit: () => '', tag: () => undefined };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export const plain: PackageConfig = {
  directory: '.', recipe: [], run: undefined, include: [], exclude: [], archive: undefined,
  versions: [], tagPrefix: 'v', branches: [],
};

export interface Packaging {
  readonly repository: string;
  readonly package?: Partial<PackageConfig>;
  readonly tag?: string;
  readonly output?: string;
  readonly remote?: string;
  readonly environment?: Record<string, string>;
  readonly events?: PackageEvent[];
  readonly application?: string;
  readonly onEvent?: (event: PackageEvent) => void;
}

/** packageRelease with a scratch directory and an output directory of its own. */
export function packaged(workshop: Workshop, job: Packaging): Promise<PackagedRelease> {
  return packageRelease({
    config: { application: job.application ?? 'app', package: { ...plain, ...job.package } },
    repository: job.repository,
    remote: job.remote,
    tag: job.tag ?? 'v1.0',
    output: job.output ?? workshop.directory(),
    scratch: workshop.directory(),
    environment: { ...environment, ...job.environment },
    seatrialVersion: '0.0.0-test',
    report: (event) => {
      job.events?.push(event);
      job.onEvent?.(event);
    },
  });
}

/** The error of the world that the work ends with; anything else fails the test. */
export async function failureOf(work: Promise<unknown> | (() => unknown)): Promise<SeatrialError> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (error instanceof SeatrialError) return error;
    throw error;
  }
  throw new Error('it was expected to fail, and it did not');
}

/** What GNU or BSD tar lists, one line an entry. */
export function tarList(archive: string): string[] {
  return tarOutput('-tf', archive).split('\n').filter((line) => line !== '');
}

export function tarOutput(...args: string[]): string {
  return execFileSync('tar', args,
    { encoding: 'utf8', env: { ...environment, LC_ALL: 'C.UTF-8', TZ: 'UTC' } });
}
