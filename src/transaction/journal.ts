import { ends, type End } from '../errors.ts';
import type { MilestoneEvent, ReportEvent, StepState } from '../report/events.ts';

/** One line of a journal: `seconds TAB event TAB step TAB text`. */
export interface JournalLine {
  /** Milliseconds since 1970, by the host's clock. */
  readonly at: number;
  readonly event: string;
  readonly step: string;
  readonly text: string;
}

/** Names for the numbers that a journal speaks of. */
export interface Titles {
  readonly steps: Readonly<Record<string, StepTitles>>;
  readonly checks: Readonly<Record<string, string>>;
}

export interface StepTitles {
  readonly id: string;
  readonly title: string;
  readonly back: string;
  /** It only acts when the transaction goes back: its do is not worth a line. */
  readonly onlyBack: boolean;
}

/** A line that a power cut tore is no event: undefined. */
export function parseJournalLine(line: string): JournalLine | undefined {
  const [seconds = '', event = '', step = '', ...rest] = line.split('\t');
  const at = Number(seconds) * 1000;
  if (!/^\d+(\.\d+)?$/.test(seconds) || rest.length === 0 || event === '') return undefined;
  return { at, event, step, text: rest.join(' ') };
}

export function parseJournal(text: string): JournalLine[] {
  return text.split('\n').flatMap((line) => parseJournalLine(line) ?? []);
}

const stepStates: Readonly<Record<string, StepState>> = {
  begin: 'begin',
  done: 'done',
  failed: 'failed',
  'undo-begin': 'undo-begin',
  'undo-done': 'undo-done',
  'undo-failed': 'undo-failed',
};

const milestones: readonly string[] = ['start', 'window', 'commit', 'admitted', 'recover', 'end'];

export function toReportEvent(line: JournalLine, titles: Titles): ReportEvent | undefined {
  const state = stepStates[line.event];
  if (state !== undefined) {
    const step = titles.steps[line.step];
    const undoes = state.startsWith('undo');
    if (step?.onlyBack === true && !undoes) return undefined;
    return { kind: 'step', at: line.at, id: step?.id ?? line.step, state, text: line.text,
      title: (undoes ? step?.back : step?.title) ?? `step ${line.step}` };
  }
  if (line.event === 'verdict') {
    const [word = ''] = line.text.split(' ');
    const verdict = word === 'pass' || word === 'fail' ? word : 'no-verdict';
    return { kind: 'verdict', at: line.at, check: titles.checks[line.step] ?? line.step, verdict,
      text: line.text.slice(word.length + 1) };
  }
  return isMilestone(line.event)
    ? { kind: 'milestone', at: line.at, name: line.event, text: line.text } : undefined;
}

function isMilestone(word: string): word is MilestoneEvent['name'] {
  return milestones.includes(word);
}

export interface JournalEnd {
  readonly end: End;
  readonly text: string;
}

/** The end that a line tells, if it is one. */
export function endOf(line: JournalLine): JournalEnd | undefined {
  if (line.event !== 'end') return undefined;
  const [word = ''] = line.text.split(' ');
  return { end: isEnd(word) ? word : 'needs-human', text: line.text.slice(word.length + 1) };
}

function isEnd(word: string): word is End {
  return Object.hasOwn(ends, word);
}
