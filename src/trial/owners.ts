import type { ObjectLine } from './comparison.ts';

/** Which lines only follow from another one: the columns of a table, the files of a directory. */
export interface Gone {
  readonly alone: readonly ObjectLine[];
  readonly parts: ReadonlyMap<ObjectLine, readonly ObjectLine[]>;
}

/** The same for what went and for what came. */
export function goneWith(lines: readonly ObjectLine[]): Gone {
  const roots = lines.filter(isRoot);
  const byName = new Map(roots.map((it) => [`${it.kind}\t${it.name}`, it]));
  const columns = new Set(lines.filter(({ kind }) => kind === 'column').map(({ name }) => name));
  const parts = new Map<ObjectLine, ObjectLine[]>();
  const alone: ObjectLine[] = [];
  for (const line of lines) {
    const root = rootOf(line, { byName, columns });
    const siblings = root === undefined ? alone : parts.get(root);
    if (siblings !== undefined) siblings.push(line);
    else if (root !== undefined) parts.set(root, [line]);
  }
  return { alone, parts };
}

/** `3 columns, 2 indexes, 1,200 rows`; undefined where nothing went with it. */
export function whatWent(parts: readonly ObjectLine[]): string | undefined {
  const counts = new Map<string, number>();
  for (const part of parts) {
    const kind = nounOf(part);
    const more = kind === 'rows' ? Number(part.detail.split('\t')[0]) : 1;
    counts.set(kind, (counts.get(kind) ?? 0) + more);
  }
  const words = [...counts].map(([kind, count]) => countOf(count, kind));
  return words.length === 0 ? undefined : words.join(', ');
}

/** `1 index`, `2 indexes`, `1,200 rows`. */
export function countOf(count: number, kind: string): string {
  const one = kind === 'rows' ? 'row' : kind;
  const many = /(x|s)$/.test(one) ? `${one}es` : `${one}s`;
  return `${grouped(count)} ${count === 1 ? one : many.replace(/([^aeo])ys$/, '$1ies')}`;
}

/** `1,234,567` */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `public.visits` of `public.visits.ip`. */
export function ownerOf(name: string): string {
  return name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
}

function isRoot(line: ObjectLine): boolean {
  return ['table', 'view', 'class'].includes(line.kind) || isDirectory(line);
}

/** The kind of an object as a person says it. */
export function nounOf(line: ObjectLine): string {
  return isDirectory(line) ? 'directory' : line.kind;
}

function isDirectory({ kind, detail }: ObjectLine): boolean {
  return kind === 'file' && /^(d|dir|directory)(\s|$)/.test(detail);
}

interface Known {
  readonly byName: ReadonlyMap<string, ObjectLine>;
  readonly columns: ReadonlySet<string>;
}

function rootOf(line: ObjectLine, known: Known): ObjectLine | undefined {
  if (line.kind === 'file') return directoryOf(line, known);
  if (['table', 'view', 'class'].includes(line.kind)) return undefined;
  const names = [line.name, ownerOf(line.name), tableOf(line), sequenceTable(line, known)];
  return names.filter((it) => it !== undefined && it !== '').flatMap((name) =>
    ['table', 'view', 'class'].map((kind) => known.byName.get(`${kind}\t${name}`)))
    .find((it) => it !== undefined);
}

/** The outermost directory that went, so that a tree is one difference. */
function directoryOf({ name }: ObjectLine, known: Known): ObjectLine | undefined {
  for (let slash = name.indexOf('/', 1); slash > 0; slash = name.indexOf('/', slash + 1)) {
    const directory = known.byName.get(`file\t${name.slice(0, slash)}`);
    if (directory !== undefined) return directory;
  }
  return undefined;
}

/** The table that an index or a trigger is on, by its definition. */
function tableOf({ kind, detail }: ObjectLine): string | undefined {
  if (kind !== 'index' && kind !== 'trigger') return undefined;
  return /\bON (?:ONLY )?([^\s(]+)/i.exec(detail)?.[1]?.replace(/["`]/g, '');
}

/** A sequence goes with its column: `public.visits_id_seq` with `public.visits.id`. */
function sequenceTable({ kind, name }: ObjectLine, { columns }: Known): string | undefined {
  if (kind !== 'sequence' && kind !== 'grant' && kind !== 'owner') return undefined;
  const column = [...columns].find((it) =>
    name === `${ownerOf(it)}_${it.slice(ownerOf(it).length + 1)}_seq`);
  return column === undefined ? undefined : ownerOf(column);
}
