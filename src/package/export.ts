import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SeatrialError, type Problem } from '../errors.ts';
import type { Git } from './git.ts';

/** A clean copy of the tagged commit. */
export interface Exported {
  /** Absolute path of the tree; no `.git` in it. */
  readonly root: string;
  /** The committer's time, seconds since 1970. */
  readonly committedAt: number;
}

export interface ExportOptions {
  readonly remote: string;
  readonly tag: string;
  readonly commit: string;
  /** An absent directory to be made. */
  readonly root: string;
  /** Whether a Git LFS pointer at this path is harmless, because it is not packed. */
  readonly mayBePointer: (path: string) => boolean;
}

/** Attributes and filters would make the tree depend on who exports it: the blobs are taken. */
const rawAttributes = '* -text !eol -ident -filter !working-tree-encoding\n';
const pointerStart = Buffer.from('version https://git-lfs.github.com/spec/v1\n');
const pointerBytesMax = 1024;
const problemsShownMax = 50;

/**
 * Writes the commit's tree to `root`, byte for byte as committed: no working tree, no attributes,
 * no filters, no line ends changed. The user's repository is only read; a commit that is not in it
 * is fetched into the scratch repository.
 * @throws refused: submodules, Git LFS pointers, a tag that is no commit.
 */
export async function exportCommit(git: Git, options: ExportOptions): Promise<Exported> {
  const repository = await git.create('export');
  mkdirSync(join(repository, 'info'), { recursive: true });
  writeFileSync(join(repository, 'info', 'attributes'), rawAttributes);
  await obtain(git, repository, options);
  const committedAt = await commitTime(git, repository, options);
  const tree = await listTree(git, repository, options.commit);
  refuseSubmodules(tree);
  mkdirSync(options.root, { recursive: true });
  const index = [`--work-tree=${options.root}`, 'read-tree', options.commit];
  await git.must(repository, ...index);
  await git.must(repository, `--work-tree=${options.root}`, 'checkout-index', '--all');
  refusePointers(tree, options);
  return { root: options.root, committedAt };
}

/** Makes the commit readable in the scratch repository: borrowed when it is local, else fetched. */
async function obtain(git: Git, repository: string, options: ExportOptions): Promise<void> {
  if (await isLocal(git, options.commit)) {
    const objects = await git.must(git.directory, 'rev-parse', '--git-path', 'objects');
    const path = resolve(git.repository, objects.replace(/\n$/, ''));
    writeFileSync(join(repository, 'objects', 'info', 'alternates'), `${path}\n`);
    return;
  }
  await git.must(repository, 'fetch', '--quiet', '--depth=1', '--no-tags', '--end-of-options',
    options.remote, `refs/tags/${options.tag}:refs/tags/${options.tag}`);
}

async function isLocal(git: Git, commit: string): Promise<boolean> {
  // In a partial clone, asking for an object would fetch it into the user's repository.
  if (git.partialClone) return false;
  const result = await git.run(git.directory, 'cat-file', '-e', `${commit}^{tree}`);
  return result.status === 0;
}

async function commitTime(git: Git, repository: string, options: ExportOptions): Promise<number> {
  const found = await git.run(repository, 'cat-file', 'commit', options.commit);
  const header = found.stdout.toString('utf8').split('\n\n')[0] ?? '';
  const seconds = /^committer .* (\d+) [+-]\d{4}$/m.exec(header)?.[1];
  if (found.status === 0 && seconds !== undefined) return Number(seconds);
  throw new SeatrialError('refused', [{
    message: `tag ${options.tag} names ${options.commit}, which is not a readable commit`,
    fix: 'Tag a commit, not a tree or a file; if it was moved meanwhile, run again.',
  }]);
}

interface TreeItem {
  readonly mode: string;
  readonly bytes: number;
  readonly path: string;
}

async function listTree(git: Git, repository: string, commit: string): Promise<TreeItem[]> {
  const text = await git.must(repository, 'ls-tree', '-r', '-z', '--long', '--full-tree', commit);
  return text.split('\0').filter((it) => it !== '').map((line) => {
    const tab = line.indexOf('\t');
    const [mode, , , bytes] = line.slice(0, tab).split(/ +/);
    return { mode: mode ?? '', bytes: Number(bytes), path: line.slice(tab + 1) };
  });
}

function refuseSubmodules(tree: readonly TreeItem[]): void {
  refuse(tree.filter((it) => it.mode === '160000').map((it) => ({
    message: 'is a submodule, and its files are not part of the tagged commit',
    place: it.path,
    fix: 'Commit its files, or fetch them in package.run at a pinned commit.',
  })));
}

function refusePointers(tree: readonly TreeItem[], options: ExportOptions): void {
  const small = tree.filter((it) => it.mode.startsWith('100')
    && it.bytes >= pointerStart.length && it.bytes < pointerBytesMax);
  const isPointer = (path: string): boolean =>
    readFileSync(join(options.root, path)).subarray(0, pointerStart.length).equals(pointerStart);
  // A name that is not UTF-8 cannot be opened by its text; the walk refuses it later.
  const pointers = small.filter((it) =>
    !it.path.includes('\uFFFD') && !options.mayBePointer(it.path) && isPointer(it.path));
  refuse(pointers.map((it) => ({
    message: 'is a Git LFS pointer, not the file itself',
    place: it.path,
    fix: 'Commit the file without LFS, fetch it in package.run, or list it in package.exclude.',
  })));
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new SeatrialError('refused', problems.slice(0, problemsShownMax));
}
