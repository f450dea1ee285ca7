import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from './stage.ts';

/**
 * All that a host has that this machine has not: everything that was ever written on it, by
 * anybody. Two traces are equal where nothing was touched in between; a difference names the file.
 * What is left out: Seatrial's own records; the log that the daemon writes about each request; the
 * marks of these tests; and the time of directories, in which something came and went.
 */
export async function traceOf(stage: Stage): Promise<Record<string, string>> {
  const trace: Record<string, string> = {};
  for (const [path, told] of await walk(await upperOf(stage), '')) trace[path] = told;
  return trace;
}

const leftOut = [
  /^\/var\/lib\/seatrial\/minibot\/./,
  /^\/srv\/minibot\/run\/twistd\.log$/,
  // Where what is swapped is laid ready: it stays, and it is empty.
  /^\/srv\/minibot\/\.seatrial-minibot$/,
  /^\/home\/deploy\/(here|go|at-stop|pid)$/,
];

/** The disk of the host, through the one process that has it mounted. */
async function upperOf({ host }: Stage): Promise<string> {
  const directory = join(host.knownHostsFile, '..');
  const [keeper = ''] = (await readFile(join(directory, 'keeper'), 'utf8')).split(' ');
  return join('/proc', keeper, 'root', directory, 'disk/upper');
}

async function walk(root: string, path: string): Promise<[string, string][]> {
  if (leftOut.some((it) => it.test(path))) return [];
  const full = join(root, path);
  const seen = await lstat(full);
  const told = `${seen.mode.toString(8)} ${seen.uid} ${seen.gid} ${seen.rdev}`;
  if (seen.isSymbolicLink()) return [[path, `${told} ${await readlink(full)}`]];
  if (seen.isFile()) return [[path, `${told} ${seen.size} ${seen.mtimeMs} ${await digest(full)}`]];
  if (!seen.isDirectory()) return [[path, told]];
  const names = (await readdir(full)).sort();
  const below = await Promise.all(names.map((it) => walk(root, `${path}/${it}`)));
  return [[path, told], ...below.flat()];
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
