import { mkdtempSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { SeatrialError } from '../errors.ts';

/** A reader that went away (`| head`) must not end the watch: the host would miss its watcher. */
export function ignoreLostReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

export function makeTemporary(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'seatrial-'));
  } catch (cause) {
    throw new SeatrialError('bad-input', [{
      message: `no temporary directory can be made in ${tmpdir()}`,
      fix: 'Set TMPDIR to a directory that can be written and has space.',
    }], cause);
  }
}

/** A container may run as a number that has no name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
