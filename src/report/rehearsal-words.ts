import { isRefused, type Difference, type Rehearsal, type Trial } from '../trial/rehearsal.ts';
import { type GlanceRow, type Mark } from './document.ts';
import { formatSeconds } from './units.ts';

/** The verdict in one sentence: the first thing that anybody reads. */
export function rehearsalHeadline(it: Rehearsal): string {
  const release = `${it.application} ${it.release.version}`;
  const back = it.undo?.equal === true ? ', and going back was proven' : '';
  return it.verdict === 'passed'
    ? `PASSED: ${release} works on a copy of production${back}.`
    : `REFUSED: ${release} must not go to production as it is.`;
}

export function rehearsalAbout(it: Rehearsal): string {
  const { production, staging } = it;
  const runs = production.installedVersion === undefined ? 'where nothing is installed'
    : `which runs ${production.installedVersion}`;
  return `Rehearsed on ${staging.host} for ${production.host}, ${runs}; `
    + `it ended ${timeText(it.endedAt)}, after ${durationText(secondsApart(it))}.`;
}

/** What the approver decides by. What was not looked at is never shown as good. */
export function glanceOf(it: Rehearsal): GlanceRow[] {
  return [
    { what: 'Window', ...windowGlance(it) },
    { what: 'Data', ...dataGlance(it) },
    { what: 'Going back', ...undoGlance(it) },
    { what: 'Code-only rollback', ...codeGlance(it.oldCode) },
    { what: 'Checks', ...checksGlance(it) },
    { what: 'Systems', ...parityGlance(it) },
    { what: 'Copy', ...copyGlance(it) },
    { what: 'Not rehearsed', ...count(it.cannotRehearse.length, 'thing', 'warn') },
  ].filter(({ what, text }) => what !== 'Not rehearsed' || text !== '');
}

export function rangeText({ low, high }: { low: number; high: number }): string {
  const [from, to] = [formatSeconds(low), formatSeconds(high)];
  return from === to ? from : `${from} to ${to}`;
}

/** `2026-01-15 02:44 UTC`; what is no time stands as it is. */
export function timeText(iso: string): string {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z$/.exec(iso);
  return found === null ? iso : `${found[1] ?? ''} ${found[2] ?? ''} UTC`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export function trialText({ verdict, text }: Trial): string {
  const word = { pass: 'passed', fail: 'FAILED', 'not-tried': 'not tried' }[verdict];
  return text === '' ? word : `${word}: ${text}`;
}

export const trialMarks: Readonly<Record<Trial['verdict'], Mark>> =
  { pass: 'good', fail: 'bad', 'not-tried': 'warn' };

interface Told {
  readonly text: string;
  readonly mark: Mark;
}

function windowGlance({ forecast, windowSeconds }: Rehearsal): Told {
  const staging = windowSeconds === null ? '' : `; ${formatSeconds(windowSeconds)} on staging`;
  if (forecast === null) return { text: `not forecast${staging}`, mark: 'warn' };
  const { budget, high } = forecast;
  const over = budget !== null && high > budget;
  const limit = budget === null ? ''
    : `, ${over ? 'over the ' : ''}${formatSeconds(budget)} allowed`;
  return { text: `${rangeText(forecast)} expected in production${limit}${staging}`,
    mark: over ? 'bad' : 'good' };
}

function dataGlance({ differences, compared }: Rehearsal): Told {
  const refused = differences.filter(isRefused).length;
  if (refused > 0) {
    return { text: `${plural(refused, 'difference')} that nobody accepted`, mark: 'bad' };
  }
  const looked = compared.some(({ same }) => Object.values(same).some((it) => it > 0));
  if (!looked && differences.length === 0) return { text: 'not compared', mark: 'warn' };
  const accepted = countOf(differences, (it) => it.accepted !== undefined);
  const added = countOf(differences, (it) => it.kind === 'added');
  const told = listed([[accepted, 'accepted'],
    [differences.length - accepted - added, 'that can lose nothing'], [added, 'added']]);
  if (accepted > 0) return { text: `differences: ${told}`, mark: 'warn' };
  return { text: told === '' ? 'all is as it was' : `nothing lost; ${told}`, mark: 'good' };
}

function undoGlance({ undo }: Rehearsal): Told {
  if (undo === null) return { text: 'not tried', mark: 'warn' };
  return undo.equal
    ? { text: `proven: all was as before, in ${formatSeconds(undo.seconds)}`, mark: 'good' }
    : { text: 'DOES NOT BRING BACK what was before', mark: 'bad' };
}

function codeGlance({ verdict, text }: Trial): Told {
  const why = text === '' ? '' : `: ${text}`;
  switch (verdict) {
    case 'pass': return { text: 'safe: the old code works on the new data', mark: 'good' };
    case 'fail': return { text: `not safe${why}`, mark: 'warn' };
    case 'not-tried': return { text: `not known${why}`, mark: 'warn' };
    default: return verdict satisfies never;
  }
}

/** Old code may fail on new data: that is told in a line of its own. */
function checksGlance({ checks, secondStart, migrateTwice }: Rehearsal): Told {
  const asked = checks.filter((it) => it.when !== 'old-code');
  const bad = asked.filter((it) => it.verdict !== 'pass').length
    + [secondStart, migrateTwice].filter((it) => it.verdict === 'fail').length;
  if (asked.length === 0) return { text: 'none was made', mark: 'warn' };
  return bad === 0 ? { text: `all ${asked.length} passed`, mark: 'good' }
    : { text: `${bad} did not pass`, mark: 'bad' };
}

function parityGlance({ parity }: Rehearsal): Told {
  const of = (verdict: string): number => countOf(parity, (it) => it.verdict === verdict);
  const told = listed([[of('fail'), 'that must not be'], [of('warn'), 'to know'],
    [of('clock'), 'in speed or clock'], [of('expected'), 'expected']]);
  if (told === '') return { text: 'no difference is known', mark: 'plain' };
  return { text: `differences: ${told}`,
    mark: of('fail') > 0 ? 'bad' : of('warn') > 0 ? 'warn' : 'good' };
}

function copyGlance({ data, isolation }: Rehearsal): Told {
  const oldest = data.map((it) => it.copiedAt).sort()[0];
  const age = oldest === undefined ? 'nothing was copied' : `as of ${timeText(oldest)}`;
  const masked = data.length > 0 && data.every((it) => it.masked) ? ', masked' : '';
  return isolation.kind === 'none'
    ? { text: `${age}${masked}; NOT ISOLATED: ${isolation.reason ?? 'no reason'}`, mark: 'warn' }
    : { text: `${age}${masked}; ${plural(isolation.proven.length, 'attempt')} to `
      + 'reach out failed', mark: isolation.proven.length === 0 ? 'warn' : 'good' };
}

function count(number: number, noun: string, mark: Mark): Told {
  return { text: number === 0 ? '' : `${plural(number, noun)}, listed below`, mark };
}

/** `1 accepted, 2 added`: only what there is. */
function listed(parts: readonly (readonly [number, string])[]): string {
  return parts.filter(([number]) => number > 0).map((part) => part.join(' ')).join(', ');
}

function countOf<Item>(items: readonly Item[], is: (item: Item) => boolean): number {
  return items.filter(is).length;
}

function secondsApart({ startedAt, endedAt }: Rehearsal): number {
  return (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
}

function durationText(seconds: number): string {
  return Number.isFinite(seconds) && seconds >= 0 ? formatSeconds(seconds) : 'an unknown time';
}

/** Those first that nobody accepted. */
export function byWeight(differences: readonly Difference[]): Difference[] {
  const weight = (it: Difference): number =>
    isRefused(it) ? 0 : it.accepted !== undefined ? 1 : it.harmless !== undefined ? 2 : 3;
  return [...differences].sort((a, b) => weight(a) - weight(b));
}
