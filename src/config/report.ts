import { SeatrialError, type Problem } from '../errors.ts';
import type { Place } from './tree.ts';

/** More than this helps nobody: a binary file would print thousands of lines. */
const problemsMax = 200;
const charactersMax = 1000;

/** A value that a rule over several sections needs to see, with where it stands. */
export interface Mark {
  readonly role: MarkRole;
  readonly value: string;
  readonly path: string;
  readonly place: Place;
  /** What else the rule needs to know of it: the kind of a state, say. */
  readonly detail?: string;
}

export type MarkRole =
  | 'application' | 'records' | 'directory' | 'replaces' | 'replaces-unwritten' | 'install-run'
  | 'state' | 'entry' | 'pidfile' | 'unit' | 'shared' | 'private' | 'shell' | 'check-shell'
  | 'check-url' | 'state-name' | 'named-state' | 'masked' | 'accepted' | 'database'
  | 'staging-host' | 'needs-staging' | 'instead' | 'same-host';

interface Found {
  readonly place: Place;
  readonly path: string;
  readonly problem: Problem;
}

/** Collects everything that is wrong with one file, and the marks for the rules. */
export class Report {
  readonly #file: string;
  readonly #found: Found[] = [];
  readonly #marks: Mark[] = [];
  #syntaxErrors = 0;

  constructor(file: string) {
    this.#file = file;
  }

  add(place: Place, message: string, fix?: string): void {
    this.#push({ place, path: '', message }, fix);
  }

  /** After one of these a missing key proves nothing: it may stand in the part not understood. */
  addSyntax(place: Place, message: string): void {
    this.#syntaxErrors += 1;
    this.add(place, message);
  }

  addAt(at: { readonly place: Place; readonly path: string }, message: string, fix?: string): void {
    this.#push({ place: at.place, path: at.path, message }, fix);
  }

  tell(mark: Mark, message: string, fix?: string): void {
    this.addAt(mark, `\`${mark.path}\` ${message}`, fix);
  }

  mark(mark: Mark): void {
    this.#marks.push(mark);
  }

  marks(...roles: readonly MarkRole[]): readonly Mark[] {
    return this.#marks.filter((mark) => roles.includes(mark.role));
  }

  get hasSyntaxErrors(): boolean {
    return this.#syntaxErrors > 0;
  }

  /** Whether something in this section is already known to be wrong. */
  failed(section: string): boolean {
    return this.hasSyntaxErrors || this.#found.some((it) => /^\w*/.exec(it.path)?.[0] === section);
  }

  /** In the order of the file, each once; empty: nothing is wrong. */
  problems(): readonly Problem[] {
    const sorted = [...this.#found].sort((a, b) =>
      a.place.line - b.place.line || a.place.column - b.place.column);
    const unique = new Map(sorted.map((it) =>
      [`${it.problem.place} ${it.problem.message}`, it.problem]));
    const problems = [...unique.values()];
    const over = problems.length - problemsMax;
    if (over <= 0) return problems;
    return [...problems.slice(0, problemsMax),
      { place: problems[problemsMax]?.place ?? this.#file, message: `and ${over} more problems` }];
  }

  throwProblems(): void {
    const problems = this.problems();
    if (problems.length > 0) throw new SeatrialError('bad-input', problems);
  }

  #push(at: { place: Place; path: string; message: string }, fix: string | undefined): void {
    const place = `${this.#file}:${at.place.line}:${at.place.column}`;
    const message = printable(at.message);
    const problem = fix === undefined ? { message, place }
      : { message, place, fix: printable(fix) };
    this.#found.push({ place: at.place, path: at.path, problem });
  }
}

/** Keys and values come from a file: no line break, no escape sequence reaches a terminal. */
function printable(text: string): string {
  const short = text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text;
  return short.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, (character) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
