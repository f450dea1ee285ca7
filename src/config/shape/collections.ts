import { describeTree } from '../tree.ts';
import { child, invalid, refuse, type Invalid, type Shape } from './shape.ts';

/** Bounds what rules that compare every item with every other have to do. */
export const itemsMax = 1000;

export interface ListRules {
  /** `a list of paths`. */
  readonly expects: string;
  readonly min?: number;
  /** Items that are texts may stand only once. */
  readonly unique?: boolean;
}

export function list<T>(item: Shape<T>, rules: ListRules): Shape<readonly T[]> {
  const min = rules.min ?? 0;
  return {
    expects: rules.expects,
    schema: {
      type: 'array', items: item.schema, minItems: min, maxItems: itemsMax,
      ...(rules.unique === true ? { uniqueItems: true } : {}),
    },
    read: (tree, at) => {
      if (tree.kind !== 'list') {
        return refuse(at, `must be ${rules.expects}, not ${describeTree(tree)}`);
      }
      if (tree.items.length < min) return refuse(at, `must be ${rules.expects}, not empty`);
      if (tree.items.length > itemsMax) return refuse(at, `has more than ${itemsMax} items`);
      const values: (T | Invalid)[] = tree.items.map((it, index) =>
        item.read(it, child(at, index, it)));
      const twice = rules.unique === true ? repeated(values) : -1;
      const second = tree.items[twice];
      if (second !== undefined) refuse(child(at, twice, second), 'stands twice in this list');
      const good = values.filter((value): value is T => value !== invalid);
      return good.length === values.length && twice < 0 ? good : invalid;
    },
  };
}

function repeated(values: readonly unknown[]): number {
  return values.findIndex((value, index) =>
    value !== invalid && values.indexOf(value) < index);
}

/** A value alone, or a list of them; always read as a list. */
export function oneOrMore<T>(item: Shape<T>, rules: ListRules): Shape<readonly T[]> {
  const several = list(item, rules);
  return {
    expects: `${item.expects}, or ${rules.expects}`,
    schema: { anyOf: [item.schema, several.schema] },
    read: (tree, at) => {
      if (tree.kind === 'list') return several.read(tree, at);
      const value = item.read(tree, at);
      return value === invalid ? invalid : [value];
    },
  };
}

export interface Forms<T> {
  readonly expects: string;
  readonly scalar?: Shape<T>;
  readonly list?: Shape<T>;
  readonly map?: Shape<T>;
  /** What to say to a form that a later version will take. */
  readonly later?: { readonly kind: 'list' | 'scalar' | 'map'; readonly fix: string };
}

/** One meaning with several forms, told apart by the kind of the YAML value. */
export function forms<T>(rules: Forms<T>): Shape<T> {
  const shapes = [rules.scalar, rules.list, rules.map].filter((shape) => shape !== undefined);
  return {
    expects: rules.expects,
    schema: { anyOf: shapes.map((shape) => shape.schema) },
    read: (tree, at) => {
      const shape = rules[tree.kind];
      const empty = tree.kind === 'scalar' && tree.value === null;
      if (shape !== undefined && !empty) return shape.read(tree, at);
      if (rules.later?.kind === tree.kind) {
        return refuse(at, `${describeTree(tree)} is not yet supported here`, rules.later.fix);
      }
      return refuse(at, `must be ${rules.expects}, not ${describeTree(tree)}`);
    },
  };
}
