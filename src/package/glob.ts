import { SeatrialError, type Problem } from '../errors.ts';

/**
 * Globs over paths with `/`: `*` and `?` inside one name (dot files too), `**` over any number of
 * names, `{a,b}` alternatives. Brackets are ordinary characters: `pages/[id].js` is a real name.
 */
export interface Glob {
  readonly source: string;
  readonly matches: (path: string) => boolean;
  /** Whether something below this directory could match. */
  readonly reaches: (directory: string) => boolean;
}

const alternativesMax = 1000;

export function compileGlob(source: string): Glob {
  const expressions = expandBraces(normalize(source)).map((it) => ({
    test: new RegExp(`^${translate(it)}$`, 's'),
    literal: it.split('/').slice(0, firstWild(it)),
  }));
  return {
    source,
    matches: (path) => expressions.some((it) => it.test.test(path)),
    reaches: (directory) => expressions.some((it) => {
      const names = directory.split('/');
      return names.every((name, index) => index >= it.literal.length || it.literal[index] === name);
    }),
  };
}

/** All that is wrong with the globs of one option. */
export function globProblems(place: string, sources: readonly string[]): Problem[] {
  return sources.flatMap((source) => {
    const wrong = globProblem(source);
    return wrong === undefined ? [] : [{ message: `${JSON.stringify(source)} ${wrong}`, place }];
  });
}

function globProblem(source: string): string | undefined {
  if (source === '') return 'is empty';
  if (source.startsWith('!')) return 'is a negation: use package.exclude instead';
  if (source.startsWith('/')) return 'is absolute: globs are relative to package.directory';
  if (source.split('/').includes('..')) return 'leads out of package.directory';
  if (source.includes('\\')) return 'has a backslash in it, which no packed name can have';
  const depth = [...source].reduce((open, char) => (open < 0 ? open
    : open + (char === '{' ? 1 : char === '}' ? -1 : 0)), 0);
  return depth === 0 ? undefined : 'has a brace that is not paired';
}

function normalize(source: string): string {
  return source.split('/').filter((name) => name !== '' && name !== '.').join('/') || '**';
}

function firstWild(source: string): number {
  const names = source.split('/');
  const index = names.findIndex((name) => /[*?]/.test(name));
  return index < 0 ? names.length : index;
}

/** `a{b,c{d,e}}` -> ab acd ace */
export function expandBraces(source: string): string[] {
  const open = source.indexOf('{');
  if (open < 0) return [source];
  const { end, parts } = alternatives(source, open);
  const expanded = parts.flatMap((part) =>
    expandBraces(source.slice(0, open) + part + source.slice(end + 1)));
  if (expanded.length > alternativesMax) {
    throw new SeatrialError('bad-input', [{
      message: `a glob has over ${alternativesMax} alternatives`,
    }]);
  }
  return expanded;
}

function alternatives(source: string, open: number): { end: number; parts: string[] } {
  const parts: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let index = open; index < source.length; index += 1) {
    const char = source[index];
    if (char === '{') depth += 1;
    if (char === '}') depth -= 1;
    if ((char === ',' && depth === 1) || depth === 0) {
      parts.push(source.slice(from, index));
      from = index + 1;
    }
    if (depth === 0) return { end: index, parts };
  }
  return { end: source.length, parts: [source.slice(open + 1)] };
}

function translate(source: string): string {
  const names = source.split('/');
  return names.map((name, index) => {
    const last = index === names.length - 1;
    if (name === '**') return last ? '.+' : '(?:[^/]+/)*';
    const text = name.replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '[^/]*').replace(/\?/g, '[^/]');
    return last ? text : `${text}/`;
  }).join('');
}
