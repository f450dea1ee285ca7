import { lstatSync, realpathSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import type { Problem } from '../errors.ts';

/** What is wrong with a path of the configuration; undefined: it stays inside, lexically. */
export function relativePathProblem(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (path.includes('\0') || path.includes('\n')) return 'has a NUL or a line end in it';
  if (path.startsWith('/')) return 'is absolute';
  if (posix.normalize(path).split('/')[0] === '..') return 'leads out of the exported tree';
  return undefined;
}

/**
 * Joins a path of the configuration to the exported tree. What exists of it is followed through
 * symbolic links, because a committed link could lead a copy or an edit out of the tree.
 * @param root absolute, resolved path of the tree
 */
export function resolveInside(root: string, path: string): { path: string } | Problem {
  const wrong = relativePathProblem(path);
  const fix = 'Write a path relative to package.directory that stays inside the repository.';
  if (wrong !== undefined) return { message: `the path ${JSON.stringify(path)} ${wrong}`, fix };
  const joined = join(root, path);
  const real = realPathOf(nearestExisting(joined));
  if (real !== undefined && isInside(root, real)) return { path: joined };
  const how = real === undefined ? 'meets a broken symbolic link'
    : 'leads out of the exported tree by a symbolic link';
  return { message: `the path ${JSON.stringify(path)} ${how}`, fix };
}

/** Whether `path` is `root` or below it; both absolute and resolved. */
export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}

/** The path itself or its nearest ancestor that is there, a broken link counting as there. */
function nearestExisting(path: string): string {
  let now = path;
  while (kindAt(now) === 'absent') now = dirname(now);
  return now;
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** The kind of what is at the path itself, a link not followed. */
export function kindAt(path: string): 'absent' | 'file' | 'directory' | 'link' | 'other' {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'absent';
  if (found.isSymbolicLink()) return 'link';
  if (found.isFile()) return 'file';
  return found.isDirectory() ? 'directory' : 'other';
}
