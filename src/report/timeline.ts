import type {
  MilestoneEvent, ReportEvent, StepEvent, TimelineEntry, VerdictEvent,
} from './events.ts';

export interface Timeline {
  readonly timeline: TimelineEntry[];
  /** Undefined where there was no window, and where it is not known to have ended. */
  readonly windowSeconds: number | undefined;
  /** The first failure. */
  readonly reason: string | undefined;
}

type DatedEvent = StepEvent | MilestoneEvent | VerdictEvent;

/** The last millisecond of a Date; what is beyond, or no number, is no time. */
const dateMsMax = 8.64e15;

interface Timed<Event> {
  readonly event: Event;
  /** Milliseconds since the first dated event, never less than the one before. */
  readonly ms: number;
}

interface OpenEntry {
  readonly index: number;
  readonly ms: number;
}

/**
 * What a run's events say about its time. Each act (a do, an undo) is one entry, in order. A
 * journal that is read twice counts once; an act that begins again was killed before, and its
 * first entry stays as `unfinished`. Where the host's clock goes backwards, that step in time
 * counts as nothing.
 */
export function buildTimeline(events: readonly ReportEvent[]): Timeline {
  const timed = monotone(withoutRepeats(events.filter(isDated)));
  const timeline = entriesOf(timed);
  return { timeline, windowSeconds: windowOf(timed), reason: reasonOf(timed, timeline) };
}

function isDated(event: ReportEvent): event is DatedEvent {
  return event.kind === 'step' || event.kind === 'milestone' || event.kind === 'verdict';
}

function withoutRepeats(events: readonly DatedEvent[]): DatedEvent[] {
  const seen = new Set<string>();
  return events.filter((event) => {
    const key = JSON.stringify(event);
    return !seen.has(key) && seen.add(key);
  });
}

function monotone(events: readonly DatedEvent[]): Timed<DatedEvent>[] {
  let ms = 0;
  let before: number | undefined;
  return events.map((event) => {
    if (Math.abs(event.at) <= dateMsMax) {
      ms += Math.max(0, event.at - (before ?? event.at));
      before = event.at;
    }
    return { event, ms };
  });
}

function entriesOf(timed: readonly Timed<DatedEvent>[]): TimelineEntry[] {
  const entries: TimelineEntry[] = [];
  const open = new Map<string, OpenEntry>();
  const close = (key: string, ms: number): void => {
    const { index, ms: began } = open.get(key) ?? { index: entries.length, ms };
    const entry = entries[index];
    if (entry !== undefined) entries[index] = { ...entry, seconds: (ms - began) / 1000 };
    open.delete(key);
  };
  let last = 0;
  for (const { event, ms } of timed) {
    // What was running when the program died ended no later than its last word.
    if (event.kind === 'milestone' && event.name === 'recover') {
      for (const key of [...open.keys()]) close(key, last);
    }
    if (event.kind === 'step') {
      const key = `${isUndo(event) ? 'undo' : 'do'} ${event.id}`;
      const begins = event.state === 'begin' || event.state === 'undo-begin';
      if (begins && open.has(key)) close(key, last);
      const index = open.get(key)?.index ?? entries.length;
      entries[index] = { ...entries[index], ...entryOf(event) };
      if (begins) open.set(key, { index, ms });
      else close(key, ms);
    }
    last = ms;
  }
  for (const key of [...open.keys()]) close(key, last);
  return entries;
}

function isUndo(event: StepEvent): boolean {
  return event.state.startsWith('undo');
}

function entryOf(event: StepEvent): TimelineEntry {
  const results = {
    begin: 'unfinished', done: 'done', failed: 'failed',
    'undo-begin': 'unfinished', 'undo-done': 'undone', 'undo-failed': 'undo-failed',
  } as const;
  const { id, title, text } = event;
  return { id, title, seconds: 0, result: results[event.state], text };
}

function windowOf(timed: readonly Timed<DatedEvent>[]): number | undefined {
  const milestone = (name: MilestoneEvent['name']): Timed<DatedEvent> | undefined =>
    timed.find(({ event }) => event.kind === 'milestone' && event.name === name);
  const opened = milestone('window');
  const closed = milestone('admitted') ?? (stillOpen(timed) ? undefined : milestone('end'));
  return opened === undefined || closed === undefined
    ? undefined : Math.max(0, closed.ms - opened.ms) / 1000;
}

/** After an undo that failed, the end of the run is not the end of the window. */
function stillOpen(timed: readonly Timed<DatedEvent>[]): boolean {
  const undone = new Map<string, boolean>();
  for (const { event } of timed) {
    if (event.kind === 'step' && isUndo(event)) undone.set(event.id, event.state === 'undo-done');
  }
  return [...undone.values()].includes(false) || timed.some(({ event }) =>
    event.kind === 'milestone' && event.name === 'end' && event.text.startsWith('needs-human'));
}

function reasonOf(
  timed: readonly Timed<DatedEvent>[], timeline: readonly TimelineEntry[],
): string | undefined {
  const failed = timeline.find(({ result }) => result === 'failed');
  if (failed !== undefined) return sentence(failed.title, failed.text || 'failed');
  const verdicts = new Map<string, VerdictEvent>();
  for (const { event } of timed) if (event.kind === 'verdict') verdicts.set(event.check, event);
  const red = [...verdicts.values()].find(({ verdict }) => verdict !== 'pass');
  if (red !== undefined) {
    return sentence(red.check, red.text || (red.verdict === 'fail' ? 'failed' : 'no verdict'));
  }
  const stuck = timeline.find(({ result }) => result === 'undo-failed');
  if (stuck !== undefined) return sentence(stuck.title, stuck.text || 'failed');
  const died = timed.some(({ event }) => event.kind === 'milestone' && event.name === 'recover');
  const cutOff = timeline.find(({ result }) => result === 'unfinished');
  return died && cutOff !== undefined
    ? `The program on the host died in "${cutOff.title}"` : undefined;
}

function sentence(subject: string, text: string): string {
  return `${subject}: ${text}`;
}
