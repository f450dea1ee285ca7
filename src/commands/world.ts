import type { Report } from '../report/events.ts';
import type { Summary } from '../report/events.ts';
import type { RawOptions } from '../config/options.ts';
import type { Job } from '../github/github.ts';
import type { ReleaseFound } from '../github/releases.ts';
import type { PackagedRelease } from '../package/package.ts';
import type { Rehearsal } from '../trial/rehearsal.ts';

/** What only the edge can give: clocks, chance, the terminal, the environment. */
export interface World {
  readonly report: Report;
  /** Writes a result to standard output, whole lines. */
  readonly print: (text: string) => void;
  /** The wall clock. */
  readonly now: () => Date;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** So many random bytes as hex. */
  readonly random: (bytes: number) => string;
  /** Aborted when a person or a job cancels. */
  readonly cancel: AbortSignal;
  /** Exists, private, removed by the edge at the end. */
  readonly temporaryDirectory: string;
  /** Who acts, for the lock and the records; one line. */
  readonly by: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Asks the person at the terminal; undefined where nobody is there. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** The job that this runs in; undefined elsewhere. */
  readonly job: Job | undefined;
  /** Told as soon as a host runs a transaction of this command, or is found to run it. */
  readonly started: (run: string, where: RawOptions['host']) => void;
  readonly toolVersion: string;
}

/** What a command gives back: a summary with an end, or text that was printed. */
export type Result =
  | { readonly kind: 'summary'; readonly summary: Summary }
  /** A rehearsal that came to an end: passed or refused, with the files that tell it. */
  | { readonly kind: 'rehearsal'; readonly rehearsal: Rehearsal; readonly receipt: string;
    readonly page: string; }
  | { readonly kind: 'packaged'; readonly made: PackagedRelease }
  /** The page of a release on GitHub, drafted or published. */
  | { readonly kind: 'page'; readonly found: ReleaseFound }
  | { readonly kind: 'printed' };
