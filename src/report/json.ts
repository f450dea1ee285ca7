import { ends } from '../errors.ts';
import type { Rehearsal } from '../trial/rehearsal.ts';
import type { Summary } from './events.ts';

/**
 * One line of JSON, documented in docs/ends.md. The keys are always all there and always in
 * this order; what is unknown is null. `format` changes when a field changes its meaning.
 */
export function summaryJson(summary: Summary): string {
  const text = JSON.stringify({
    format: 1,
    command: summary.command,
    end: summary.end,
    exit: ends[summary.end],
    application: summary.application,
    host: summary.host,
    version: summary.version ?? null,
    digest: summary.digest ?? null,
    serving: summary.serving ?? null,
    run: summary.run ?? null,
    reason: summary.reason ?? null,
    windowSeconds: summary.windowSeconds ?? null,
    places: summary.places.map(({ what, path }) => ({ what, path })),
    next: [...summary.next],
    problems: summary.problems.map(({ message, place, fix }) => (
      { message, place: place ?? null, fix: fix ?? null })),
    timeline: summary.timeline.map(({ id, title, seconds, result, text: why }) => (
      { id, title, seconds, result, text: why })),
    approval: summary.approval ?? null,
  });
  return harmless(text);
}

/** The whole rehearsal as one line (docs/ends.md), with where it was written. */
export function rehearsalJson(rehearsal: Rehearsal, written: { receipt: string; page: string }):
string {
  const end = rehearsal.verdict === 'passed' ? 'done' : 'refused';
  return harmless(JSON.stringify({ format: 1, command: 'rehearse', end, exit: ends[end],
    ...written, rehearsal }));
}

/** A value over several lines, for people and programs, with an end of its own. */
export function printedJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2).split('\n').map(harmless).join('\n')}\n`;
}

export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped).replace(/##(?=\[)/g, '#\\u0023');
}

/** Same value, other spelling: no raw control character, no word that a log obeys. */
function escaped(characters: string): string {
  return Array.from({ length: characters.length }, (_, index) =>
    `\\u${characters.charCodeAt(index).toString(16).padStart(4, '0')}`).join('');
}
