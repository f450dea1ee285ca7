import * as core from '@actions/core';
import type { Result, World } from '../commands/world.ts';
import { formatProblem, SeatrialError, ends, type Problem } from '../errors.ts';
import { problemsMarkdown } from '../report/markdown.ts';
import { plainLines } from '../report/text.ts';
import { addToJobSummary } from './job-summary.ts';

/** GitHub shows ten errors of a step and drops the others without a word. */
const annotationsMax = 10;
const annotationCharactersMax = 4000;

/** What went wrong, beside the job's name: people look there first. */
export function annotateResult(result: Result): void {
  if (result.kind === 'rehearsal') annotate(result.rehearsal.reasons);
  if (result.kind !== 'summary' || ends[result.summary.end] === 0) return;
  const { end, host, reason = '', next, problems } = result.summary;
  const commands = next.length === 0 ? '' : `\nNext: ${next.join('\n      ')}`;
  annotate([`${host}: ${end}: ${reason}${commands}`, ...problems.map(formatProblem)]);
}

/** Also in the job's summary, which has room for all of them. */
export function annotateError(error: unknown, world: World | undefined): void {
  const problems: readonly Problem[] = error instanceof SeatrialError ? error.problems
    : [{ message: `internal error: ${String(error instanceof Error ? error.stack : error)}` }];
  annotate(problems.map(formatProblem));
  const end = error instanceof SeatrialError ? error.kind : 'internal error';
  if (world !== undefined) addToJobSummary({ world }, problemsMarkdown(end, problems));
}

function annotate(texts: readonly string[]): void {
  const shown = texts.length > annotationsMax ? texts.slice(0, annotationsMax - 1) : texts;
  for (const text of shown) {
    const shortened = plainLines(text).join('\n').slice(0, annotationCharactersMax);
    core.error(shortened, { title: 'Seatrial' });
  }
  if (shown.length < texts.length) {
    core.error(`and ${texts.length - shown.length} more: see the log`, { title: 'Seatrial' });
  }
}
