/**
 * Placeholders in the user's texts. `{word}` in small letters and hyphens is one; `{{word}}` is
 * the text `{word}`; after a `$`, and in any other form (`{}`, `{a,b}`, `{ print $1 }`), braces
 * belong to the shell. In URLs, where braces have no other use, `{NAME}` is a placeholder as well.
 */
export const shellPlaceholders = ['release', 'version', 'shared', 'current', 'entry'] as const;

const word = '[a-z][a-z0-9-]*';
const patterns = {
  shell: new RegExp(`(?<!\\$)(?:\\{\\{(${word})\\}\\}|\\{(${word})\\})`, 'g'),
  url: new RegExp(`\\{\\{([A-Za-z][\\w-]*)\\}\\}|\\{([A-Za-z][\\w-]*)\\}`, 'g'),
};

export type PlaceholderText = keyof typeof patterns;

export interface SubstituteOptions {
  /** Default `shell`. */
  readonly text?: PlaceholderText;
  /** Applied to each value; shell text needs the one that makes single quotes. */
  readonly quote?: (value: string) => string;
}

export type PlaceholderValues = Readonly<Record<string, string | undefined>>;

/** Names used, in order, each once. */
export function placeholdersOf(text: string, kind: PlaceholderText = 'shell'): string[] {
  const names = [...text.matchAll(patterns[kind])].flatMap((match) => match[2] ?? []);
  return [...new Set(names)];
}

/**
 * Puts values in. One pass: braces in a value are never looked at again.
 * Throws a plain Error for a name without a value: parsing has refused unknown names, so it is
 * a bug of the caller.
 */
export function substitute(
  text: string, values: PlaceholderValues, options: SubstituteOptions = {},
): string {
  const quote = options.quote ?? ((value: string): string => value);
  return text.replace(patterns[options.text ?? 'shell'],
    (_match, escaped: string | undefined, name: string | undefined) => {
      if (escaped !== undefined) return `{${escaped}}`;
      const value = name !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined) throw new Error(`no value for the placeholder {${name}}`);
      return quote(value);
    });
}

/**
 * Placeholders that stand inside shell quotes. Their values are quoted when they are put in, and
 * quotes inside quotes end up as characters of the path.
 */
export function quotedPlaceholders(text: string): string[] {
  const quoted = quotedParts(text);
  return [...text.matchAll(patterns.shell)]
    .filter((match) => match[2] !== undefined && quoted[match.index] === true)
    .flatMap((match) => match[2] ?? []);
}

/** For each character: is it inside single or double quotes? Comments and `\` are understood. */
function quotedParts(text: string): boolean[] {
  let quote = '';
  let skip = false;
  let comment = false;
  return [...text].flatMap((character) => Array<string>(character.length).fill(character))
    .map((character, index, all) => {
      const inside = quote !== '';
      if (comment) comment = character !== '\n';
      else if (skip) skip = false;
      else if (character === '\\' && quote !== "'") skip = true;
      else if (inside) quote = character === quote ? '' : quote;
      else if (character === "'" || character === '"') quote = character;
      else comment = character === '#' && /^\s?$/.test(all[index - 1] ?? '');
      return inside;
    });
}
