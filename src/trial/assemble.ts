import type { Config } from '../config/config.ts';
import { migratedTwice } from './again.ts';
import { compareStates, differenceReasons, unusedAcceptSentences } from './compare.ts';
import { attempted, byState, isComplete, type Findings } from './findings.ts';
import { locksOf, rewritesOf } from './locks.ts';
import { isOfProcedure } from './plan.ts';
import type { CheckSeen, Difference, OutsideWrite, Rehearsal, RehearsedStep, Trial, Undo }
  from './rehearsal.ts';

/** What is known before the trial is looked at; it goes into the rehearsal as it is. */
export type Known = Pick<Rehearsal, 'application' | 'release' | 'configDigest' | 'production' |
  'procedureDigest' | 'staging' | 'data' | 'isolation' | 'parity' | 'plan' | 'startedAt' |
  'cannotRehearse' | 'checks' | 'steps'>;

export interface Ended {
  readonly known: Known;
  readonly config: Config;
  /** How the host says that the trial ended: a word of the ends, and the first failure. */
  readonly end: string;
  readonly text: string;
  readonly findings: Findings;
  readonly outside: readonly OutsideWrite[];
  readonly endedAt: string;
}

const tooEarly = 'the trial ended before';
const turnsBack = 'the rehearsal turns back here';

/** Everything but the forecast, which is made from it. Pure. */
export function assemble(ended: Ended): Rehearsal {
  const { known, config, findings } = ended;
  const whole = wholeComparisons(ended);
  const { compared, differences, unusedAccept } = compareStates(whole.texts, config.accept);
  const secondStart = attempted(findings, 'second-start',
    isComplete(findings) ? 'nothing is started' : tooEarly);
  const undo = undoOf(known.steps, findings);
  const draft: Rehearsal = {
    version: 1,
    ...known,
    windowSeconds: windowOf(known.steps),
    locks: locksOf(findings),
    rewrites: rewritesOf(findings),
    outside: ended.outside,
    compared,
    differences,
    unusedAccept: isComplete(findings) ? unusedAcceptSentences(unusedAccept) : [],
    secondStart,
    migrateTwice: migratedTwice(findings, config,
      isComplete(findings) ? 'there is no migration' : tooEarly),
    oldCode: attempted(findings, 'old-code',
      isComplete(findings) ? 'there was no old code' : tooEarly),
    undo,
    forecast: null,
    verdict: 'passed',
    reasons: [],
    endedAt: ended.endedAt,
  };
  const reasons = [...endReasons(ended), ...whole.reasons, ...differenceReasons(differences),
    ...trialReasons(draft, attempted(findings, 'writing', '')), ...undoReasons(ended, draft)];
  return { ...draft, reasons, verdict: reasons.length === 0 ? 'passed' : 'refused' };
}

/** What was compared to its end, and a refusal for each state that was not: no news is no proof. */
function wholeComparisons({ findings, config }: Ended): { texts: string[]; reasons: string[] } {
  const texts: string[] = [];
  const reasons: string[] = [];
  const data = byState(findings, 'data-');
  for (const label of byState(findings, 'before-').keys()) {
    const name = config.state[Number(label.slice('state'.length)) - 1]?.name ?? label;
    const text = data.get(label);
    if (text !== undefined && isWhole(text)) texts.push(text);
    // Where the trial ended early, the failure says why.
    else if (isComplete(findings)) {
      reasons.push(`The data of ${name} was not compared${text === undefined ? ''
        : ' to its end'}: run rehearse again, and look at the log on staging.`);
    }
  }
  return { texts, reasons };
}

/** There was something before: a comparison in which nothing is, is none. */
function isWhole(text: string): boolean {
  try {
    const { compared, differences } = compareStates([text], []);
    return differences.length > 0
      || compared.some(({ same }) => Object.values(same).some((count) => count > 0));
  } catch {
    return false;
  }
}

/** A refusal that is found later, by the forecast for instance. */
export function withReasons(rehearsal: Rehearsal, more: readonly string[]): Rehearsal {
  const reasons = [...rehearsal.reasons, ...more];
  return { ...rehearsal, reasons, verdict: reasons.length === 0 ? 'passed' : 'refused' };
}

/** Seconds from keeping users out to the last check, as production has them. */
function windowOf(steps: readonly RehearsedStep[]): number | null {
  const window = steps.filter((it) => it.phase === 'window');
  return window.length === 0 ? null : sum(window.map((it) => it.seconds));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The trial is meant to turn back. Every other end is the release's failure, or staging's. */
function endReasons({ end, text, findings }: Ended): string[] {
  if (end === 'restored' && isComplete(findings) && text === turnsBack) return [];
  if (end === 'needs-human') {
    return [`Going back failed on staging: ${text}. Production would have stood still; mend what ` +
      'it names, and run rehearse again.'];
  }
  if (!findings.has('before-state1') && !findings.has('code-before')) {
    return [`The trial did not come to the release: ${text}. Mend that, and run rehearse again.`];
  }
  return [`The release failed on the copy: ${text}. Mend it, tag it anew, and rehearse that.`];
}

function trialReasons(draft: Rehearsal, writing: Trial): string[] {
  const said = (trial: Trial, sentence: string): string[] =>
    (trial.verdict === 'fail' ? [`${sentence}: ${trial.text}.`] : []);
  return [
    ...said(draft.secondStart, 'It does not load what it saved itself, at the second start'),
    ...said(writing, 'A check that writes failed on the copy'),
    ...said(draft.migrateTwice, 'A second run of the migration changes data'),
    ...outsideReasons(draft.outside),
  ];
}

const outsideToldMax = 20;

function outsideReasons(outside: readonly OutsideWrite[]): string[] {
  const more = outside.length - outsideToldMax;
  return [
    ...outside.slice(0, outsideToldMax).map((it) =>
      `${it.path} was ${it.what}, outside of the declared paths: undo would not know of it. ` +
      'Declare it as state or in replaces, or list it in staging.writes.'),
    ...(more > 0 ? [`${more} more were written outside of the declared paths: see the page.`] : []),
  ];
}

function undoReasons({ end, findings }: Ended, { undo }: Rehearsal): string[] {
  if (undo === null || end === 'needs-human' || undo.equal) return [];
  const broken = [...byState(findings, 'undone-').keys()];
  const first = undo.differences[0];
  return [first === undefined
    ? `Whether going back brings back what was before could not be compared (${broken.join(', ')}).`
    : `Going back does not bring back what was before: ${first.objectKind} ${first.object} in ` +
      `${first.state} differs.`];
}

/** Data and code after the way back, against what they were before the procedure touched them. */
function undoOf(steps: readonly RehearsedStep[], findings: Findings): Undo | null {
  const texts = byState(findings, 'undone-');
  const before = byState(findings, 'before-');
  const code = findings.get('code-undone')?.[0] ?? '';
  if (before.size === 0 && code === '') return null;
  const differences: Difference[] = [];
  let whole = code === 'equal' && [...before.keys()].every((label) => texts.has(label));
  for (const text of texts.values()) {
    try {
      differences.push(...compareStates([text], []).differences);
    } catch {
      whole = false;
    }
  }
  return {
    seconds: sum(steps.filter((it) => it.phase === 'undo' && isOfProcedure(it.id))
      .map((it) => it.seconds)),
    equal: whole && differences.length === 0,
    differences,
  };
}

/** Which look a verdict belongs to, by the step in which it was given. */
export function lookOf(stepId: string): CheckSeen['when'] | undefined {
  switch (stepId) {
    case 'baseline': return 'baseline';
    case 'verify':
    case 'trial-writing': return 'new';
    case 'trial-start-again': return 'second-start';
    case 'trial-old-code': return 'old-code';
    case 'serves': return 'undone';
    default: return undefined;
  }
}
