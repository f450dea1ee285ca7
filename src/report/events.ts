import type { End, Problem } from '../errors.ts';

/**
 * Everything that a run tells people. Layers below emit these; `report/` renders them.
 * Times are the host's clock, in milliseconds since 1970; texts are plain, without newline,
 * except `output`, which is raw text of a remote command and must be fenced where printed.
 */
export type ReportEvent =
  | { readonly kind: 'phase'; readonly text: string }
  /** What runs now, for the live line of a terminal alone; an empty text: nothing. */
  | { readonly kind: 'activity'; readonly text: string }
  | ProgressEvent
  | StepEvent
  | MilestoneEvent
  | VerdictEvent
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string };

/** Bytes of one transfer, named by `what`; `total` is 0 where it is unknown. */
export interface ProgressEvent {
  readonly kind: 'progress';
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

export type StepState = 'begin' | 'done' | 'failed' | 'undo-begin' | 'undo-done' | 'undo-failed';

export interface StepEvent {
  readonly kind: 'step';
  readonly at: number;
  readonly id: string;
  /** The act in the imperative; an undo has its own: `Let users in again`. */
  readonly title: string;
  readonly state: StepState;
  /** Why it failed. */
  readonly text: string;
}

/**
 * `window`: users are kept out from now; `commit`: from now on users are let in and nothing is
 * restored any more; `recover`: the host found a dead program and takes over; `end`: the end.
 */
export interface MilestoneEvent {
  readonly kind: 'milestone';
  readonly at: number;
  readonly name: 'start' | 'window' | 'commit' | 'admitted' | 'recover' | 'end';
  readonly text: string;
}

export interface VerdictEvent {
  readonly kind: 'verdict';
  readonly at: number;
  /** `http http://localhost:8080/health` */
  readonly check: string;
  readonly verdict: 'pass' | 'fail' | 'no-verdict';
  readonly text: string;
}

export type Report = (event: ReportEvent) => void;

/** How a command ended, for the console, the job summary and `--json`. */
export interface Summary {
  readonly command: string;
  readonly end: End;
  readonly application: string;
  /** `production (deploy@www.example.org)` */
  readonly host: string;
  readonly version: string | undefined;
  readonly digest: string | undefined;
  /** What serves now, as far as the end says so. */
  readonly serving: string | undefined;
  readonly run: string | undefined;
  /** The first failure: the headline. */
  readonly reason: string | undefined;
  /** From "users are kept out" to "users are let in"; undefined where there was no window. */
  readonly windowSeconds: number | undefined;
  /** Places on the host that a person may want: rescue copy, failed bundle, journal. */
  readonly places: readonly Place[];
  /** Commands to run next, in order. */
  readonly next: readonly string[];
  readonly problems: readonly Problem[];
  readonly timeline: readonly TimelineEntry[];
  /** How it was approved, one line; absent: that was not asked. */
  readonly approval?: string | undefined;
}

export interface Place {
  readonly what: string;
  readonly path: string;
}

export interface TimelineEntry {
  readonly id: string;
  readonly title: string;
  readonly seconds: number;
  readonly result: 'done' | 'failed' | 'undone' | 'undo-failed' | 'unfinished';
  readonly text: string;
}
