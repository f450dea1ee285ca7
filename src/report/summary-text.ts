import type { Place, Summary } from './events.ts';
import type { Paint, Tone } from './paint.ts';
import { hang, problemLines } from './problems.ts';
import { defuse, plainLine } from './text.ts';
import { formatSeconds } from './units.ts';
import { padColumns, widthOf, wrap } from './width.ts';
import { headline, windowText } from './words.ts';

const tones: Record<Summary['end'], Tone> = {
  done: 'good', unchanged: 'good', restored: 'bad', refused: 'bad', 'needs-human': 'bad',
  cancelled: 'warn', running: 'warn', busy: 'warn', degraded: 'bad',
};

/** `sha256:` and as much as a person compares by eye; all of it is in the job summary. */
const digestCharacters = 'sha256:'.length + 12;

/**
 * The last block of a command, to be read by somebody who was woken up: how it ended, why,
 * where things are, what to type. What is to be copied (paths, commands) is never broken.
 */
export function summaryLines(
  summary: Summary, look: { columns: number; paint: Paint },
): string[] {
  const { columns, paint } = look;
  const title = (text: string): string[] => ['', paint(text, 'strong')];
  const places = placeLines(factsOf(summary, digestCharacters), columns);
  const problems = problemsToShow(summary);
  const next = summary.next.map((command) => defuse(`  ${plainLine(command)}`));
  return [
    ...wrap(plainLine(headline(summary)), columns)
      .map((line) => paint(line, tones[summary.end])),
    ...whyLines(summary, columns),
    ...wrap(windowText(summary, formatSeconds), columns).filter((line) => line !== ''),
    ...problems.length === 0 ? [] : [
      ...title(problems.length === 1 ? 'Problem:' : 'Problems:'),
      ...problemLines(problems, columns - 2).map((line) => `  ${line}`),
    ],
    ...places.length === 0 ? [] : ['', ...places],
    ...next.length === 0 ? [] : [...title('Next:'), ...next],
  ];
}

/** The reason, unless the first problem says the same words with more to it. */
export function reasonToShow(summary: Summary): string | undefined {
  const [first] = summary.problems;
  const said = first !== undefined && summary.reason === first.message
    && problemsToShow(summary).length > 0;
  return said ? undefined : summary.reason;
}

/** The problems, unless the only one says nothing that the reason does not. */
export function problemsToShow(summary: Summary): Summary['problems'] {
  const [first, second] = summary.problems;
  const bare = first !== undefined && second === undefined
    && first.message === summary.reason && first.place === undefined && first.fix === undefined;
  return bare ? [] : summary.problems;
}

/** What it was about, and the places on the host. */
export function factsOf(summary: Summary, digestCharactersMax = Infinity): Place[] {
  const digest = summary.digest !== undefined && summary.digest.length > digestCharactersMax
    ? `${summary.digest.slice(0, digestCharactersMax)}...` : summary.digest;
  const release = [summary.version, digest].filter((it) => it !== undefined).join('  ');
  return [
    { what: 'host', path: summary.host },
    { what: 'release', path: release },
    { what: 'run', path: summary.run ?? '' },
    { what: 'approval', path: summary.approval ?? '' },
    ...summary.places,
  ].filter(({ path }) => path !== '');
}

function whyLines(summary: Summary, columns: number): string[] {
  const reason = reasonToShow(summary);
  return reason === undefined ? [] : hang(reason, { first: 'Why: ', columns });
}

function placeLines(places: readonly Place[], columns: number): string[] {
  const rows = places.map(({ what, path }) => ({ what: plainLine(what), path: plainLine(path) }));
  const longest = Math.max(0, ...rows.map(({ what }) => widthOf(what)));
  const room = Math.min(longest, Math.max(8, Math.floor(columns / 3)));
  return rows.flatMap(({ what, path }) => {
    const line = `  ${padColumns(what, room)}  ${path}`;
    if (widthOf(what) <= room && widthOf(line) <= columns) return [defuse(line)];
    return [...hang(what, { first: '  ', columns }), defuse(`    ${path}`)];
  });
}
