import type { BigIntStats } from 'node:fs';
import { realpathSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import type { Problem } from '../errors.ts';
import { isInside } from './paths.ts';

/**
 * What must not be packed, because it means something else on another machine, or because unpacking
 * programs disagree about it. Each function answers with a reason, or undefined when all is well.
 */

/** One name in a directory, as the file system has it. */
export function nameProblem(name: Buffer): string | undefined {
  const text = name.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(name)) return 'the name is not UTF-8';
  if (/[\x00-\x1f\x7f-\x9f]/.test(text)) return 'the name has control characters in it';
  // archiver would write back/slash for back\slash, silently (normalize-path).
  if (text.includes('\\')) return 'the name has a backslash in it';
  if (text.toLowerCase() === '.git') return 'is a git repository, which no release should have';
  return undefined;
}

export function specialProblem(seen: BigIntStats): string | undefined {
  if (seen.isSocket()) return 'is a socket';
  if (seen.isFIFO()) return 'is a FIFO';
  if (seen.isBlockDevice() || seen.isCharacterDevice()) return 'is a device';
  if (seen.isFile() && (seen.mode & 0o6000n) !== 0n) return 'is setuid or setgid';
  return undefined;
}

export interface LinkPlace {
  /** Resolved path of the walked tree. */
  readonly root: string;
  readonly path: string;
  readonly raw: Buffer;
}

/** Links are kept verbatim, so they must lead somewhere inside wherever the tree is unpacked. */
export function linkProblem({ root, path, raw }: LinkPlace): string | undefined {
  const target = raw.toString('utf8');
  if (!Buffer.from(target).equals(raw) || /[\x00-\x1f\x7f]/.test(target)) {
    return 'is a link to a name that is not UTF-8 or has control characters';
  }
  if (target.startsWith('/')) return `is a link to the absolute path ${target}`;
  const leads = posix.normalize(posix.join(dirname(path), target));
  if (/^\.\.(\/|$)/.test(leads)) return `is a link that leads outside, to ${target}`;
  // A `..` after a name depends on where that name leads if it is a link itself.
  if (!/(^|\/)[^/]+\/+\.\.(\/|$)/.test(target.replace(/^(\.{1,2}\/+)+/, ''))) return undefined;
  return isInside(root, realOf(join(root, dirname(path)) + '/' + target) ?? '/') ? undefined
    : `is a link to ${target}, which leads outside or nowhere by another link`;
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Paths that are one on a file system that ignores case or the form of accents. */
export function caseCollisions(paths: readonly string[]): Problem[] {
  const seen = new Map<string, string>();
  return paths.flatMap((path) => {
    const key = path.normalize('NFC').toUpperCase().toLowerCase();
    const other = seen.get(key);
    if (other === undefined) {
      seen.set(key, path);
      return [];
    }
    return [{
      message: `differs from ${other} only in case or accents`, place: path,
      fix: 'Rename one of them: on some systems one would overwrite the other.',
    }];
  });
}
