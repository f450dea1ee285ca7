import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface Bytes {
  readonly files: number;
  /** sha256 over the name and the content of every file. */
  readonly digest: string;
}

/**
 * The bytes of the guestbook's state, where it lives or in a rescue copy.
 * @param database path of the SQLite file; what SQLite keeps beside it counts as well
 */
export function stateBytes(database: string, uploads: string): Bytes {
  const beside = readdirSync(dirname(database))
    .filter((name) => name === basename(database) || /^-(journal|wal|shm)$/.test(
      name.startsWith(basename(database)) ? name.slice(basename(database).length) : ''));
  const files = [
    ...beside.map((name) => ({ name: `database${name.slice(basename(database).length)}`,
      path: join(dirname(database), name) })),
    ...filesBelow(uploads).map((name) => ({ name: `uploads/${name}`, path: join(uploads, name) })),
  ].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  const lines = files.map(({ name, path }) => `${sha256(readFileSync(path))}  ${name}\n`);
  return { files: files.length, digest: sha256(lines.join('')) };
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Paths of all files below a directory; a link counts as what it is not: a file to be read. */
function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !lstatSync(join(directory, name)).isDirectory());
}
