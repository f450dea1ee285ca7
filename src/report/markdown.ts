import type { Summary, TimelineEntry } from './events.ts';
import { factsOf, problemsToShow, reasonToShow } from './summary-text.ts';
import { plainLine } from './text.ts';
import { formatSeconds } from './units.ts';
import { headline, windowText } from './words.ts';

/** GitHub takes 1 MiB for the summary of one step and drops what is bigger. */
export const githubLimitBytes = 1024 * 1024;

/** How much of a long summary is kept: rows of each list, characters of each text. */
export const sizes =
  [[2000, 2000], [500, 1000], [200, 500], [50, 300], [20, 200], [6, 120], [2, 80]];

export interface Size {
  readonly rows: number;
  readonly characters: number;
}

/**
 * The job summary: the verdict first, then why, the timeline, the places, what to type. Texts
 * from elsewhere have no effect in it. Where it would be over the limit, rows in the middle of
 * lists and ends of texts go, and it says so.
 */
export function summaryMarkdown(summary: Summary, limitBytes = githubLimitBytes): string {
  for (const [rows = 0, characters = 0] of sizes) {
    const text = render(summary, { rows, characters });
    if (Buffer.byteLength(text) <= limitBytes) return text;
  }
  const verdict = `## ${inert(headline(summary), 80)}\n\n`
    + '_Left out: all else was over the limit._\n';
  return Buffer.byteLength(verdict) <= limitBytes ? verdict : '';
}

/** What stopped a command before it had anything to sum up. */
export function problemsMarkdown(title: string, problems: Summary['problems']): string {
  const [rows = 0, characters = 0] = sizes[2] ?? [];
  const text = (value: string): string => inert(value, characters);
  const items = few(problems, { rows, characters }).map((problem) => typeof problem === 'string'
    ? `- ${problem}` : problemItem(problem, text));
  return `## ${text(title)}\n\n${items.join('\n')}\n`;
}

function render(summary: Summary, size: Size): string {
  const reason = reasonToShow(summary);
  const problems = problemsToShow(summary);
  const text = (value: string): string => inert(value, size.characters);
  return [
    `## ${text(headline(summary))}`,
    ...reason === undefined ? [] : [`**Why:** ${text(reason)}`],
    ...paragraph(text(windowText(summary, formatSeconds))),
    ...paragraph(few(problems, size).map((problem) => typeof problem === 'string'
      ? `- ${problem}` : problemItem(problem, text)).join('\n')),
    ...timelineTable(summary.timeline, size),
    ...placesTable(summary, size),
    ...nextBlock(summary.next, size),
  ].join('\n\n') + '\n';
}

function problemItem(
  problem: Summary['problems'][number], text: (value: string) => string,
): string {
  const place = problem.place === undefined ? '' : `<code>${text(problem.place)}</code>: `;
  const fix = problem.fix === undefined ? '' : `<br>${text(problem.fix)}`;
  return `- ${place}${text(problem.message)}${fix}`;
}

const resultWords: Record<TimelineEntry['result'], string> = {
  done: 'done', failed: '**failed**', undone: 'went back',
  'undo-failed': '**failed to go back**',
  unfinished: 'cut off',
};

function timelineTable(timeline: readonly TimelineEntry[], size: Size): string[] {
  if (timeline.length === 0) return [];
  const rows = few(timeline, size).map((entry) => {
    if (typeof entry === 'string') return `| ${entry} | | | |`;
    const [title, why] = [entry.title, entry.text].map((it) => inert(it, size.characters));
    const took = formatSeconds(entry.seconds);
    return `| ${title} | ${took} | ${resultWords[entry.result]} | ${why} |`;
  });
  return [['| Step | Time | Result | |', '|---|--:|---|---|', ...rows].join('\n')];
}

function placesTable(summary: Summary, size: Size): string[] {
  const rows = few(factsOf(summary), size).map((place) => {
    if (typeof place === 'string') return `| ${place} | |`;
    const { what, path } = place;
    return `| ${inert(what, size.characters)} | <code>${inert(path, size.characters)}</code> |`;
  });
  return rows.length === 0 ? [] : [['| Where | |', '|---|---|', ...rows].join('\n')];
}

function nextBlock(next: readonly string[], size: Size): string[] {
  return next.length === 0 ? [] : ['**Next:**', fenced(next.map(plainLine), size, 'sh')];
}

/** Lines that are printable already, as they are. */
export function fenced(printable: readonly string[], size: Size, language: string): string {
  const shown = few(printable.map((line) => ({ line })), size);
  const lines = shown.map((it) => typeof it === 'string' ? `# ${it}` : it.line);
  const ticks = [...lines.join('\n').matchAll(/`+/g)].map(([run]) => run.length);
  const fence = '`'.repeat(Math.max(3, ...ticks.map((run) => run + 1)));
  return `${fence}${language}\n${lines.join('\n')}\n${fence}`;
}

/** The first and the last rows, and between them a word on what is left out. */
export function few<Row extends object>(rows: readonly Row[], size: Size): (Row | string)[] {
  if (rows.length <= size.rows) return [...rows];
  const head = Math.ceil(size.rows / 2);
  const tail = size.rows - head;
  return [
    ...rows.slice(0, head),
    `... ${rows.length - size.rows} left out, the summary would be too long ...`,
    ...tail === 0 ? [] : rows.slice(-tail),
  ];
}

function paragraph(text: string): string[] {
  return text === '' ? [] : [text];
}

/** All but what means nothing anywhere; what begins a list; what makes a link by itself. */
const meaningful = new RegExp([
  '[^\\p{L}\\p{N}\\p{M} .,;:()/=+"\'?%-]', '^[+=-]', '(?<=^\\d+)[.)](?= |$)',
  ':(?! |$)', '(?<=\\bwww)\\.',
].join('|'), 'giu');

/**
 * Text that is only text in Markdown, in a table's cell too: a character given by its number
 * never has a meaning (spec.commonmark.org, "Entity and numeric character references").
 */
export function inert(text: string, charactersMax: number): string {
  const line = plainLine(text);
  const characters = [...line];
  const short = characters.length <= charactersMax
    ? line : `${characters.slice(0, charactersMax).join('')}...`;
  return short.replace(meaningful, (character) =>
    `&#${character.codePointAt(0) ?? 0xfffd};`);
}
