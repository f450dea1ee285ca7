import type { Problem } from '../errors.ts';

/**
 * Finding and replacing one value in a source text of any language, line by line. Pure.
 * A value is only replaced when it is a plain literal: replacing half of an expression would
 * produce a program that is wrong in a new way.
 */
export interface Target {
  /** `variable`: `NAME = value`; `argument`: `name=value` in a call; `pattern`: a regex. */
  readonly kind: 'variable' | 'argument' | 'pattern';
  readonly name: string;
}

export interface Found {
  /** Counted from 1. */
  readonly line: number;
  /** The whole line, without its end. */
  readonly text: string;
  /** Offsets of the value in the line; the quotes are part of it. */
  readonly start: number;
  readonly end: number;
  /** False: the value is an expression, `start` to `end` is all that follows. */
  readonly literal: boolean;
}

const declaration = '(?:(?:export|const|let|var|static|final|readonly|public|private|my|our)\\s+)*';
const commentLine = /^\s*(#|\/\/|\/\*|\*|;|--)/;
const quoted = /^(?:"(?!"")(?:[^"\\]|\\.)*"|'(?!'')(?:[^'\\]|\\.)*')/;
const bare = /^[^\s;,()[\]{}#'"=]+/;
const comment = '(?:#|//|/\\*|--\\s).*';

/** All places where the text gives the target a value; comment lines are not looked at. */
export function findTarget(text: string, target: Target): Found[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  return lines.flatMap((line, index) =>
    valuesIn(line, target).map((it) => ({ ...it, line: index + 1, text: line })));
}

type Span = Pick<Found, 'start' | 'end' | 'literal'>;

function valuesIn(line: string, target: Target): Span[] {
  if (target.kind === 'pattern') return patternSpans(line, target.name);
  if (commentLine.test(line)) return [];
  const name = target.name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  if (target.kind === 'variable') {
    const start = new RegExp(`^\\s*${declaration}\\$?${name}\\s*(?::[^=]{0,80})?=(?![=>])\\s*`);
    const tail = new RegExp(`^\\s*[;,]?\\s*(?:${comment})?$`);
    return [...line.matchAll(new RegExp(start, 'g'))]
      .map((match) => spanAt(line, match[0].length, tail));
  }
  const start = new RegExp(`(?<![\\w.$])${name}\\s*=(?![=>])\\s*`, 'g');
  const tail = new RegExp(`^\\s*(?:[,)].*|${comment})?$`);
  return [...line.matchAll(start)]
    .map((match) => ({ at: match.index, span: spanAt(line, match.index + match[0].length, tail) }))
    // At the line's start and without a comma after it, it is an assignment, not an argument.
    .filter(({ at, span }) => at > 0 || /^\s*[,)]/.test(line.slice(span.end)))
    .map(({ span }) => span);
}

function spanAt(line: string, start: number, tail: RegExp): Span {
  const rest = line.slice(start);
  const value = (quoted.exec(rest) ?? bare.exec(rest))?.[0];
  if (value !== undefined && tail.test(rest.slice(value.length))) {
    return { start, end: start + value.length, literal: true };
  }
  return { start, end: line.trimEnd().length, literal: false };
}

function patternSpans(line: string, source: string): Span[] {
  return [...line.matchAll(new RegExp(source, 'dg'))].flatMap((match) => {
    const place = match.indices?.[1] ?? match.indices?.[0];
    return place === undefined ? [] : [{ start: place[0], end: place[1], literal: true }];
  });
}

/** The value as a person would say it: without its quotes. */
export function valueOf(found: Found): string {
  const raw = rawOf(found);
  return quoted.test(raw) && raw.length >= 2 && found.literal ? raw.slice(1, -1) : raw;
}

export function rawOf(found: Found): string {
  return found.text.slice(found.start, found.end);
}

/** The text with the found value replaced; quotes around the old value stay around the new one. */
export function replaceFound(text: string, found: Found, to: string): string | Problem {
  const raw = rawOf(found);
  if (/[\r\n\0]/.test(to)) return { message: 'the new value has a line end in it' };
  const quote = found.literal && quoted.test(raw) && !quoted.test(to) ? raw[0] ?? '' : '';
  if (quote !== '' && (to.includes(quote) || to.includes('\\'))) {
    return {
      message: `the new value ${JSON.stringify(to)} does not fit between ${quote} and ${quote}`,
      fix: 'Write the value with its own quotes, escaped as the language of the file asks for.',
    };
  }
  const lines = text.split('\n');
  const line = lines[found.line - 1] ?? '';
  lines[found.line - 1] = line.slice(0, found.start) + quote + to + quote + line.slice(found.end);
  return lines.join('\n');
}
