import type { MarkRole, Report } from '../report.ts';
import type { Place, Tree } from '../tree.ts';

/**
 * A shape reads one kind of value and describes it to editors: parser and JSON Schema come from
 * the same table, so that they cannot disagree about keys. Whatever a shape reads, its schema
 * accepts; rules that look across values exist in the parser only.
 */
export interface Shape<T> {
  /** For `… must be <expects>`. */
  readonly expects: string;
  readonly schema: JsonSchema;
  /** Reports everything that is wrong below `tree` before it gives `invalid`. */
  read(tree: Tree, at: At): T | Invalid;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export const invalid: unique symbol = Symbol('invalid');
export type Invalid = typeof invalid;

/** Where the reading is. */
export interface At {
  /** `checks[1].http.url`; empty for the whole file. */
  readonly path: string;
  readonly place: Place;
  readonly report: Report;
  /** Keys of the other forms of this value: key -> what to say about it. */
  readonly foreign?: ReadonlyMap<string, string>;
}

export function refuse(at: At, message: string, fix?: string): Invalid {
  const subject = at.path === '' ? 'the file' : `\`${at.path}\``;
  at.report.addAt(at, `${subject} ${message}`, fix);
  return invalid;
}

/** `child(at, 'url', tree)` or `child(at, 3, tree)`. */
export function child(at: At, key: string | number, tree: { readonly place: Place }): At {
  const step = typeof key === 'number' ? `[${key}]` : at.path === '' ? key : `.${key}`;
  return { path: `${at.path}${step}`, place: tree.place, report: at.report };
}

/** Reads with `shape` and goes on with `change`, which may refuse. */
export function mapped<T, U>(
  shape: Shape<T>, change: (value: T, at: At) => U | Invalid,
): Shape<U> {
  return {
    expects: shape.expects,
    schema: shape.schema,
    read: (tree, at) => {
      const value = shape.read(tree, at);
      return value === invalid ? invalid : change(value, at);
    },
  };
}

/** Leaves a note of a text for the rules that look across sections. */
export function marked<T extends string>(role: MarkRole, shape: Shape<T>): Shape<T> {
  return mapped(shape, (value, at) => {
    at.report.mark({ role, value, path: at.path, place: at.place });
    return value;
  });
}
