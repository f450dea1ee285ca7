import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type BigIntStats } from 'node:fs';
import { which } from './sandbox.ts';

/**
 * All that a tree is, a line for each entry: names are bytes, so they are shown as latin1.
 * Times of directories are left out: a rename beside an entry changes them.
 */
export function snapshot(root: string, leftOut = ''): string[] {
  const inodes = new Map<bigint, string>();
  return walk(Buffer.from(root), Buffer.alloc(0), { inodes, leftOut });
}

interface Seen {
  readonly inodes: Map<bigint, string>;
  /** A name at the top that does not count. */
  readonly leftOut: string;
}

function walk(path: Buffer, name: Buffer, seen: Seen): string[] {
  const entry = stat(path);
  const shown = JSON.stringify(name.toString('latin1'));
  if (entry === undefined) return [`${shown} is absent`];
  const line = `${shown} ${describe(path, entry)}${linked(entry, shown, seen.inodes)}`;
  if (!entry.isDirectory()) return [line];
  const names = readdirSync(path, { encoding: 'buffer' }).sort((a, b) => Buffer.compare(a, b));
  return [line, ...names
    .filter((child) => name.length > 0 || child.toString('latin1') !== seen.leftOut)
    .flatMap((child) =>
      walk(join(path, child), name.length === 0 ? child : join(name, child), seen))];
}

function join(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from('/'), name]);
}

function stat(path: Buffer): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

function describe(path: Buffer, entry: BigIntStats): string {
  const owner = `${(entry.mode & 0o7777n).toString(8)} ${entry.uid}:${entry.gid}`;
  if (entry.isDirectory()) return `directory ${owner}`;
  if (entry.isSymbolicLink()) return `link ${readlinkSync(path, 'buffer').toString('latin1')}`;
  if (!entry.isFile()) return `special ${entry.mode & 0o170000n} ${owner}`;
  const digest = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
  const sparse = entry.blocks * 512n < entry.size / 2n ? ' sparse' : '';
  return `file ${owner} ${entry.size} ${entry.mtimeNs} ${digest}${sparse}`;
}

/** Two names of one file stay two names of one file. */
function linked(entry: BigIntStats, shown: string, inodes: Map<bigint, string>): string {
  if (!entry.isFile() || entry.nlink < 2n) return '';
  const first = inodes.get(entry.ino) ?? shown;
  inodes.set(entry.ino, first);
  return ` same as ${first}`;
}

/** Access lists and attributes, where this machine can show them. */
export function accessLists(root: string): string[] {
  const tools = [
    ['getfacl', '-R', '-P', '-n', '-s', '.'],
    ['getfattr', '-R', '-P', '-h', '-d', '-m', '-', '.'],
  ] as const;
  return tools.flatMap(([tool, ...words]) => (which(tool) === undefined ? []
    : spawnSync(tool, words, { cwd: root, encoding: 'latin1' }).stdout.split('\n\n')));
}
