import fc from 'fast-check';
import { ends, type End } from '../../src/errors.ts';
import type { ReportEvent, StepState, Summary } from '../../src/report/events.ts';

/** Text as a host that was taken over would write it. */
const bits = fc.constantFrom(
  '::', '::error::x', '::add-mask::a', '##[', '##[error]', '\n', '\r', '\r\n', '\u2028', '\u0085',
  '\u001b[2J', '\u001b]0;title\u0007', '\u001b', '\u009b31m', '\u0000', '\b\b', '\t', ' ', '|',
  '`', '```', '<img src=x>', '</code>', '[a](b)', '**', '_', '#', '1. ', '- ', '&#96;', '\\',
  '\u202e', '\u200b', '\ud800', '日本語', 'é', '👩‍👩‍👧', 'z\u0301\u0302', 'a', '::token::',
  'a-word-that-is-longer-than-any-terminal-is-wide-'.repeat(4), 'https://example.org',
);
export const hostileText = fc.oneof(
  fc.array(bits, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const number = fc.oneof(fc.double(), fc.integer({ min: 0, max: 1e6 }));
const stepStates: StepState[] = ['begin', 'done', 'failed', 'undo-begin', 'undo-done',
  'undo-failed'];

export const hostileEvent: fc.Arbitrary<ReportEvent> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('phase' as const, 'note' as const, 'warning' as const,
      'output' as const, 'output' as const),
    text: hostileText,
  }),
  fc.record({
    kind: fc.constant('progress' as const), what: hostileText, done: number, total: number,
  }),
  fc.record({
    kind: fc.constant('step' as const), at: number, id: fc.constantFrom('a', 'b'),
    title: hostileText, state: fc.constantFrom(...stepStates), text: hostileText,
  }),
  fc.record({
    kind: fc.constant('milestone' as const), at: number, text: hostileText,
    name: fc.constantFrom('start' as const, 'window' as const, 'commit' as const,
      'admitted' as const, 'recover' as const, 'end' as const),
  }),
  fc.record({
    kind: fc.constant('verdict' as const), at: number, check: hostileText, text: hostileText,
    verdict: fc.constantFrom('pass' as const, 'fail' as const, 'no-verdict' as const),
  }),
);

const maybe = fc.option(hostileText, { nil: undefined });

export const hostileSummary: fc.Arbitrary<Summary> = fc.record({
  command: fc.oneof(fc.constantFrom('package', 'rehearse', 'deploy', 'recover'), hostileText),
  end: fc.constantFrom(...Object.keys(ends) as End[]),
  application: hostileText, host: hostileText, version: maybe, digest: maybe, serving: maybe,
  run: maybe, reason: maybe, windowSeconds: fc.option(number, { nil: undefined }),
  places: fc.array(fc.record({ what: hostileText, path: hostileText }), { maxLength: 3 }),
  next: fc.array(hostileText, { maxLength: 3 }),
  problems: fc.array(fc.record(
    { message: hostileText, place: hostileText, fix: hostileText }, { requiredKeys: ['message'] },
  ), { maxLength: 3 }),
  timeline: fc.array(fc.record({
    id: fc.constant('a'), title: hostileText, seconds: number, text: hostileText,
    result: fc.constantFrom('done' as const, 'failed' as const, 'undone' as const,
      'undo-failed' as const, 'unfinished' as const),
  }), { maxLength: 4 }),
});

export const hostileStory = fc.record({
  events: fc.array(hostileEvent, { maxLength: 25 }), summary: hostileSummary,
});

/** What is wrong with a text for a log that GitHub's runner reads, fences left out. */
export function dangersOf(text: string): string[] {
  const open = text.replace(/^::stop-commands::token\n(?: {4}\|.*\n)+::token::\n/gm, '');
  return open.split(/\r\n|[\r\n\u0085\u2028\u2029]/).filter((line) =>
    // As the runner does it: it trims, then looks for `::` in front and for `##[` anywhere.
    line.trim().startsWith('::') || text.includes('##[')
    || /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\p{Cs}]/u.test(line));
}
