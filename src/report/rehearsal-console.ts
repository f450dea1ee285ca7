import { changeOf, subjectOf } from '../trial/difference-words.ts';
import type { Difference, Rehearsal } from '../trial/rehearsal.ts';
import type { GlanceRow, Mark } from './document.ts';
import type { Paint, Tone } from './paint.ts';
import { hang } from './problems.ts';
import { differenceVerdict, rehearsalDocument } from './rehearsal-document.ts';
import { byWeight } from './rehearsal-words.ts';
import { plainLine } from './text.ts';
import { padColumns, widthOf, wrap } from './width.ts';

interface Look {
  readonly columns: number;
  readonly paint: Paint;
}

const tones: Readonly<Record<Mark, Tone>> =
  { good: 'good', bad: 'bad', warn: 'warn', plain: 'plain' };
const differencesMax = 20;
/** On less, what a line is about stands before its text, not beside it. */
const besideColumnsMin = 60;

/**
 * A rehearsal for a terminal or a log: the verdict, why, what a person decides by, what changed
 * in the data. All the rest is in the job summary and on the page.
 */
export function rehearsalLines(rehearsal: Rehearsal, look: Look): string[] {
  const { columns, paint } = look;
  const content = rehearsalDocument(rehearsal);
  const title = (text: string): string[] =>
    ['', ...wrap(text, columns).map((line) => paint(line, 'strong'))];
  const titled = (text: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [...title(text), ...lines];
  const items = (texts: readonly string[]): string[] =>
    texts.flatMap((it) => hang(it, { first: '  - ', columns }));
  return [
    ...wrap(plainLine(content.headline), columns)
      .map((line) => paint(line, content.isGood ? 'good' : 'bad')),
    ...wrap(plainLine(content.about), columns),
    ...titled('Why:', content.reasons.flatMap((reason, index) =>
      hang(reason, { first: `  ${index + 1}. `, columns }))),
    ...titled('At a glance:', glanceLines(content.glance, look)),
    ...titled('What changed in the data:', differenceLines(rehearsal.differences, look)),
    ...titled('Of no use in the configuration:', items(rehearsal.unusedAccept)),
    ...titled('What could not be rehearsed:', items(rehearsal.cannotRehearse)),
  ];
}

/** Before and after, as a person counts; at most 20, those first that nobody accepted. */
export function differenceLines(differences: readonly Difference[], look: Look): string[] {
  const { columns, paint } = look;
  const sorted = byWeight(differences);
  const lines = sorted.slice(0, differencesMax).flatMap((it) => {
    const verdict = differenceVerdict(it);
    return [
      ...hang(`${it.state}: ${subjectOf(it)} ${changeOf(it)}`, { first: '  ', columns }),
      ...hang(verdict.text, { first: '      ', columns })
        .map((line) => paint(line, tones[verdict.mark])),
    ];
  });
  const left = sorted.length - differencesMax;
  return left <= 0 ? lines : [...lines, `  ... and ${left} more`];
}

function glanceLines(rows: readonly GlanceRow[], { columns, paint }: Look): string[] {
  const room = Math.max(...rows.map(({ what }) => widthOf(what)));
  const isNarrow = columns < besideColumnsMin;
  return rows.flatMap(({ what, text, mark }) => hang(isNarrow ? `${what}: ${text}` : text,
    { first: isNarrow ? '  ' : `  ${padColumns(what, room)}  `, columns })
      .map((line) => paint(line, tones[mark])));
}
