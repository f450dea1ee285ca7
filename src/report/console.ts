import { openElapsed, type Elapsed } from './elapsed.ts';
import { milestoneLine, stepEntry, verdictEntry } from './event-lines.ts';
import type {
  MilestoneEvent, ProgressEvent, Report, ReportEvent, StepEvent, Summary, VerdictEvent,
} from './events.ts';
import { openLive, type Live } from './live.ts';
import { openProgress } from './progress.ts';
import { openRemoteOutput, type RemoteOutput } from './remote-output.ts';
import { openScreen, type Entry, type Screen, type ScreenOptions } from './screen.ts';
import { isBegin, openStepsSeen } from './steps-seen.ts';
import type { Rehearsal } from '../trial/rehearsal.ts';
import { rehearsalLines } from './rehearsal-console.ts';
import { summaryLines } from './summary-text.ts';
import { plainLine } from './text.ts';

export interface ConsoleOptions extends ScreenOptions {
  /** Show what remote commands print, not only where a step fails. */
  readonly verbose: boolean;
  /** Milliseconds of the local clock. */
  now(): number;
}

export interface Console {
  readonly report: Report;
  /** Redraws the live line of a terminal; to be called about once a second. */
  readonly tick: () => void;
  /** The last block: how it ended, why, where things are, what to type next. */
  readonly finish: (summary: Summary) => void;
  /** The same of a rehearsal, and where the whole of it can be read. */
  readonly finishRehearsal: (rehearsal: Rehearsal, written: Written) => void;
}

export interface Written {
  readonly receipt: string;
  readonly page: string;
}

interface Parts {
  readonly screen: Screen;
  readonly elapsed: Elapsed;
  readonly live: Live;
  readonly output: RemoteOutput;
}

/** Renders events for people, in a log or on a terminal. */
export function openConsole(options: ConsoleOptions): Console {
  const screen = openScreen(options);
  const elapsed = openElapsed(() => options.now());
  const live = openLive(screen, elapsed, () => options.now());
  const output = openRemoteOutput(options.verbose);
  const parts = { screen, elapsed, live, output };
  const begun = openBegun(parts, () => options.now());
  const show = openEvents(parts, begun);
  const onProgress = openTransfers(parts);
  return {
    tick: () => {
      begun.tellIfLong();
      live.redraw();
    },
    report: (event) => {
      screen.output(event.kind === 'output' ? output.push(event.text) : output.flush());
      if (event.kind === 'progress') return onProgress(event);
      if (event.kind !== 'output') show(event);
      return live.redraw();
    },
    finish: (summary) => {
      screen.output(output.flush());
      screen.clear();
      const look = { columns: screen.columns(), paint: screen.paint };
      screen.lines(['', ...summaryLines(summary, look)]);
    },
    finishRehearsal: (rehearsal, written) => {
      screen.output(output.flush());
      screen.clear();
      const look = { columns: screen.columns(), paint: screen.paint };
      screen.lines(['', ...rehearsalLines(rehearsal, look), '',
        ...[`page     ${written.page}`, `receipt  ${written.receipt}`].map(plainLine)]);
    },
  };
}

type ShownEvent = Exclude<ReportEvent, { kind: 'output' | 'progress' }>;

function openEvents(parts: Parts, begun: Begun): (event: ShownEvent) => void {
  const { screen, elapsed, live } = parts;
  const onStep = openSteps(parts, begun);
  const onVerdict = openVerdicts(parts, begun);
  return (event) => {
    switch (event.kind) {
      case 'phase':
        live.run(event.text, elapsed.now());
        return screen.entry(elapsed.line(), { label: '==', tone: 'strong', text: event.text });
      case 'activity':
        return event.text === '' ? live.stop() : live.run(event.text, elapsed.now());
      case 'step': return onStep.step(event);
      case 'milestone': return onStep.milestone(event);
      case 'verdict': return onVerdict(event);
      case 'note':
        return screen.entry(elapsed.line(), { label: 'note', tone: 'plain', text: event.text });
      case 'warning':
        return screen.entry(elapsed.line(), { label: 'WARNING', tone: 'warn', text: event.text });
      default: return event satisfies never;
    }
  };
}

/** A log says that a step began only where it lasts, or where it says more before it ends. */
interface Begun {
  hold(at: number, entry: Entry): void;
  drop(): void;
  tell(): void;
  tellIfLong(): void;
}

const longMs = 2_000;

function openBegun({ screen }: Parts, now: () => number): Begun {
  let held: { readonly at: number; readonly entry: Entry } | undefined;
  let since = 0;
  const tell = (): void => {
    if (held !== undefined) screen.entry(held.at, held.entry);
    held = undefined;
  };
  return {
    hold: (at, entry) => {
      held = { at, entry };
      since = now();
    },
    drop: () => { held = undefined; },
    tell,
    tellIfLong: () => { if (now() - since >= longMs) tell(); },
  };
}

function openSteps({ screen, elapsed, live, output }: Parts, begun: Begun): {
  step(event: StepEvent): void;
  milestone(event: MilestoneEvent): void;
} {
  const steps = openStepsSeen();
  return {
    step: (event) => {
      const at = elapsed.of(event.at);
      const { seconds, goingBack } = steps.take(event);
      if (goingBack !== undefined) screen.rule(at, goingBack);
      if (isBegin(event.state)) {
        live.run(event.title, at);
        output.begin();
      } else live.stop();
      begun.drop();
      if (!isBegin(event.state)) screen.entry(at, stepEntry(event, seconds));
      // On a terminal the live line says that it runs.
      else if (!screen.isTerminal) begun.hold(at, stepEntry(event, seconds));
      if (event.state === 'failed' || event.state === 'undo-failed') screen.output(output.fail());
    },
    milestone: (event) => {
      begun.tell();
      const line = milestoneLine(event);
      if (event.name === 'recover') steps.recover();
      if (event.name === 'end') live.stop();
      if ('rule' in line) screen.rule(elapsed.of(event.at), line.rule);
      else screen.entry(elapsed.of(event.at), line);
    },
  };
}

/** A check is asked many times while it is observed: only what changes is told. */
function openVerdicts({ screen, elapsed }: Parts, begun: Begun): (event: VerdictEvent) => void {
  const told = new Map<string, string>();
  return (event) => {
    const said = event.verdict === 'pass' ? 'pass' : `${event.verdict} ${event.text}`;
    if (told.get(event.check) === said) return;
    told.set(event.check, said);
    begun.tell();
    screen.entry(elapsed.of(event.at), verdictEntry(event));
  };
}

function openTransfers({ screen, elapsed, live }: Parts): (event: ProgressEvent) => void {
  const progress = openProgress();
  return (event) => {
    const { text, finished, forLog } = progress(event, elapsed.now());
    const entry: Entry = { label: 'copy', tone: 'plain', text };
    if (screen.isTerminal ? finished : forLog) screen.entry(elapsed.line(), entry);
    live.transfer(finished ? undefined : text);
  };
}
