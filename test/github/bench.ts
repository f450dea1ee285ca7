import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GitHub } from '../../src/github/github.ts';
import { openGitHub, type GitHubOptions } from '../../src/github/open.ts';
import { openReleases, type Asset, type ReleaseWanted } from '../../src/github/releases.ts';
import { Secret } from '../../src/secret.ts';
import { SeatrialError } from '../../src/errors.ts';
import type { RepositoryWanted } from '../fakes/github/state.ts';
import { openFakeGitHub } from '../fakes/github/open.ts';
import type { Permissions } from '../fakes/github/tokens.ts';

export const commit = 'c'.repeat(40);
export const tag = 'v1.2.0';

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A repository with one tag, the files of a release, and no waiting in real time. */
export async function openBench(wanted: RepositoryWanted = {}) {
  const fake = await openFakeGitHub(wanted);
  fake.state.git.set('refs/heads/main', 'a'.repeat(40));
  fake.state.git.set(`refs/tags/${tag}`, commit);
  const directory = mkdtempSync(join(tmpdir(), 'seatrial-github-'));
  const waits: number[] = [];
  const sleep = (milliseconds: number): Promise<void> => {
    waits.push(milliseconds);
    return Promise.resolve();
  };
  const github = (permissions: Permissions = { contents: 'write' },
    options: Partial<GitHubOptions> = {}): Promise<GitHub> => openGitHub({
    token: new Secret(fake.job(permissions)), toolVersion: '0.1.0', apiUrl: fake.url,
    repository: { owner: 'octo', name: 'guestbook' }, sleep, ...options });
  const asset = (name: string, text: string): Asset => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return { name, path, sha256: sha256(text) };
  };
  const release = (changes: Partial<ReleaseWanted> = {}): ReleaseWanted => ({
    tag, commit, title: 'guestbook 1.2.0', text: 'How to verify it.', prerelease: false,
    ...changes,
    assets: changes.assets
      ?? [asset('guestbook-1.2.0.tar.gz', 'the tarball'), asset('SHA256SUMS', 'the sums')],
  });
  const close = async (): Promise<void> => {
    rmSync(directory, { recursive: true, force: true });
    await fake.close();
  };
  return { fake, directory, waits, sleep, github, asset, release, releases: openReleases(sleep),
    close };
}

export type Bench = Awaited<ReturnType<typeof openBench>>;

/** The error of the world that it ends with; anything else fails the test. */
export async function refused(work: Promise<unknown>): Promise<SeatrialError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SeatrialError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** How often the API was asked so. */
export function asked(bench: Bench, method: string, path: RegExp): number {
  return bench.fake.log.filter((it) => it.method === method && path.test(it.path)).length;
}
