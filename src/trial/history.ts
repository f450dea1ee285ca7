import { command, type Command } from '../command/command.ts';
import type { HostPair } from '../facts/parity.ts';
import type { Speeds } from '../facts/speed.ts';
import type { CopyForm, PastWindow, Range } from './forecast.ts';
import type { RehearsedStep } from './rehearsal.ts';

/** Rehearsals whose times staging keeps. */
export const rehearsalsMax = 20;

/**
 * Times of one rehearsal: `<records>/rehearsals/<run>.json` on staging, one line of JSON, written
 * by rename. Run ids sort by time. Seconds and bytes; `at` is ISO 8601 in UTC.
 */
export interface RehearsalTimes {
  readonly version: 1;
  readonly run: string;
  readonly release: { readonly version: string; readonly digest: string };
  readonly at: string;
  readonly passed: boolean;
  /** Null: the window was not reached, or not to its end. */
  readonly windowSeconds: number | null;
  readonly steps: readonly Pick<RehearsedStep, 'id' | 'title' | 'phase' | 'seconds'>[];
  readonly states: readonly StateTimes[];
  readonly speeds: HostPair<Speeds> | null;
  readonly forecast: Range | null;
}

export interface StateTimes {
  readonly name: string;
  readonly copy: CopyForm;
  readonly bytes: number;
  /** Of the copy from production to staging; 0 where it was reused. */
  readonly copySeconds: number;
}

const linesMax = 2000;

/** Keeps the times, and the newest of them only. Safe to run again. */
export function keepTimesCommand(records: string, times: RehearsalTimes): Command {
  const text = 'mkdir -p -- "$1/rehearsals" && cd -- "$1/rehearsals" && cat >".$2.json" && ' +
    'sync ".$2.json" && mv -f -- ".$2.json" "$2.json" && ' +
    'ls -1 | grep "[.]json$" | sort -r | tail -n "+$(($3 + 1))" | ' +
    'while IFS= read -r old; do rm -f -- "$old"; done';
  return { ...command('/bin/sh', '-c', text, 'seatrial-times', records, times.run,
    String(rehearsalsMax)), stdin: `${JSON.stringify(times)}\n` };
}

/** Prints the kept times, newest first. Reads only; prints nothing where there are none. */
export function readTimesCommand(records: string): Command {
  const text = 'cd -- "$1/rehearsals" 2>/dev/null || exit 0; ls -1 | grep "[.]json$" | sort -r | ' +
    'head -n "$2" | while IFS= read -r file; do head -c 200000 -- "$file"; echo; done';
  return command('/bin/sh', '-c', text, 'seatrial-times', records, String(rehearsalsMax));
}

/** Newest first; a line that is no record of ours (torn, or another version's) is left out. */
export function parseTimes(text: string): RehearsalTimes[] {
  return text.split('\n').slice(0, linesMax).flatMap((line) => timesOf(parseJson(line)) ?? [])
    .sort((one, other) => (one.run < other.run ? 1 : -1));
}

/**
 * Prints the windows that a host went through and that ended with users let in, one a line:
 * `run TAB seconds since 1970 TAB seconds of the window TAB version`. What was taken over as it
 * was kept nobody out. Reads only.
 */
export function windowsCommand(records: string): Command {
  const text = 'cd -- "$1/runs" 2>/dev/null || exit 0; ls -1 | sort -r | head -n "$2" | ' +
    'while IFS= read -r run; do version=$(sed -n \'s/.*"version" *: *"\\([^"]*\\)".*/\\1/p\' ' +
    '"../history/$run.json" 2>/dev/null | head -n 1); ' +
    '! grep -q \'"rehearsal" *: *"adopted"\' "../history/$run.json" 2>/dev/null || continue; ' +
    '[ ! -r "$run/journal" ] || ' +
    'RUN=$run VERSION=$version awk -F"\\t" \'' +
    '$2 == "window" && begun == "" { begun = $1 } $2 == "admitted" { ended = $1 } ' +
    'END { if (begun != "" && ended != "") printf "%s\\t%s\\t%.3f\\t%s\\n", ' +
    'ENVIRON["RUN"], begun, ended - begun, ENVIRON["VERSION"] }\' "$run/journal"; done';
  return command('/bin/sh', '-c', text, 'seatrial-windows', records, String(rehearsalsMax));
}

/**
 * Rehearsals and real windows as one history, newest first. A window had the forecast of the last
 * rehearsal before it of the same version.
 */
export function pastWindows(windows: string, rehearsals: readonly RehearsalTimes[]): PastWindow[] {
  const real = windows.split('\n').slice(0, linesMax).flatMap((line): PastWindow[] => {
    const [, begun = '', seconds = '', version = ''] = line.split('\t');
    if (!/^\d{1,11}(?:\.\d+)?$/.test(begun) || !/^\d+(?:\.\d+)?$/.test(seconds)) return [];
    const at = new Date(Number(begun) * 1000).toISOString();
    const forecast = rehearsals.find((it) => it.release.version === version && it.at <= at
      && it.forecast !== null)?.forecast ?? undefined;
    return [{ at, version: version.slice(0, 200), seconds: Number(seconds), what: 'deployment',
      forecast }];
  });
  const rehearsed = rehearsals.flatMap(({ at, release, windowSeconds }): PastWindow[] =>
    (windowSeconds === null ? []
      : [{ at, version: release.version, seconds: windowSeconds, what: 'rehearsal' }]));
  return [...real, ...rehearsed].sort((one, other) => (one.at < other.at ? 1 : -1));
}

const slowerFactor = 1.5;
const slowerSeconds = 5;
const comparedMax = 5;

/** Steps that took much longer than in the last rehearsals, one sentence each. */
export function slowerSteps(times: RehearsalTimes, before: readonly RehearsalTimes[]): string[] {
  return times.steps.flatMap((step) => {
    const earlier = before.filter((it) => it.run !== times.run).slice(0, comparedMax)
      .flatMap((it) => it.steps.find((other) => other.id === step.id)?.seconds ?? [])
      .sort((one, other) => one - other);
    const middle = earlier[Math.floor(earlier.length / 2)];
    if (middle === undefined || step.seconds <= middle * slowerFactor
      || step.seconds <= middle + slowerSeconds) return [];
    return [`${step.title} took ${step.seconds.toFixed(0)} s; in the last rehearsals it took ` +
      `${middle.toFixed(0)} s.`];
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is checked is what is computed with; the rest is only shown. */
function timesOf(value: unknown): RehearsalTimes | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const times = value as Partial<RehearsalTimes>;
  const sound = times.version === 1 && typeof times.run === 'string'
    && typeof times.at === 'string' && typeof times.release?.version === 'string'
    && (times.windowSeconds === null || Number.isFinite(times.windowSeconds))
    && isRecords(times.steps) && isRecords(times.states)
    && times.steps.every(({ id, title, seconds }) => typeof id === 'string'
      && typeof title === 'string' && Number.isFinite(seconds))
    && (times.forecast === null || Number.isFinite(times.forecast?.likely));
  return sound ? times as RehearsalTimes : undefined;
}

function isRecords(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value)
    && value.every((it: unknown) => typeof it === 'object' && it !== null);
}
