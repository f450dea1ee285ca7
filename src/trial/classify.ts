import type { Comparison, ObjectLine } from './comparison.ts';
import { contentDifferences, describeDetail, isSequence, sequenceDifference } from './content.ts';
import { goneWith, nounOf, ownerOf, whatWent } from './owners.ts';
import type { Difference } from './rehearsal.ts';
import { isWider } from './wider.ts';

interface Changes {
  readonly removed: readonly ObjectLine[];
  readonly added: readonly ObjectLine[];
  /** The same object before and after. */
  readonly pairs: readonly Pair[];
}

export interface Pair {
  readonly before: ObjectLine;
  readonly after: ObjectLine;
}

/** What the differing lines of one state mean; never empty where there is such a line. */
export function classify(comparison: Comparison): Difference[] {
  const changes = pairUp(withoutTotals(comparison));
  const { state } = comparison;
  const touched = new Set(changes.pairs.map(({ before }) => before)
    .filter(({ kind }) => kind === 'rows').map(({ name }) => name));
  return [
    ...gone(changes, state),
    ...changes.pairs.flatMap((pair) => pairDifferences(pair, { state, touched })),
    ...come(changes, state),
    ...leftOut(comparison),
  ];
}

/** The total of a directory says nothing that its files do not; alone, it says that they differ. */
function withoutTotals(comparison: Comparison): Comparison {
  const { removed, added } = comparison;
  if (![...removed, ...added].some(({ kind }) => kind === 'file')) return comparison;
  const isTotal = ({ kind, name }: ObjectLine): boolean => kind === 'rows' && name === '.';
  return { ...comparison, removed: removed.filter((it) => !isTotal(it)),
    added: added.filter((it) => !isTotal(it)) };
}

/** Several lines may bear one name (grants): only what is there once on both sides is a pair. */
function pairUp({ removed, added }: Comparison): Changes {
  const key = ({ kind, name }: ObjectLine): string => `${kind}\t${name}`;
  const before = groupBy(removed, key);
  const after = groupBy(added, key);
  const pairs: Pair[] = [];
  for (const [name, [old, ...more]] of before) {
    const [now, ...others] = after.get(name) ?? [];
    if (old !== undefined && now !== undefined && more.length + others.length === 0) {
      pairs.push({ before: old, after: now });
    }
  }
  const paired = new Set(pairs.flatMap((pair) => [pair.before, pair.after]));
  return {
    pairs,
    removed: removed.filter((it) => !paired.has(it)),
    added: added.filter((it) => !paired.has(it)),
  };
}

function gone({ removed, added }: Changes, state: string): Difference[] {
  const { alone, parts } = goneWith(removed);
  return alone.map((object): Difference => {
    const rowsOnly = object.kind === 'rows';
    return {
      state, objectKind: nounOf(object), object: object.name,
      kind: rowsOnly ? 'rows-lost' : 'dropped',
      before: describeDetail(object), after: rowsOnly ? 'not counted' : '',
      with: whatWent(object, parts.get(object) ?? []),
      hint: renamedTo(object, { removed, added }),
    };
  });
}

/** What came; the rows of a table that was not counted before are no proof of anything. */
function come({ added }: Changes, state: string): Difference[] {
  const { alone, parts } = goneWith(added);
  return alone.map((object): Difference => {
    const rowsOnly = object.kind === 'rows';
    return {
      state, objectKind: nounOf(object), object: object.name,
      kind: rowsOnly ? 'content' : 'added',
      before: rowsOnly ? 'not counted' : '', after: describeDetail(object),
      with: whatWent(object, parts.get(object) ?? []),
    };
  });
}

function pairDifferences(
  { before, after }: Pair, { state, touched }: { state: string; touched: ReadonlySet<string> },
): Difference[] {
  const whole = { state, objectKind: before.kind, object: before.name };
  if (before.kind === 'rows' && isSequence(before) && isSequence(after)) {
    return [{ ...whole, ...sequenceDifference(before, after) }];
  }
  if (before.kind === 'rows' || before.kind === 'file') {
    return contentDifferences({ before, after }).map((it) => ({ ...whole, ...it }));
  }
  const isSafe = before.kind === 'column' && !touched.has(ownerOf(before.name))
    && isWider(before.detail, after.detail);
  return [{
    ...whole, kind: 'changed', before: describeDetail(before), after: describeDetail(after),
    harmless: isSafe ? 'wider: it holds all that it held, and the content is the same'
      : undefined,
  }];
}

function leftOut({ state, more }: Comparison): Difference[] {
  return more === 0 ? [] : [{
    state, objectKind: 'more', object: '(not listed)', kind: 'changed',
    before: `${more} more differing lines`, after: '',
  }];
}

/** A table with the same rows, a column of the same type, a file with the same bytes. */
function renamedTo(
  object: ObjectLine, { removed, added }: { removed: readonly ObjectLine[];
    added: readonly ObjectLine[] },
): string | undefined {
  const named = (names: readonly string[], why: string): string | undefined =>
    names.length === 0 ? undefined : `looks renamed to ${names.slice(0, 3).join(' or ')}: ${why}`;
  const sameDetail = (kind: string, detail: string): string[] =>
    added.filter((it) => it.kind === kind && it.detail === detail).map(({ name }) => name);
  switch (object.kind) {
    case 'table': {
      const rows = removed.find(({ kind, name }) => kind === 'rows' && name === object.name);
      const same = rows === undefined || rows.detail.startsWith('0\t') ? []
        : sameDetail('rows', rows.detail);
      return named(same, 'same digest')
        ?? named(sameColumns(object.name, { removed, added }), 'same columns');
    }
    case 'column': return named(sameDetail('column', object.detail)
      .filter((name) => ownerOf(name) === ownerOf(object.name)), 'same type');
    case 'file': return /\b[0-9a-f]{32,}\b/.test(object.detail)
      ? named(sameDetail('file', object.detail), 'same bytes') : undefined;
    default: return undefined;
  }
}

/** Tables that came with exactly these columns. */
function sameColumns(
  table: string, { removed, added }: { removed: readonly ObjectLine[];
    added: readonly ObjectLine[] },
): string[] {
  const columnsOf = (name: string, lines: readonly ObjectLine[]): string => lines
    .filter((it) => it.kind === 'column' && ownerOf(it.name) === name)
    .map((it) => `${it.name.slice(name.length)}\t${it.detail}`).sort().join('\n');
  const wanted = columnsOf(table, removed);
  return wanted === '' ? [] : added.filter((it) => it.kind === 'table'
    && columnsOf(it.name, added) === wanted).map(({ name }) => name);
}

function groupBy(
  lines: readonly ObjectLine[], key: (line: ObjectLine) => string,
): Map<string, ObjectLine[]> {
  const groups = new Map<string, ObjectLine[]>();
  for (const line of lines) {
    const group = groups.get(key(line));
    if (group === undefined) groups.set(key(line), [line]);
    else group.push(line);
  }
  return groups;
}
