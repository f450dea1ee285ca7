import type { AcceptedDifference } from '../config/config.ts';
import { classify } from './classify.ts';
import { parseComparisons } from './comparison.ts';
import { sentence } from './difference-words.ts';
import { matchesName } from './name-glob.ts';
import { isRefused, type Compared, type Difference } from './rehearsal.ts';

export interface ComparisonResult {
  /** One for each state in the texts. */
  readonly compared: readonly Compared[];
  /** Empty exactly where nothing differs. */
  readonly differences: readonly Difference[];
  readonly unusedAccept: readonly AcceptedDifference[];
}

/**
 * What the comparison texts of a host mean (their form: src/trial/comparison.ts). Pure.
 * To ask whether the undo brought all back, or a second migration changed nothing: compare
 * without `accept`, and look whether there are differences at all.
 * @throws refused where a text is no comparison or was cut short.
 */
export function compareStates(
  texts: readonly string[], accept: readonly AcceptedDifference[],
): ComparisonResult {
  const comparisons = texts.flatMap(parseComparisons);
  const found = comparisons.flatMap(classify);
  return {
    compared: comparisons.map(({ state, kind, same }) => ({ state, kind, same })),
    differences: found.map((it) => accepted(it, accept)),
    unusedAccept: accept.filter((entry) => !found.some((it) => allows(entry, it))),
  };
}

const reasonsMax = 20;

/** One sentence for each difference that nobody accepted, with what to do; at most 21. */
export function differenceReasons(differences: readonly Difference[]): string[] {
  const refused = differences.filter(isRefused);
  const sentences = refused.slice(0, reasonsMax).map((it) =>
    `${sentence(it)}: mend the migration, or add it to \`accept\` with a reason.`);
  const left = refused.length - sentences.length;
  return left === 0 ? sentences
    : [...sentences, `${left} more differences that nobody accepted: see the report.`];
}

/** One sentence for each entry of `accept` that is of no use. */
export function unusedAcceptSentences(unused: readonly AcceptedDifference[]): string[] {
  return unused.map((it) => `accept: ${it.object} in ${it.state} (${it.difference}) matched no`
    + ' difference: correct its name, or remove it.');
}

function accepted(difference: Difference, accept: readonly AcceptedDifference[]): Difference {
  const entry = accept.find((it) => allows(it, difference));
  return entry === undefined ? difference : { ...difference, accepted: entry.reason };
}

/** What is not listed may be anything: only "any" of all names allows it. */
function allows(entry: AcceptedDifference, difference: Difference): boolean {
  if (difference.kind === 'added' || entry.state !== difference.state) return false;
  if (difference.objectKind === 'more') {
    return entry.difference === 'any' && (entry.object === '*' || entry.object === '**');
  }
  if (entry.difference !== 'any' && entry.difference !== difference.kind) return false;
  return matchesName(entry.object, difference.object) || coversDirectory(entry, difference);
}

/** Who accepts all that is in a directory, accepts that it goes with it. */
function coversDirectory(entry: AcceptedDifference, difference: Difference): boolean {
  return difference.objectKind === 'directory' && entry.object.endsWith('/**')
    && matchesName(entry.object, `${difference.object}/`);
}
