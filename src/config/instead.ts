import type { Replacement } from './config.ts';
import type { MapEntry, Tree } from './tree.ts';

/** Sections whose texts may be others on staging; the rest says what staging itself is. */
const sections: readonly string[] =
  ['records', 'install', 'service', 'maintenance', 'state', 'checks', 'mask'];

/**
 * What is the same on both: names that sections call each other by, where production's data
 * comes from, and files of the repository.
 */
const kept: Readonly<Record<string, readonly string[]>> = {
  state: ['name', 'command', 'copy-from'], mask: ['state', 'sql', 'greenmask'],
};

export interface ReplacedTree {
  readonly tree: Tree;
  /** The texts `of` that were found. */
  readonly used: ReadonlySet<string>;
}

/**
 * Puts `use` where `of` stands, in the values of the file's tree; their places stay. One pass,
 * the longest text first, and what was put in is not looked at again. A number is replaced as a
 * whole only. The states get the names that they have on production, in the file's order.
 */
export function replaceTexts(
  file: Tree, replacements: readonly Replacement[], names: readonly string[],
): ReplacedTree {
  const used = new Set<string>();
  const replacer = replacerOf(replacements, used);
  if (file.kind !== 'map') return { tree: file, used };
  const entries = file.entries.map((entry): MapEntry => {
    if (!sections.includes(entry.key)) return entry;
    const value = changed(entry.value, { ...replacer, keep: kept[entry.key] ?? [] });
    return { ...entry, value: entry.key === 'state' ? withNames(value, names) : value };
  });
  return { tree: { ...file, entries }, used };
}

interface Replacer {
  readonly inText: (text: string) => string;
  /** `54` is no part of the number 5432. */
  readonly whole: (text: string) => string;
}

interface Change extends Replacer {
  /** Keys of the section's entries whose values stay. */
  readonly keep: readonly string[];
}

function changed(tree: Tree, change: Change): Tree {
  switch (tree.kind) {
    case 'list': return { ...tree, items: tree.items.map((it) => changed(it, change)) };
    case 'map': return { ...tree, entries: tree.entries.map((entry) =>
      (change.keep.includes(entry.key) ? entry
        : { ...entry, value: changed(entry.value, { ...change, keep: [] }) })) };
    case 'scalar': {
      if (typeof tree.value === 'string') return { ...tree, value: change.inText(tree.value) };
      if (typeof tree.value !== 'number') return tree;
      const source = change.whole(tree.source);
      return source === tree.source ? tree
        : { ...tree, source, value: /^[0-9]+$/.test(source) ? Number(source) : source };
    }
  }
}

function replacerOf(replacements: readonly Replacement[], used: Set<string>): Replacer {
  const uses = new Map(replacements.map((it) => [it.of, it.use]));
  const whole = (found: string): string => {
    const use = uses.get(found);
    if (use !== undefined) used.add(found);
    return use ?? found;
  };
  if (uses.size === 0) return { whole, inText: (text) => text };
  const longestFirst = [...uses.keys()].sort((a, b) => b.length - a.length);
  const pattern = longestFirst.map((of) => of.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|');
  return { whole, inText: (text) => text.replace(new RegExp(pattern, 'g'), whole) };
}

/** Default names come from paths, which may be others now: the names are written out. */
function withNames(tree: Tree, names: readonly string[]): Tree {
  if (tree.kind !== 'list') return tree;
  return { ...tree, items: tree.items.map((item, index) => {
    const name = names[index];
    if (item.kind !== 'map' || name === undefined) return item;
    if (item.entries.some((it) => it.key === 'name' || it.key === 'command')) return item;
    const value: Tree = { kind: 'scalar', place: item.place, value: name, source: name };
    return { ...item, entries: [...item.entries, { key: 'name', place: item.place, value }] };
  }) };
}
