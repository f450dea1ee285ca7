import type { Problem, SeatrialError } from '../errors.ts';
import { defuse, plainLines } from './text.ts';
import { wrap } from './width.ts';

/** All problems of an error, place first, the fix indented; numbered when more than one. */
export function renderProblems(error: SeatrialError, columns = Infinity): string {
  return problemLines(error.problems, columns).join('\n');
}

/** The same as lines of at most `columns`, without a line's end. */
export function problemLines(problems: readonly Problem[], columns = Infinity): string[] {
  return problems.flatMap((problem, index) => {
    const mark = problems.length === 1 ? '' : `${index + 1}. `;
    const place = problem.place === undefined ? '' : `${problem.place}: `;
    return [
      ...hang(`${place}${problem.message}`, { first: mark, columns }),
      ...problem.fix === undefined ? []
        : hang(problem.fix, { first: `${' '.repeat(mark.length)}  `, columns }),
    ];
  });
}

/** Text behind `first`, its further lines as far to the right as its first one. */
export function hang(text: string, shape: { first: string; columns: number }): string[] {
  const further = ' '.repeat(shape.first.length);
  return plainLines(text)
    .flatMap((line) => wrap(line, shape.columns - shape.first.length))
    .map((line, index) => defuse(`${index === 0 ? shape.first : further}${line}`.trimEnd()));
}
