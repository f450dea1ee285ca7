/**
 * The configuration file as a plain tree with places: what every shape reads. It knows nothing
 * about YAML, and aliases are already followed (the same subtree stands in several parents).
 */
export interface Place {
  /** Both count from 1; columns are UTF-16 units, as editors count them. */
  readonly line: number;
  readonly column: number;
}

export type Tree = ScalarTree | ListTree | MapTree;

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: string | number | boolean | null;
  /** As it is written in the file; `1.10` is the number 1.1 but was written `1.10`. */
  readonly source: string;
}

export interface ListTree {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly Tree[];
}

export interface MapTree {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: readonly MapEntry[];
}

export interface MapEntry {
  readonly key: string;
  readonly place: Place;
  readonly value: Tree;
}

const shownCharactersMax = 60;

/** How a message shows what it found. */
export function describeTree(tree: Tree): string {
  if (tree.kind === 'list') return tree.items.length === 0 ? 'an empty list' : 'a list';
  if (tree.kind === 'map') return 'a map of keys';
  if (tree.value === null) return 'empty';
  if (typeof tree.value === 'string') return show(tree.value);
  return `the ${typeof tree.value === 'number' ? 'number' : 'truth value'} ${tree.source}`;
}

/** A text as JSON, shortened: control characters never reach the terminal. */
export function show(text: string): string {
  return JSON.stringify(text.length > shownCharactersMax
    ? `${text.slice(0, shownCharactersMax)}…` : text);
}

export function entryOf(tree: MapTree, key: string): MapEntry | undefined {
  return tree.entries.find((entry) => entry.key === key);
}
