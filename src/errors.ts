/**
 * The one table of ends and exit codes (docs/ends.md), and the error that people can act on.
 * Everything else that is thrown is a bug: it exits with 70 and a stack trace.
 */
export const ends = {
  done: 0,
  unchanged: 0,
  restored: 10,
  refused: 11,
  'needs-human': 12,
  cancelled: 13,
  running: 14,
  busy: 15,
  degraded: 16,
} as const;

export type End = keyof typeof ends;

export const exitBadInput = 2;
export const exitInternal = 70;

/** How an error of the world ends a command: one of the ends, or bad input. */
export type ErrorKind = 'refused' | 'busy' | 'running' | 'cancelled' | 'needs-human' | 'bad-input';

/** One thing that is wrong, with its place where there is one. */
export interface Problem {
  readonly message: string;
  /** File, line and column as `seatrial.yml:12:5`, or the option's name. */
  readonly place?: string;
  /** What to do about it, as a whole sentence. */
  readonly fix?: string;
}

/**
 * An error of the world: shown without a stack, with every problem at once.
 * `problems` is never empty; the first one is the headline.
 */
export class SeatrialError extends Error {
  override readonly name = 'SeatrialError';
  readonly kind: ErrorKind;
  readonly problems: readonly Problem[];

  constructor(kind: ErrorKind, problems: readonly Problem[] | string, cause?: unknown) {
    const list = typeof problems === 'string' ? [{ message: problems }] : problems;
    super(list.map(formatProblem).join('\n'), cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.problems = list;
  }
}

export function formatProblem(problem: Problem): string {
  const place = problem.place === undefined ? '' : `${problem.place}: `;
  const fix = problem.fix === undefined ? '' : `\n  ${problem.fix}`;
  return `${place}${problem.message}${fix}`;
}

/** The exit status of an error; the only place that decides it. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof SeatrialError)) return exitInternal;
  return error.kind === 'bad-input' ? exitBadInput : ends[error.kind];
}
