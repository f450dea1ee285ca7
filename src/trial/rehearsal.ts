import type { ParityVerdict } from '../config/config.ts';

/**
 * What one rehearsal found: filled by `rehearse`, written beside the receipt, rendered by
 * src/report. Plain JSON: times are ISO 8601 in UTC, durations seconds, sizes bytes, digests
 * sha256 in hex. Texts may come from a host, and are never trusted by who shows them.
 */
export interface Rehearsal {
  readonly version: 1;
  readonly application: string;
  readonly release: { readonly version: string; readonly digest: string };
  readonly configDigest: string;
  readonly procedureDigest: string;
  readonly production: RehearsedHost;
  readonly staging: RehearsedHost;
  readonly data: readonly CopiedState[];
  readonly isolation: Isolation;
  readonly parity: readonly ParityLine[];
  readonly steps: readonly RehearsedStep[];
  /** How long users would have been kept out on staging; null: the window was not reached. */
  readonly windowSeconds: number | null;
  readonly locks: readonly LockSeen[];
  readonly rewrites: readonly Rewrite[];
  /** Written by the install or the application outside of the declared paths. */
  readonly outside: readonly OutsideWrite[];
  /** What was found equal, beside the differences: without it, none is no news. */
  readonly compared: readonly Compared[];
  readonly differences: readonly Difference[];
  /** Entries of `accept` that matched nothing, as sentences. */
  readonly unusedAccept: readonly string[];
  /** Stopped and started once more: what the new code saved must load. */
  readonly secondStart: Trial;
  readonly migrateTwice: Trial;
  /** The old code on the new data: pass, and going back to it alone is safe. */
  readonly oldCode: Trial;
  readonly checks: readonly CheckSeen[];
  /** Null: the rehearsal did not get so far that there was anything to undo. */
  readonly undo: Undo | null;
  readonly forecast: Forecast | null;
  /** What staging could not do as production will, each as one sentence. */
  readonly cannotRehearse: readonly string[];
  readonly verdict: 'passed' | 'refused';
  /** Each refusal as one sentence, with what to do; empty where it passed. */
  readonly reasons: readonly string[];
  /** Production's plan as it is rendered for people. */
  readonly plan: string;
  readonly startedAt: string;
  readonly endedAt: string;
}

export interface RehearsedHost {
  /** As the host names itself. */
  readonly host: string;
  /** Identity of the machine; empty where it has none. */
  readonly machine: string;
  /** sha256 of installed.json, or `none`. */
  readonly installedSha256: string;
  readonly installedVersion: string | undefined;
  /** Digest of the schema by name of the state; states without a schema are absent. */
  readonly schema: Readonly<Record<string, string>>;
}

export interface CopiedState {
  /** As the configuration names it. */
  readonly name: string;
  readonly kind: string;
  /** What a person reads: `database guestbook`. */
  readonly title: string;
  /** The instant that the data is of. */
  readonly copiedAt: string;
  readonly takenFrom: 'live' | 'last-saved' | 'backup' | 'standby';
  readonly route: 'runner' | 'direct';
  readonly bytes: number;
  readonly seconds: number;
  readonly masked: boolean;
  /** It was on staging already, and fresh enough. */
  readonly reused: boolean;
}

export interface Isolation {
  readonly kind: 'network' | 'commands' | 'none';
  readonly reason?: string | undefined;
  /** What was tried as the application's user and could not be reached. */
  readonly proven: readonly string[];
}

export interface ParityLine {
  readonly class: string;
  readonly item: string;
  readonly verdict: ParityVerdict;
  readonly production: string;
  readonly staging: string;
  readonly reason?: string | undefined;
}

export interface RehearsedStep {
  readonly id: string;
  readonly title: string;
  readonly phase: 'prepare' | 'window' | 'trial' | 'undo';
  readonly seconds: number;
}

export interface LockSeen {
  /** `public.visits` */
  readonly object: string;
  /** `AccessExclusiveLock` */
  readonly mode: string;
  readonly seconds: number;
  /** How many others waited for it at most. */
  readonly waiting: number;
  readonly statement: string;
}

export interface Rewrite {
  readonly table: string;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

export interface OutsideWrite {
  readonly path: string;
  /** `created`, `changed`, `removed`, as a person reads it. */
  readonly what: string;
}

export interface Compared {
  /** Name of the state. */
  readonly state: string;
  readonly kind: string;
  /** Number of equal objects by kind: `table`, `column`, `rows`, `file`, ... */
  readonly same: Readonly<Record<string, number>>;
}

/** `added` is told only; all the others refuse unless they are accepted or harmless. */
export type FoundKind = 'dropped' | 'changed' | 'rows-lost' | 'rows-added' | 'content' | 'added';

/** One thing that is not as it was. A dropped table is one, with all that went with it. */
export interface Difference {
  /** Name of the state in the configuration. */
  readonly state: string;
  /** `table`, `column`, `rows`, `file`, ... (docs/decisions/0006). */
  readonly objectKind: string;
  readonly object: string;
  readonly kind: FoundKind;
  /** What was there: a definition, `1200 rows`; empty: nothing. */
  readonly before: string;
  readonly after: string;
  /** What went or came with it: `3 columns, 2 indexes, 1200 rows`. */
  readonly with?: string | undefined;
  /** What it may be: `looks renamed to public.guests: same digest`. */
  readonly hint?: string | undefined;
  /** Why nothing can be lost by it (a type that holds all that the old one held). */
  readonly harmless?: string | undefined;
  /** The reason of the entry of `accept` that allows it. */
  readonly accepted?: string | undefined;
}

export interface Trial {
  readonly verdict: 'pass' | 'fail' | 'not-tried';
  readonly text: string;
}

export interface CheckSeen {
  readonly title: string;
  readonly verdict: 'pass' | 'fail' | 'no-verdict';
  readonly text: string;
  readonly when: 'baseline' | 'new' | 'second-start' | 'old-code' | 'undone';
}

export interface Undo {
  readonly seconds: number;
  /** What is there after it is what was copied. */
  readonly equal: boolean;
  readonly differences: readonly Difference[];
}

export interface Forecast {
  /** Seconds of production's window. */
  readonly low: number;
  readonly high: number;
  /** Null: no budget is configured. */
  readonly budget: number | null;
  readonly parts: readonly ForecastPart[];
  /** The last rehearsals and deployments, newest first. */
  readonly history: readonly ForecastHistory[];
  /** Why the range is as wide as it is, and what took longer than before; one sentence each. */
  readonly notes?: readonly string[];
}

export interface ForecastPart {
  readonly title: string;
  readonly low: number;
  readonly high: number;
}

export interface ForecastHistory {
  readonly at: string;
  readonly version: string;
  /** Seconds of the window there. */
  readonly seconds: number;
  readonly what: 'rehearsal' | 'deployment';
}

/** The difference asks for consent and has none. */
export function isRefused(difference: Difference): boolean {
  return difference.kind !== 'added' && difference.accepted === undefined
    && difference.harmless === undefined;
}
