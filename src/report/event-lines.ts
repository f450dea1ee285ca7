import type { MilestoneEvent, StepEvent, StepState, VerdictEvent } from './events.ts';
import type { Tone } from './paint.ts';
import type { Entry } from './screen.ts';
import { formatSeconds } from './units.ts';

const stepWords: Record<StepState, { label: string; tone: Tone }> = {
  begin: { label: 'begin', tone: 'plain' },
  done: { label: 'done', tone: 'good' },
  failed: { label: 'FAILED', tone: 'bad' },
  'undo-begin': { label: 'back', tone: 'plain' },
  'undo-done': { label: 'done', tone: 'good' },
  'undo-failed': { label: 'FAILED', tone: 'bad' },
};

export function stepEntry(event: StepEvent, seconds: number | undefined): Entry {
  const { label, tone } = stepWords[event.state];
  const took = seconds === undefined ? '' : ` (${formatSeconds(seconds)})`;
  const why = event.text === '' ? '' : `: ${event.text}`;
  return { label, tone, text: `${event.title}${took}${why}` };
}

/** As src/transaction/runtime/checks.sh says it. */
const notListening = /nobody listens$/;

export function verdictEntry(event: VerdictEvent): Entry {
  const why = event.text === '' ? '' : `: ${event.text}`;
  switch (event.verdict) {
    case 'pass': return { label: 'pass', tone: 'good', text: `${event.check}${why}` };
    // What was started is asked again until it answers; should it never, the step says FAILED.
    case 'fail': return notListening.test(event.text)
      ? { label: 'not yet', tone: 'warn', text: `${event.check}${why}` }
      : { label: 'FAIL', tone: 'bad', text: `${event.check}${why}` };
    case 'no-verdict':
      return { label: 'unclear', tone: 'warn', text: `${event.check}: no verdict${why}` };
    default: return event.verdict satisfies never;
  }
}

/** A rule where users notice, else an entry. */
export function milestoneLine(event: MilestoneEvent): { rule: string } | Entry {
  switch (event.name) {
    case 'start': return { label: 'start', tone: 'plain', text: event.text };
    case 'window': return { rule: 'users are kept out' };
    case 'commit': return { rule: 'users are let in: committed' };
    case 'admitted': return { label: 'open', tone: 'good', text: event.text || 'users are in' };
    case 'recover': return { rule: 'the program on the host died: the host takes over' };
    case 'end': return { label: 'end', tone: 'strong', text: event.text };
    default: return event.name satisfies never;
  }
}
