import { formatSeconds } from '../report/units.ts';
import { padColumns, wrap } from '../report/width.ts';
import type { Act } from './acts.ts';
import type { Keepsakes } from './keepsakes.ts';

const columns = 80;
const indent = 3;

/** The whole output is one screen of a terminal: at most 50 lines of 80 columns. */
export function openingText(directory: string): string {
  return text([
    'Seatrial demo: a guestbook (web application, SQLite, uploads) on "production",',
    `which is ${directory}.`,
    'Staging is a directory beside it. No server, no root; all that follows really',
    'happens and is checked by looking.',
  ]);
}

export function actText(number: number, act: Act, seconds: number): string {
  const result = `${act.summary.end.toUpperCase()} ${formatSeconds(seconds).padStart(5)}`;
  const title = padColumns(`${number}  ${act.title}`, columns - result.length - 1);
  return text(['', `${title} ${result}`, ...act.lines.flatMap((line) =>
    wrap(line, columns - indent).map((part) => `${' '.repeat(indent)}${part}`))]);
}

export function endingText(kept: Keepsakes, seconds: number): string {
  return text(['',
    `All of it held, in ${formatSeconds(seconds)}. The guestbook is stopped; this is kept for you:`,
    `  rehearsal      ${kept.page}`,
    `  report         ${kept.report}`,
    `  rescue copy    ${kept.rescue}`,
    `  failed bundle  ${kept.bundle}`,
    `Remove it with   rm -rf ${kept.directory}`,
    'For your own application, see README.md and docs/configuration.md.']);
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
