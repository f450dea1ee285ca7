import { basename, resolve } from 'node:path';
import type { RawOptions } from '../config/options.ts';
import { SeatrialError } from '../errors.ts';
import { repositoryOf } from '../github/context.ts';
import type { GitHub } from '../github/github.ts';
import { isPrerelease } from '../github/latest.ts';
import { openGitHub } from '../github/open.ts';
import { openReleases, type ReleaseFound, type ReleaseWanted } from '../github/releases.ts';
import { readRelease } from '../package/release.ts';
import { Secret } from '../secret.ts';
import { assetsOf } from './draft-assets.ts';
import { pageTextOf, pageTitleOf } from './draft-text.ts';
import type { Result, World } from './world.ts';

/** Puts a release on the draft of its page. */
export async function draft(options: RawOptions, world: World): Promise<Result> {
  const wanted = await wantedOf(options, world.temporaryDirectory);
  const github = await githubOf(world);
  world.report({ kind: 'phase', text: `drafting the page of ${wanted.tag}` });
  return told(world, await openReleases(world.sleep).draft(github, wanted));
}

/** Publishes it, once it is in production. */
export async function publish(options: RawOptions, world: World): Promise<Result> {
  const wanted = await wantedOf(options, world.temporaryDirectory);
  const github = await githubOf(world);
  world.report({ kind: 'phase', text: `publishing the page of ${wanted.tag}` });
  return told(world, await openReleases(world.sleep).publish(github, wanted));
}

function told(world: World, found: ReleaseFound): Result {
  for (const text of found.warnings) world.report({ kind: 'warning', text });
  return { kind: 'page', found };
}

/** The tag and the commit are those that the release was made of, not what runs this. */
async function wantedOf(options: RawOptions, directory: string): Promise<ReleaseWanted> {
  const path = resolve(options.release ?? '');
  const { manifest } = await readRelease(path);
  const { tag, commit } = manifest;
  if (tag === null || commit === null) {
    throw new SeatrialError('refused', [{
      place: basename(path),
      message: 'was made of a directory: it has no tag, and so no page',
      fix: 'Push a tag, and make the release of it: seatrial package --tag TAG',
    }]);
  }
  return { tag, commit, title: pageTitleOf(manifest), text: pageTextOf(manifest),
    prerelease: isPrerelease(tag), assets: await assetsOf(path, manifest, directory) };
}

/** The job's repository; at a terminal, the one that the environment names. */
async function githubOf(world: World): Promise<GitHub> {
  if (world.job !== undefined) return world.job.github;
  const { environment } = world;
  const token = environment['GITHUB_TOKEN'] ?? '';
  const repository = repositoryOf(environment['GITHUB_REPOSITORY']);
  if (token !== '' && repository !== undefined) {
    return openGitHub({ token: new Secret(token), repository, toolVersion: world.toolVersion,
      apiUrl: environment['GITHUB_API_URL'], serverUrl: environment['GITHUB_SERVER_URL'],
      sleep: world.sleep, now: world.now, cancel: world.cancel });
  }
  throw new SeatrialError('bad-input', [
    ...token !== '' ? [] : [{ place: 'GITHUB_TOKEN', message: 'is not set',
      fix: 'In a job, set the input github-token. Elsewhere, set it to a token that may write '
        + 'contents: GITHUB_TOKEN=$(gh auth token)' }],
    ...repository !== undefined ? [] : [{ place: 'GITHUB_REPOSITORY',
      message: 'names no repository', fix: 'Set it to OWNER/NAME.' }],
  ]);
}
