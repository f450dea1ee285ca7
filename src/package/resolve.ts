import { isAbsolute } from 'node:path';
import { SeatrialError } from '../errors.ts';
import type { Git } from './git.ts';
import { requireRefName } from './tag.ts';

/** Where tags are asked for: a remote's name, a URL, or the path of a repository. */
export function chooseRemote(git: Git, wanted: string | undefined): string {
  const remote = wanted ?? (git.remotes.includes('origin') ? 'origin' : git.directory);
  if (remote !== '' && !remote.startsWith('-') && !/[\0\n]/.test(remote)) return remote;
  throw new SeatrialError('bad-input', [{
    message: `${JSON.stringify(remote)} is neither the name nor the URL of a git remote`,
    fix: 'Give the name of a remote of this repository, such as origin, or its URL.',
  }]);
}

/**
 * The commit that the tag names on the remote, peeled. The remote is asked, not the local
 * repository: a checkout may hold a tag that was moved since, or flattened (actions/checkout#290).
 * @throws refused: not a tag, also a branch, or other than the local tag of the same name.
 */
export async function resolveTag(git: Git, remote: string, tag: string): Promise<string> {
  requireRefName('tag', tag);
  const place = await git.create('resolve');
  const [tagRef, peeledRef, branchRef] = [`refs/tags/${tag}`, `refs/tags/${tag}^{}`,
    `refs/heads/${tag}`];
  const refs = await listRemote(git, place, [remote, tagRef, peeledRef, branchRef]);
  const commit = refs.get(peeledRef) ?? refs.get(tagRef);
  const where = isAbsolute(remote) ? 'this repository' : `the remote ${remote}`;
  if (refs.has(branchRef)) {
    throw new SeatrialError('refused', [{
      message: `${tag} is ${commit === undefined ? 'a branch, not a tag,' : 'a branch and a tag'}`
        + ` on ${where}`,
      fix: commit === undefined ? 'Make a tag of the commit to be released, push it, and name it.'
        : 'Delete or rename the branch: tools disagree on which of the two the name means.',
    }]);
  }
  if (commit === undefined) {
    throw new SeatrialError('refused', [{
      message: `there is no tag ${tag} on ${where}`,
      fix: `Push it first: git push ${isAbsolute(remote) ? 'origin' : remote} refs/tags/${tag}`,
    }]);
  }
  const local = await localCommit(git, tagRef);
  if (local !== undefined && local !== commit) {
    throw new SeatrialError('refused', [{
      message: `tag ${tag} is commit ${commit} on ${where}, but ${local} in the local repository`,
      fix: 'Find out who moved the tag. To take the remote one: '
        + `git fetch --force ${isAbsolute(remote) ? 'origin' : remote} ${tagRef}:${tagRef}`,
    }]);
  }
  return commit;
}

/** Asks the remote once more, after all work: a tag that moved meanwhile is refused. */
export async function requireUnmoved(
  git: Git, remote: string, expected: { readonly tag: string; readonly commit: string },
): Promise<void> {
  const now = await resolveTag(git, remote, expected.tag);
  if (now === expected.commit) return;
  throw new SeatrialError('refused', [{
    message: `tag ${expected.tag} moved from ${expected.commit} to ${now} while it was packaged`,
    fix: 'Find out who moved the tag; then package again. Nothing was written.',
  }]);
}

/** The commit must be on one of the branches of the remote; no branches: not asked. */
export async function requireOnBranch(
  git: Git, remote: string, asked: { commit: string; branches: readonly string[] },
): Promise<void> {
  if (asked.branches.length === 0) return;
  asked.branches.forEach((branch) => requireRefName('branch', branch));
  const place = await git.create('history');
  const wanted = asked.branches.map((branch) => `refs/heads/${branch}`);
  const refs = await listRemote(git, place, [remote, ...wanted]);
  const present = wanted.filter((ref) => refs.has(ref));
  if (present.length > 0) {
    // Commits only; a server that cannot filter sends everything, which is slower, not wrong.
    await git.must(place, 'fetch', '--quiet', '--no-tags', '--filter=tree:0', '--end-of-options',
      remote, ...present.map((ref) => `+${ref}:${ref}`));
  }
  for (const ref of present) {
    // 128 when the commit is unknown: the whole branch was fetched, so it is not on it.
    const result = await git.run(place, 'merge-base', '--is-ancestor', asked.commit, ref);
    if (result.status === 0) return;
  }
  const missing = wanted.length - present.length;
  throw new SeatrialError('refused', [{
    message: `commit ${asked.commit} is not on ${asked.branches.join(' or ')} of ${remote}`
      + (missing === 0 ? '' : ` (${missing} of these branches do not exist there)`),
    place: 'package.branches',
    fix: 'Merge the commit first, tag what is on the branch, and push the tag.',
  }]);
}

async function listRemote(
  git: Git, place: string, operands: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const text = await git.must(place, 'ls-remote', '--end-of-options', ...operands);
  return new Map(text.split('\n').flatMap((line) => {
    const [object, ref] = line.split('\t');
    return object !== undefined && ref !== undefined ? [[ref, object] as const] : [];
  }));
}

async function localCommit(git: Git, ref: string): Promise<string | undefined> {
  const result = await git.run(git.directory, 'rev-parse', '--verify', '--quiet',
    '--end-of-options', `${ref}^{commit}`);
  return result.status === 0 ? result.stdout.toString('utf8').trim() : undefined;
}
