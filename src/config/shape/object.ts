import type { LaterKeys } from '../later.ts';
import { didYouMean } from '../suggest.ts';
import { describeTree, entryOf, type MapEntry, type MapTree, type Tree } from '../tree.ts';
import { child, invalid, refuse, type At, type Invalid, type Shape } from './shape.ts';

export interface Field<T> {
  readonly shape: Shape<T>;
  /** What the key means; editors show it. */
  readonly text: string;
  readonly absent: Absent<T>;
}

type Absent<T> =
  | { readonly kind: 'refused'; readonly fix: string | undefined }
  | { readonly kind: 'default'; readonly value: T; readonly shown?: unknown };

export type Fields<T> = { readonly [K in keyof T]: Field<T[K]> };

/** A key that must be there; `fix` tells the person what to write. */
export function required<T>(shape: Shape<T>, description: string, fix?: string): Field<T> {
  return { shape, text: description, absent: { kind: 'refused', fix } };
}

export function optional<T>(shape: Shape<T>, description: string): Field<T | undefined> {
  return { shape, text: description, absent: { kind: 'default', value: undefined } };
}

export function defaulted<T>(shape: Shape<T>, description: string, value: T): Field<T> {
  return { shape, text: description, absent: { kind: 'default', value, shown: value } };
}

export interface ObjectRules {
  readonly expects: string;
  /** Keys that are refused by name, because they come in a later version. */
  readonly later?: LaterKeys;
}

/** A map with known keys only. All its keys are read before it fails. */
export function object<T extends object>(fields: Fields<T>, rules: ObjectRules): Shape<T> {
  const known = Object.entries<Field<unknown>>(fields);
  return {
    expects: rules.expects,
    schema: objectSchema(known),
    read: (tree, at) => {
      if (tree.kind !== 'map') {
        return refuse(at, `must be ${rules.expects}, not ${describeTree(tree)}`);
      }
      const unknown = tree.entries.filter((entry) => !Object.hasOwn(fields, entry.key));
      const names = known.map(([key]) => key);
      for (const entry of unknown) refuseKey(entry, at, { known: names, rules });
      const read = known.map(([key, field]) => [key, readField(key, field, { tree, at })] as const);
      const failed = unknown.length > 0 || read.some(([, value]) => value === invalid);
      // The keys and the types of their values are those of `fields`, one by one.
      return failed ? invalid : Object.fromEntries(read) as T;
    },
  };
}

function readField(
  key: string, field: Field<unknown>, where: { tree: MapTree; at: At },
): unknown {
  const entry = entryOf(where.tree, key);
  if (entry !== undefined) return field.shape.read(entry.value, valueAt(entry, where.at));
  if (field.absent.kind === 'default') return field.absent.value;
  if (where.at.report.hasSyntaxErrors) return invalid;
  const path = child(where.at, key, where.tree);
  return refuse(path, `is missing: ${field.shape.expects}`, field.absent.fix);
}

/** An empty value stands nowhere: its key is the better place. */
function valueAt(entry: MapEntry, at: At): At {
  const empty = entry.value.kind === 'scalar' && entry.value.value === null;
  return child(at, entry.key, empty ? entry : entry.value);
}

function refuseKey(
  entry: MapEntry, at: At, context: { known: readonly string[]; rules: ObjectRules },
): void {
  const here = child(at, entry.key, entry);
  const later = context.rules.later;
  if (later !== undefined && Object.hasOwn(later, entry.key)) {
    refuse(here, 'is not yet supported', `Remove it. ${later[entry.key]}`);
    return;
  }
  const foreign = at.foreign?.get(entry.key);
  if (foreign !== undefined) refuse(here, foreign);
  else refuse(here, 'is not a known key', didYouMean(entry.key, context.known));
}

function objectSchema(fields: readonly (readonly [string, Field<unknown>])[]): object & {
  readonly properties: Readonly<Record<string, unknown>>;
} & Readonly<Record<string, unknown>> {
  return {
    type: 'object',
    additionalProperties: false,
    required: fields.filter(([, field]) => field.absent.kind === 'refused').map(([key]) => key),
    properties: Object.fromEntries(fields.map(([key, field]) => [key, {
      description: field.text,
      ...(field.absent.kind === 'default' && field.absent.shown !== undefined
        ? { default: field.absent.shown } : {}),
      ...field.shape.schema,
    }])),
  };
}

export interface Variant<T> {
  /** The first key tells this form from the others; every key of the form is listed. */
  readonly keys: readonly string[];
  readonly shape: Shape<T>;
}

export interface VariantRules extends ObjectRules {
  readonly fix?: string;
}

/** One of several forms of a map, told apart by the keys that are there. */
export function variants<T>(choices: readonly Variant<T>[], rules: VariantRules): Shape<T> {
  const keys = [...new Set(choices.flatMap((it) => it.keys))];
  return {
    expects: rules.expects,
    schema: { anyOf: choices.map((it) => it.shape.schema) },
    read: (tree, at) => {
      if (tree.kind !== 'map') {
        return refuse(at, `must be ${rules.expects}, not ${describeTree(tree)}`, rules.fix);
      }
      const found = choices.find((it) => entryOf(tree, it.keys[0] ?? '') !== undefined)
        ?? mostAlike(choices, tree);
      if (found === undefined) return refuseForms(tree, at, { keys, rules });
      const first = found.keys[0] ?? '';
      const foreign = new Map(keys
        .filter((key) => !found.keys.includes(key))
        .map((key) => [key, `does not go together with \`${first}\``]));
      return found.shape.read(tree, { ...at, foreign });
    },
  };
}

function mostAlike<T>(choices: readonly Variant<T>[], tree: MapTree): Variant<T> | undefined {
  const [first, second] = choices
    .map((it) => ({ it, score: it.keys.filter((key) => entryOf(tree, key) !== undefined).length }))
    .sort((a, b) => b.score - a.score);
  // Keys that several forms share tell nothing.
  return first?.score === 0 || first?.score === second?.score ? undefined : first?.it;
}

function refuseForms(
  tree: Tree & MapTree, at: At, context: { keys: readonly string[]; rules: VariantRules },
): Invalid {
  const { keys, rules } = context;
  const unknown = tree.entries.filter((it) => !keys.includes(it.key));
  for (const entry of unknown) refuseKey(entry, at, { known: keys, rules });
  if (unknown.length > 0) return invalid;
  const there = tree.entries.map((it) => it.key).join(', ');
  return refuse(at, `must be ${rules.expects}, not ${there === '' ? 'empty' : `only ${there}`}`,
    rules.fix);
}
