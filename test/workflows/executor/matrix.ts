import { equal, isValues, wordsOf, type Value, type Values } from './expressions.ts';
import { InvalidWorkflow } from './errors.ts';

export interface Leg {
  readonly matrix: Values;
  /** ` (linux, 20)`, made of the leg's scalars without what `include` added to it. */
  readonly suffix: string;
}

/** All legs of `strategy.matrix`, in GitHub's order: the first vector changes slowest. */
export function legsOf(matrix: Values): Leg[] {
  const { include, exclude, ...vectors } = matrix;
  const names = Object.keys(vectors);
  for (const name of names) listed(vectors[name], name);
  const excluded = listed(exclude ?? [], 'exclude').map(mapping);
  const filters = listed(include ?? [], 'include').map(mapping);
  const used = new Set<Values>();
  const legs = product(vectors).filter((leg) => !excluded.some((each) => holds(leg, each)))
    .map((leg) => {
      const extras = filters.filter((each) => holds(leg, pick(each, (name) => name in vectors)));
      for (const each of extras) used.add(each);
      const extra = extras.map((each) => pick(each, (name) => !(name in vectors)));
      return { matrix: extra.reduce((all, each) => ({ ...all, ...each }), leg),
        suffix: suffixOf(leg) };
    });
  const added = filters.filter((each) => !used.has(each))
    .map((each) => ({ matrix: each, suffix: suffixOf(each) }));
  return [...legs, ...added];
}

function product(vectors: Values): Values[] {
  const names = Object.keys(vectors);
  if (names.length === 0) return [];
  return names.reduce<Values[]>((legs, name) => legs.flatMap((leg) =>
    listed(vectors[name], name).map((value) => ({ ...leg, [name]: value }))), [{}]);
}

function pick(from: Values, wanted: (name: string) => boolean): Values {
  return Object.fromEntries(Object.entries(from).filter(([name]) => wanted(name)));
}

/** A filter may name a part of a value only. */
function holds(value: Value | undefined, filter: Value): boolean {
  if (filter === null || typeof filter !== 'object') return equal(value ?? null, filter);
  if (value === undefined || !isValues(value) || !isValues(filter)) return false;
  return Object.entries(filter).every(([key, wanted]) => holds(value[key], wanted));
}

function listed(value: Value | undefined, name: string): readonly Value[] {
  if (value instanceof Array) return value;
  throw new InvalidWorkflow('strategy.matrix', [`'${name}' is not a list`]);
}

function mapping(value: Value): Values {
  if (isValues(value)) return value;
  throw new InvalidWorkflow('strategy.matrix', ['include and exclude are lists of mappings']);
}

function suffixOf(leg: Values): string {
  const scalars = (value: Value): string[] => {
    if (value instanceof Array) return value.flatMap(scalars);
    return isValues(value) ? Object.values(value).flatMap(scalars) : [wordsOf(value)];
  };
  const words = Object.values(leg).flatMap(scalars).filter((each) => each !== '');
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}
