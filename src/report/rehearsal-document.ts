import { changeOf, subjectOf } from '../trial/difference-words.ts';
import { countOf } from '../trial/owners.ts';
import { isRefused, type CheckSeen, type Difference, type ParityLine, type Rehearsal,
  type RehearsedStep } from '../trial/rehearsal.ts';
import { cell, list, table, text, type Block, type Cell, type Mark, type ReportDocument,
  type Section } from './document.ts';
import { byWeight, glanceOf, rangeText, rehearsalAbout, rehearsalHeadline, timeText,
  trialMarks, trialText } from './rehearsal-words.ts';
import { formatBytes, formatSeconds } from './units.ts';

/** What a rehearsal found, in the order in which the approver reads it: the verdict first. */
export function rehearsalDocument(it: Rehearsal): ReportDocument {
  return {
    title: `${it.application} ${it.release.version}: rehearsal ${it.verdict}`,
    isGood: it.verdict === 'passed',
    headline: rehearsalHeadline(it),
    about: rehearsalAbout(it),
    reasons: it.reasons,
    glance: glanceOf(it),
    sections: [
      section('plan', 'Plan for production', planBlocks(it)),
      section('window', 'The window on staging', windowBlocks(it)),
      section('parity', 'Staging beside production', parityBlocks(it.parity)),
      section('data', 'What changed in the data', dataBlocks(it)),
      section('checks', 'Checks', checkBlocks(it)),
      section('undo', 'Going back', undoBlocks(it)),
      section('forecast', 'Forecast for production', forecastBlocks(it)),
      section('copy', 'The copy of production', copyBlocks(it)),
      section('not-rehearsed', 'What could not be rehearsed', notRehearsed(it)),
      section('digests', 'What this is bound to', digestBlocks(it)),
    ],
  };
}

function section(id: string, title: string, blocks: readonly Block[]): Section {
  return { id, title, blocks };
}

function planBlocks({ plan }: Rehearsal): Block[] {
  return plan.trim() === '' ? [text('There is no plan.', 'warn')]
    : [text('Every command that a deployment of this release will run, in order.'),
      { kind: 'code', text: plan }];
}

function windowBlocks({ steps, windowSeconds, locks, rewrites }: Rehearsal): Block[] {
  const inWindow = steps.filter((it) => it.phase === 'window');
  return [
    windowSeconds === null ? text('The window was not reached.', 'warn')
      : text(`Users would have been kept out for ${formatSeconds(windowSeconds)} here.`),
    ...stepTable(inWindow),
    ...titled('Locks that were held or waited for:', table(
      ['Object', 'Lock', '#Held', '#Waiting', 'Statement'],
      locks.map((it) => [it.object, it.mode, formatSeconds(it.seconds),
        cell(String(it.waiting), it.waiting > 0 ? 'warn' : 'plain'), it.statement]))),
    ...titled('Tables that were written anew:', table(['Table', '#Before', '#After'],
      rewrites.map((it) =>
        [it.table, formatBytes(it.bytesBefore), formatBytes(it.bytesAfter)]))),
  ];
}

function stepTable(steps: readonly RehearsedStep[]): Block[] {
  return table(['Step', '#Time'], steps.map((it) => [it.title, formatSeconds(it.seconds)]));
}

const parityWords: Readonly<Record<ParityLine['verdict'], Cell>> = {
  fail: cell('must not be', 'bad'), warn: cell('to know', 'warn'),
  clock: cell('speed or clock', 'plain'), expected: cell('expected', 'plain'),
};
const parityOrder = ['fail', 'warn', 'clock', 'expected'];

function parityBlocks(parity: readonly ParityLine[]): Block[] {
  if (parity.length === 0) return [text('No difference is known.')];
  const sorted = [...parity].sort((a, b) =>
    parityOrder.indexOf(a.verdict) - parityOrder.indexOf(b.verdict));
  return table(['Item', 'Production', 'Staging', 'Verdict'], sorted.map((it) => {
    const word = parityWords[it.verdict];
    const why = it.reason === undefined || it.reason === '' ? '' : `: ${it.reason}`;
    return [`${it.class}: ${it.item}`, it.production, it.staging,
      cell(`${word.text}${why}`, word.mark)];
  }));
}

function dataBlocks({ compared, differences, outside, unusedAccept }: Rehearsal): Block[] {
  const same = compared.map((it) => `${it.state} (${it.kind}): ${sameText(it.same)}`);
  return [
    ...same.length === 0 ? [text('The data was not compared.', 'warn')]
      : titled('As it was before:', list(same)),
    ...differenceTable(differences),
    ...titled('Written outside of the declared paths; undo would not know of it:',
      table(['Path', 'What'], outside.map((it) => [it.path, cell(it.what, 'bad')]))),
    ...list(unusedAccept, 'warn'),
  ];
}

function sameText(same: Readonly<Record<string, number>>): string {
  const parts = Object.entries(same).map(([kind, count]) =>
    kind === 'rows' ? `the rows of ${countOf(count, 'table')}` : countOf(count, kind));
  return parts.length === 0 ? 'nothing was the same' : parts.join(', ');
}

function differenceTable(differences: readonly Difference[]): Block[] {
  return table(['What', 'Change', 'Verdict'], byWeight(differences).map((it) =>
    [`${it.state}: ${subjectOf(it)}`, changeOf(it), differenceVerdict(it)]));
}

/** Who says that it may be so; nobody: it refuses. */
export function differenceVerdict(it: Difference): Cell {
  if (isRefused(it)) return cell('nobody accepted it', 'bad');
  if (it.accepted !== undefined) return cell(`accepted: ${it.accepted}`, 'warn');
  return it.harmless === undefined ? cell('new', 'plain') : cell(it.harmless, 'plain');
}

const whenWords: Readonly<Record<CheckSeen['when'], string>> = {
  baseline: 'old release', new: 'new release', 'second-start': 'second start',
  'old-code': 'old code on new data', undone: 'after going back',
};
const verdictMarks: Readonly<Record<CheckSeen['verdict'], Mark>> =
  { pass: 'good', fail: 'bad', 'no-verdict': 'warn' };

function checkBlocks(it: Rehearsal): Block[] {
  const trials = [
    ['Stopped and started once more', it.secondStart],
    ['Migrated once more', it.migrateTwice],
    ['Old code on the new data', it.oldCode],
  ] as const;
  return [
    ...table(['Check', 'Of', 'Verdict'], it.checks.map((check) => [check.title,
      whenWords[check.when], cell(checkText(check),
        check.when === 'old-code' && check.verdict !== 'pass' ? 'warn'
          : verdictMarks[check.verdict])])),
    ...table(['Trial', 'Verdict'], trials.map(([title, trial]) => [title,
      cell(trialText(trial), trial === it.oldCode && trial.verdict === 'fail' ? 'warn'
        : trialMarks[trial.verdict])])),
  ];
}

function checkText({ verdict, text: why }: CheckSeen): string {
  const word = { pass: 'pass', fail: 'FAIL', 'no-verdict': 'no verdict' }[verdict];
  return why === '' ? word : `${word}: ${why}`;
}

function undoBlocks({ undo, steps }: Rehearsal): Block[] {
  if (undo === null) return [text('There was nothing to be undone.', 'warn')];
  const seconds = formatSeconds(undo.seconds);
  return [
    undo.equal
      ? text(`All of it was undone in ${seconds}; code and data were what they had been before.`,
        'good')
      : text('What is there after going back is not what was there before.', 'bad'),
    ...table(['What', 'Change', 'Verdict'], undo.differences.map((it) =>
      [`${it.state}: ${subjectOf(it)}`, changeOf(it),
        cell(it.kind === 'added' ? 'left behind' : 'not brought back', 'bad')])),
    ...stepTable(steps.filter((it) => it.phase === 'undo')),
  ];
}

function forecastBlocks({ forecast }: Rehearsal): Block[] {
  if (forecast === null) return [text('The window in production was not forecast.', 'warn')];
  const { budget, high } = forecast;
  const over = budget !== null && high > budget;
  const limit = budget === null ? 'no limit is configured'
    : `${formatSeconds(budget)} ${over ? 'are allowed: it may take longer' : 'are allowed'}`;
  return [
    text(`Users will be kept out for ${rangeText(forecast)}; ${limit}.`, over ? 'bad' : 'plain'),
    ...list(forecast.notes ?? []),
    ...table(['Part', '#From', '#To'], forecast.parts.map((it) =>
      [it.title, formatSeconds(it.low), formatSeconds(it.high)])),
    ...titled('Windows before:', table(['When', 'What', '#Window'],
      forecast.history.map((it) => [timeText(it.at), `${it.what} of ${it.version}`,
        formatSeconds(it.seconds)]))),
  ];
}

function copyBlocks({ data, isolation }: Rehearsal): Block[] {
  const isolated = isolation.kind === 'none'
    ? [text(`It was not isolated: ${isolation.reason ?? 'no reason is given'}.`, 'warn')]
    : titled('It could not reach out; tried, and impossible:', list(isolation.proven));
  return [
    ...table(['State', 'As of', 'From', '#Size', 'How'], data.map((it) => [it.title,
      timeText(it.copiedAt), it.takenFrom, formatBytes(it.bytes), [
        it.reused ? 'there already' : `${it.route}, ${formatSeconds(it.seconds)}`,
        ...it.masked ? ['masked'] : [],
      ].join(', ')])),
    ...isolated,
  ];
}

function notRehearsed({ cannotRehearse }: Rehearsal): Block[] {
  return cannotRehearse.length === 0 ? [text('Nothing is known that could not.')]
    : list(cannotRehearse);
}

function digestBlocks(it: Rehearsal): Block[] {
  return table(['What', 'sha256'], [
    ['Release', it.release.digest], ['Configuration', it.configDigest],
    ['Procedure', it.procedureDigest], ['Production\'s record', it.production.installedSha256],
    ...Object.entries(it.production.schema).map(([name, digest]) =>
      [`Schema of ${name}`, digest]),
  ]);
}

/** The line only where something follows it. */
function titled(title: string, blocks: readonly Block[]): Block[] {
  return blocks.length === 0 ? [] : [text(title), ...blocks];
}
