import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SeatrialError } from '../errors.ts';

/** What examples/guestbook/make.mjs exports. */
export interface Maker {
  /** Writes the release tree of one version into an absent directory. */
  makeRelease(version: string, target: string): void;
  makeConfiguration(settings: {
    readonly root: string; readonly port: number; readonly privatePort: number;
    readonly stagingPort: number; readonly stagingPrivatePort: number; readonly node: string;
  }): string;
}

/** Two folders up, from src/demo and from the bundle in dist/main alike. */
export const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * Loads the maker of the guestbook out of the repository that this program lies in.
 * Throws `refused` where it is not there or SQLite is not installed.
 */
export async function loadMaker(from = repository): Promise<Maker> {
  const path = join(from, 'examples', 'guestbook', 'make.mjs');
  if (!existsSync(path)) {
    throw new SeatrialError('refused', [{
      message: 'the demonstration needs examples/guestbook, which is not there', place: path,
      fix: 'Clone the repository of Seatrial, and in it: npm ci && npm run demo',
    }]);
  }
  if (!existsSync(join(from, 'node_modules', 'node-sqlite3-wasm', 'package.json'))) {
    throw new SeatrialError('refused', [{
      message: 'SQLite for the guestbook is not installed', place: join(from, 'node_modules'),
      fix: 'In the repository of Seatrial: npm ci && npm run demo',
    }]);
  }
  // The bundler must leave this alone: the module stays where it is, beside what it copies.
  return await import(/* webpackIgnore: true */ pathToFileURL(path).href) as Maker;
}
