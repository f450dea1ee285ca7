import { lstatSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { SeatrialError, type Problem } from '../errors.ts';
import { compileGlob, globProblems, type Glob } from './glob.ts';
import { caseCollisions, linkProblem, nameProblem, specialProblem } from './unpackable.ts';

/** One thing to be packed; `path` is relative to the walked root, with `/` and without `./`. */
export type TreeEntry =
  | { readonly path: string; readonly type: 'directory' }
  | { readonly path: string; readonly type: 'link'; readonly link: string }
  | {
      readonly path: string;
      readonly type: 'file';
      readonly mode: 0o644 | 0o755;
      readonly bytes: number;
      /** As the walk saw it: a file that differs when it is read has changed meanwhile. */
      readonly seen: BigIntStats;
    };

export interface Selection {
  /** Empty: everything. A matched directory brings all that is below it. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

const entriesMax = 2_000_000;
const problemsShownMax = 50;

/** Throws bad-input with everything that is wrong with the globs. */
export function requireGlobs(selection: Selection): void {
  const problems = [...globProblems('package.include', selection.include),
    ...globProblems('package.exclude', selection.exclude)];
  if (problems.length > 0) throw new SeatrialError('bad-input', problems);
}

/** Whether `package.exclude` takes this path, or a directory above it, out of the package. */
export function isExcluded(path: string, exclude: readonly Glob[]): boolean {
  const names = path.split('/');
  return names.some((_, index) => {
    const prefix = names.slice(0, index + 1).join('/');
    return exclude.some((glob) => glob.matches(prefix));
  });
}

/** Links to what is not packed: allowed, since an installation may provide it, but told. */
export function danglingLinks(entries: readonly TreeEntry[]): string[] {
  const paths = new Set(['.', ...entries.map((it) => it.path)]);
  return entries.flatMap((it) => {
    if (it.type !== 'link') return [];
    const target = posix.join(dirname(it.path), it.link).replace(/\/+$/, '');
    return paths.has(target) ? [] : [`${it.path} is a link to ${it.link}, which is not packed`];
  });
}

interface Walk {
  readonly root: string;
  readonly include: readonly Glob[];
  readonly exclude: readonly Glob[];
  readonly entries: TreeEntry[];
  readonly problems: Problem[];
  readonly used: Set<Glob>;
}

/**
 * All selected entries below `root` (resolved), every directory before what is in it, in the order
 * of the paths' bytes. @throws refused, with everything that cannot be packed safely.
 */
export function walkTree(root: string, selection: Selection): TreeEntry[] {
  requireGlobs(selection);
  const walk: Walk = {
    root,
    include: selection.include.map(compileGlob),
    exclude: selection.exclude.map(compileGlob),
    entries: [], problems: [], used: new Set(),
  };
  visit(walk, { path: '', taken: walk.include.length === 0 });
  const entries = withParents(walk.entries).sort((a, b) =>
    Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const problems = [...walk.problems, ...caseCollisions(entries.map((it) => it.path)),
    ...unusedIncludes(walk)];
  if (problems.length === 0 && entries.length === 0) {
    problems.push({
      message: 'there is nothing to be packed', place: 'package',
      fix: 'Check package.directory, package.include and package.exclude.',
    });
  }
  if (problems.length > 0) throw new SeatrialError('refused', bounded(problems));
  return entries;
}

function visit(walk: Walk, directory: { path: string; taken: boolean }): void {
  for (const name of namesIn(walk, directory.path)) {
    const shown = printable(name);
    const path = directory.path === '' ? shown : `${directory.path}/${shown}`;
    if (walk.exclude.some((glob) => glob.matches(path))) continue;
    const matching = walk.include.filter((glob) => glob.matches(path));
    matching.forEach((glob) => walk.used.add(glob));
    const taken = directory.taken || matching.length > 0;
    const wrong = nameProblem(name);
    if (wrong === undefined) visitNamed(walk, path, taken);
    else if (taken) walk.problems.push({ message: wrong, place: path, fix: excludeFix });
  }
}

function namesIn(walk: Walk, path: string): Buffer[] {
  try {
    return readdirSync(join(walk.root, path), { encoding: 'buffer' });
  } catch (cause) {
    walk.problems.push({
      message: `cannot be read: ${String(cause)}`, place: path === '' ? walk.root : path,
      fix: excludeFix,
    });
    return [];
  }
}

const excludeFix = 'Rename or remove it, or take it out with package.exclude.';

function visitNamed(walk: Walk, path: string, taken: boolean): void {
  const seen = lstatSync(join(walk.root, path), { bigint: true });
  if (seen.isDirectory()) {
    if (taken) add(walk, { path, type: 'directory' });
    if (taken || walk.include.some((glob) => glob.reaches(path))) visit(walk, { path, taken });
    return;
  }
  if (!taken) return;
  const special = specialProblem(seen);
  if (special !== undefined) {
    walk.problems.push({ message: special, place: path, fix: excludeFix });
  } else if (seen.isSymbolicLink()) addLink(walk, path);
  else {
    const mode = (seen.mode & 0o100n) === 0n ? 0o644 : 0o755;
    add(walk, { path, type: 'file', mode, bytes: Number(seen.size), seen });
  }
}

function addLink(walk: Walk, path: string): void {
  const raw = readlinkSync(join(walk.root, path), { encoding: 'buffer' });
  const wrong = linkProblem({ root: walk.root, path, raw });
  if (wrong === undefined) add(walk, { path, type: 'link', link: raw.toString('utf8') });
  else walk.problems.push({ message: wrong, place: path, fix: excludeFix });
}

function add(walk: Walk, entry: TreeEntry): void {
  walk.entries.push(entry);
  if (walk.entries.length > entriesMax) {
    throw new SeatrialError('refused', [{
      message: `there are over ${entriesMax} files to be packed`, place: 'package',
      fix: 'Take out what the application does not need with package.exclude.',
    }]);
  }
}

function withParents(entries: readonly TreeEntry[]): TreeEntry[] {
  const known = new Set(entries.filter((it) => it.type === 'directory').map((it) => it.path));
  const parents: TreeEntry[] = [];
  for (const entry of entries) {
    for (let up = dirname(entry.path); up !== '.' && !known.has(up); up = dirname(up)) {
      known.add(up);
      parents.push({ path: up, type: 'directory' });
    }
  }
  return [...entries, ...parents];
}

function unusedIncludes(walk: Walk): Problem[] {
  return walk.include.filter((glob) => !walk.used.has(glob)).map((glob) => ({
    message: `${JSON.stringify(glob.source)} matches nothing`,
    place: 'package.include',
    fix: 'Was it built? Correct the glob; it is relative to package.directory.',
  }));
}

function bounded(problems: readonly Problem[]): Problem[] {
  const more = problems.length - problemsShownMax;
  return more <= 0 ? [...problems]
    : [...problems.slice(0, problemsShownMax), { message: `and ${more} more problems` }];
}

/** A name as text; bytes that are no UTF-8 and control characters as \xNN. */
function printable(name: Buffer): string {
  const text = name.toString('utf8');
  const faithful = Buffer.from(text).equals(name);
  const base = faithful ? text : name.toString('latin1').replace(/[\x80-\xff]/g, hex);
  return base.replace(/[\x00-\x1f\x7f-\x9f]/g, hex);
}

function hex(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
