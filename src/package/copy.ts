import {
  copyFileSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isInside, kindAt, resolveInside } from './paths.ts';
import type { Problem } from '../errors.ts';

export interface CopyRequest {
  /** Resolved path of the exported tree: `from` is relative to it. */
  readonly root: string;
  /** Resolved path of package.directory: `to` is relative to it. */
  readonly base: string;
  readonly from: readonly string[];
  readonly to: string;
  readonly place: string;
}

/**
 * Copies files and directories inside the exported tree. Several sources, or a `to` that is `.`,
 * ends in `/`, or (for a file) is a directory, put the sources into `to` under their own names;
 * otherwise `to` is the new name, and a directory is merged into what is there.
 * Returns problems; with any, nothing or only part was copied, and the tree must not be used.
 */
export function copyInto(request: CopyRequest): Problem[] {
  const target = resolveInside(request.base, request.to);
  if (!('path' in target)) return [{ ...target, place: request.place }];
  return request.from.flatMap((from) => {
    const source = resolveInside(request.root, from);
    if (!('path' in source)) return [{ ...source, place: request.place }];
    const kind = kindAt(source.path);
    if (kind === 'absent') return [missing(from, request.place)];
    const inside = request.from.length > 1 || /(^\.|\/)$/.test(request.to)
      || (kind !== 'directory' && kindAt(target.path) === 'directory');
    const to = inside ? join(target.path, basename(source.path)) : target.path;
    if (isInside(source.path, to)) {
      return [{ message: `${from} cannot be copied into itself`, place: request.place }];
    }
    return copyOne(source.path, to).map((it) => ({ ...it, place: request.place }));
  });
}

function missing(from: string, place: string): Problem {
  return {
    message: `${from} is not in the tagged commit`,
    place,
    fix: 'Paths to copy from are relative to the top of the repository. Commit the file '
      + '(is it in .gitignore?), or correct the path; then tag again.',
  };
}

function copyOne(source: string, target: string): Problem[] {
  const kind = kindAt(source);
  const there = kindAt(target);
  if (there === 'link' || there === 'other' || (there === 'directory') !== (kind === 'directory')) {
    if (there !== 'absent') {
      return [{
        message: `${basename(target)} exists already as another kind (${there})`,
        fix: 'Remove it from the repository, or copy to another name.',
      }];
    }
  }
  mkdirSync(dirname(target), { recursive: true });
  if (kind === 'directory') {
    mkdirSync(target, { recursive: true });
    return readdirSync(source).flatMap((name) => copyOne(join(source, name), join(target, name)));
  }
  if (kind === 'link') symlinkSync(readlinkSync(source), target);
  else if (lstatSync(source).isFile()) {
    rmSync(target, { force: true });
    copyFileSync(source, target);
  }
  return [];
}
