import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SeatrialError } from '../errors.ts';

const prefix = 'seatrial-';

/**
 * In a job, where its runner empties: a runner that is killed removes nothing, and a key would stay
 * on the machine for ever.
 */
function temporaryParent({ RUNNER_TEMP: ofJob = '' }: NodeJS.ProcessEnv): string {
  return ofJob !== '' && existsSync(ofJob) ? ofJob : tmpdir();
}

/** Whether an earlier process of the job made it, by `makeTemporary`. */
export function isTemporary(path: string, environment: NodeJS.ProcessEnv): boolean {
  return dirname(path) === temporaryParent(environment) && basename(path).startsWith(prefix);
}

export function makeTemporary(environment: NodeJS.ProcessEnv): string {
  const parent = temporaryParent(environment);
  try {
    return mkdtempSync(join(parent, prefix));
  } catch (cause) {
    throw new SeatrialError('bad-input', [{
      message: `no temporary directory can be made in ${parent}`,
      fix: 'Set TMPDIR to a directory that can be written and has space.',
    }], cause);
  }
}
