import type { ObjectLine } from './comparison.ts';

/** Which lines only follow from another one: the columns of a table, the files of a directory. */
export interface Gone {
  readonly alone: readonly ObjectLine[];
  readonly parts: ReadonlyMap<ObjectLine, readonly ObjectLine[]>;
}

interface Known {
  /** By name: what has parts of its own. */
  readonly roots: ReadonlyMap<string, ObjectLine>;
  /** By name of a sequence: the table whose column it counts for. */
  readonly sequences: ReadonlyMap<string, string>;
}

/** The same for what went and for what came. */
export function goneWith(lines: readonly ObjectLine[]): Gone {
  const known = knownOf(lines);
  const parts = new Map<ObjectLine, ObjectLine[]>();
  const alone: ObjectLine[] = [];
  for (const line of lines) {
    const root = rootOf(line, known);
    const siblings = root === undefined ? alone : parts.get(root);
    if (siblings !== undefined) siblings.push(line);
    else if (root !== undefined) parts.set(root, [line]);
  }
  return { alone, parts };
}

/** `3 columns, 2 indexes, 1,200 rows`; undefined where nothing went with it. */
export function whatWent(root: ObjectLine, parts: readonly ObjectLine[]): string | undefined {
  const counts = new Map<string, number>();
  for (const part of parts) {
    const kind = nounOf(part);
    // Who owned it and who had which right is no news beside it; a sequence has no rows.
    if (kind === 'owner' || kind === 'grant') continue;
    if (kind === 'rows' && [root, ...parts].some((it) => isSequenceOf(it, part))) continue;
    const more = kind === 'rows' ? Number(part.detail.split('\t')[0]) : 1;
    counts.set(kind, (counts.get(kind) ?? 0) + more);
  }
  const words = [...counts].map(([kind, count]) => countOf(count, kind));
  return words.length === 0 ? undefined : words.join(', ');
}

function isSequenceOf({ kind, name }: ObjectLine, rows: ObjectLine): boolean {
  return kind === 'sequence' && name === rows.name;
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

/** The kind of an object as a person says it. */
export function nounOf(line: ObjectLine): string {
  return isDirectory(line) ? 'directory' : line.kind;
}

function isDirectory({ kind, detail }: ObjectLine): boolean {
  return kind === 'file' && /^(d|dir|directory)(\s|$)/.test(detail);
}

/** What is of a table by its name or its definition, and what can be of anything. */
const ofTables = ['column', 'index', 'constraint', 'trigger'];
const ofAnything = ['owner', 'grant', 'rows'];

function knownOf(lines: readonly ObjectLine[]): Known {
  const isPart = ({ kind }: ObjectLine): boolean => [...ofTables, ...ofAnything].includes(kind);
  const roots = lines.filter((it) => it.kind === 'file' ? isDirectory(it) : !isPart(it));
  const tables = new Set(roots.filter(({ kind }) => kind === 'table').map(({ name }) => name));
  const columns = lines.filter(({ kind, name }) => kind === 'column' && tables.has(ownerOf(name)));
  return {
    // Of two that have one name, it is the table that has parts.
    roots: new Map([...roots.filter(({ kind }) => kind !== 'table'),
      ...roots.filter(({ kind }) => kind === 'table')].map((it) => [it.name, it])),
    // As PostgreSQL names it: public.visits_id_seq for public.visits.id.
    sequences: new Map(columns.map(({ name }) =>
      [`${ownerOf(name)}_${name.slice(ownerOf(name).length + 1)}_seq`, ownerOf(name)])),
  };
}

function rootOf(line: ObjectLine, known: Known): ObjectLine | undefined {
  const { kind, name } = line;
  if (kind === 'file') return directoryOf(line, known);
  const table = known.sequences.get(name);
  if (kind === 'sequence') return table === undefined ? undefined : known.roots.get(table);
  const names = ofAnything.includes(kind) ? [table ?? name, ownerOf(name)]
    : ofTables.includes(kind) ? [ownerOf(name), tableOf(line) ?? ''] : [];
  return names.map((it) => known.roots.get(it)).find((it) => it !== undefined);
}

/** The outermost directory that went, so that a tree is one difference. */
function directoryOf({ name }: ObjectLine, known: Known): ObjectLine | undefined {
  for (let slash = name.indexOf('/', 1); slash > 0; slash = name.indexOf('/', slash + 1)) {
    const directory = known.roots.get(name.slice(0, slash));
    if (directory !== undefined) return directory;
  }
  return undefined;
}

/** The table that an index or a trigger is on, by its definition. */
function tableOf({ kind, detail }: ObjectLine): string | undefined {
  if (kind !== 'index' && kind !== 'trigger') return undefined;
  return /\bON (?:ONLY )?([^\s(]+)/i.exec(detail)?.[1]?.replace(/["`]/g, '');
}
