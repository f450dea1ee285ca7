import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { SeatrialError } from '../errors.ts';
import { kindAt, resolveInside } from './paths.ts';
import { findTool, run, type Environment } from './process.ts';

export interface UnpackOptions {
  /** Resolved path of package.directory, where the build ran. */
  readonly base: string;
  /** The tarball that the build made, relative to `base`; `{version}` is filled in. */
  readonly archive: string;
  /** An absent directory to unpack into. */
  readonly into: string;
  readonly environment: Environment;
}

/**
 * Unpacks a tarball that a build command made, with the system's tar, into a new directory of our
 * own. Returns the resolved path of its one top directory. What is dangerous in it is refused
 * by tar (names with `..`) or later by the walk (links that lead outside, devices, setuid).
 */
export async function unpackBuilt(options: UnpackOptions): Promise<string> {
  const file = builtFile(options);
  mkdirSync(options.into, { recursive: true, mode: 0o700 });
  const result = await run({
    tool: findTool('tar', options.environment),
    arguments: ['--extract', '--no-same-owner', '--preserve-permissions', `--file=${file}`,
      `--directory=${options.into}`],
    cwd: options.into,
    environment: { PATH: options.environment['PATH'] ?? '', LC_ALL: 'C.UTF-8', TZ: 'UTC' },
  });
  if (result.status !== 0) {
    throw new SeatrialError('refused', [{
      message: [`${options.archive} cannot be unpacked`, ...result.tail].join('\n'),
      place: 'package.archive',
      fix: 'It must be a tar or tar.gz with ordinary names below one top directory.',
    }]);
  }
  const tops = readdirSync(options.into);
  const [top] = tops;
  if (top !== undefined && tops.length === 1 && kindAt(join(options.into, top)) === 'directory') {
    return realpathSync(join(options.into, top));
  }
  throw new SeatrialError('refused', [{
    message: `${options.archive} has no single top directory, but ${listed(tops)}`,
    place: 'package.archive',
    fix: 'Let the build put all files below one directory, as `setup.py sdist` does.',
  }]);
}

function builtFile(options: UnpackOptions): string {
  const found = resolveInside(options.base, options.archive);
  if (!('path' in found)) {
    throw new SeatrialError('bad-input', [{ ...found, place: 'package.archive' }]);
  }
  const kind = kindAt(found.path);
  if (kind === 'file') return found.path;
  const directory = dirname(found.path);
  const there = kindAt(directory) === 'directory' ? listed(readdirSync(directory)) : 'nothing';
  throw new SeatrialError('refused', [{
    message: kind === 'absent' ? `the build did not make ${options.archive}; `
      + `in ${posix.dirname(options.archive)} is ${there}` : `${options.archive} is a ${kind}`,
    place: 'package.archive',
    fix: 'Correct package.archive, or the version that the build writes.',
  }]);
}

function listed(names: readonly string[]): string {
  const shownMax = 10;
  const more = names.length > shownMax ? `, … (${names.length})` : '';
  return names.length === 0 ? 'nothing'
    : names.toSorted().slice(0, shownMax).map((it) => JSON.stringify(it)).join(', ') + more;
}
