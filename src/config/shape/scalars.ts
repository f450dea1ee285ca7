import { didYouMean } from '../suggest.ts';
import { describeTree, type Tree } from '../tree.ts';
import { invalid, refuse, type At, type Invalid, type Shape } from './shape.ts';

const defaultCharactersMax = 4096;

export interface TextRules {
  readonly expects: string;
  /** The whole text must match; also in the JSON Schema, so written for the `u` flag. */
  readonly pattern?: string;
  /** Line breaks and tabs are allowed. */
  readonly lines?: boolean;
  readonly charactersMax?: number;
  /** Tells what else is wrong, for `… <answer>`; undefined: nothing. Not in the schema. */
  readonly fault?: (value: string) => string | undefined;
  /** What to do, for the person who reads the message. */
  readonly fix?: string;
}

/** A text that is not empty and has no control characters. */
export function text(rules: TextRules): Shape<string> {
  const charactersMax = rules.charactersMax ?? defaultCharactersMax;
  const pattern = rules.pattern === undefined ? undefined : new RegExp(rules.pattern, 'u');
  return {
    expects: rules.expects,
    schema: {
      type: 'string', minLength: 1, maxLength: charactersMax,
      ...(rules.pattern === undefined ? {} : { pattern: rules.pattern }),
    },
    read: (tree, at) => {
      const value = plainText(tree, at, rules);
      if (value === invalid) return invalid;
      if (value.length > charactersMax) {
        return refuse(at, `is longer than ${charactersMax} characters`);
      }
      const fault = rules.fault?.(value);
      if (fault !== undefined) return refuse(at, fault, rules.fix);
      return pattern?.test(value) === false ? mismatch(tree, at, rules) : value;
    },
  };
}

function mismatch(tree: Tree, at: At, rules: TextRules): Invalid {
  return refuse(at, `must be ${rules.expects}, not ${describeTree(tree)}`, rules.fix);
}

function plainText(tree: Tree, at: At, rules: TextRules): string | Invalid {
  if (tree.kind !== 'scalar' || tree.value === null) return mismatch(tree, at, rules);
  if (typeof tree.value !== 'string') {
    // Quotes help only where the quoted text would be right.
    const pattern = new RegExp(rules.pattern ?? '', 'u');
    if (!pattern.test(tree.source)) return mismatch(tree, at, rules);
    const kind = typeof tree.value === 'number' ? 'a number' : 'a truth value';
    return refuse(at, `must be ${rules.expects}; without quotes ${tree.source} is ${kind} in YAML`,
      `Quote it: "${tree.source}".`);
  }
  if (tree.value.trim() === '') return refuse(at, `must be ${rules.expects}, not empty`);
  const control = rules.lines === true
    ? /[\u0000-\u0008\u000b-\u001f\u007f\p{Surrogate}]/u : /[\u0000-\u001f\u007f\p{Surrogate}]/u;
  const found = control.exec(tree.value)?.[0];
  if (found === undefined) return tree.value;
  if (found === '\n') return refuse(at, 'must be one line');
  const code = found.charCodeAt(0).toString(16).padStart(4, '0');
  return refuse(at, `contains the control character U+${code.toUpperCase()}`);
}

export interface NumberRules {
  readonly expects: string;
  readonly min: number;
  readonly max: number;
}

export function integer(rules: NumberRules): Shape<number> {
  const expects = `${rules.expects} (a whole number from ${rules.min} to ${rules.max})`;
  return {
    expects,
    schema: { type: 'integer', minimum: rules.min, maximum: rules.max },
    read: (tree, at) => {
      const value = tree.kind === 'scalar' ? tree.value : undefined;
      if (typeof value === 'number' && Number.isInteger(value)
        && value >= rules.min && value <= rules.max) return value;
      const quoted = typeof value === 'string' && /^\d+$/.test(value);
      return refuse(at, `must be ${expects}, not ${describeTree(tree)}`,
        quoted ? 'Take the quotes away.' : undefined);
    },
  };
}

export const truth: Shape<boolean> = {
  expects: 'true or false',
  schema: { type: 'boolean' },
  read: (tree, at) => {
    if (tree.kind === 'scalar' && typeof tree.value === 'boolean') return tree.value;
    return refuse(at, `must be true or false, not ${describeTree(tree)}`);
  },
};

/** One of some words; `later` are words that a later version will take, with what they need. */
export function choice<const W extends string>(
  words: readonly W[], later: Readonly<Record<string, string>> = {},
): Shape<W> {
  const expects = words.length === 1 ? `\`${words[0]}\`` : `one of ${words.join(', ')}`;
  return {
    expects,
    schema: { enum: words },
    read: (tree, at) => {
      const value = tree.kind === 'scalar' ? tree.value : undefined;
      const found = words.find((word) => word === value);
      if (found !== undefined) return found;
      if (typeof value === 'string' && Object.hasOwn(later, value)) {
        return refuse(at, `\`${value}\` is not yet supported`, later[value]);
      }
      const fix = typeof value === 'string' ? didYouMean(value, words) : undefined;
      return refuse(at, `must be ${expects}, not ${describeTree(tree)}`, fix);
    },
  };
}

/** What to say to a word that is understood, but stands in the wrong place or alone. */
export interface Reply {
  readonly message: string;
  readonly fix: string;
}

/** Answers some words itself, before `shape` sees them. */
export function replying<T>(
  shape: Shape<T>, replies: Readonly<Record<string, Reply>>,
): Shape<T> {
  return {
    ...shape,
    read: (tree, at) => {
      const word = tree.kind === 'scalar' && typeof tree.value === 'string' ? tree.value : '';
      const reply = Object.hasOwn(replies, word) ? replies[word] : undefined;
      return reply === undefined ? shape.read(tree, at) : refuse(at, reply.message, reply.fix);
    },
  };
}
