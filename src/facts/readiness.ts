import { readFileSync } from 'node:fs';
import { command, type Command } from '../command/command.ts';
import { quote } from '../command/quote.ts';
import { SeatrialError } from '../errors.ts';
import type { Transport } from '../host/transport.ts';

const readinessTimeoutMs = 60_000;

/** What doctor asks a host beside the facts of a plan. */
export interface Readiness {
  /** Seconds that the host's clock is ahead of ours for certain; negative: behind; 0: neither. */
  readonly clockAheadSeconds: number;
  /** Something on the host keeps its clock right. */
  readonly clockKept: 'yes' | 'no' | 'unknown';
  readonly failedBytes: number;
  /** Beside the records; undefined: they are not there yet. */
  readonly freeBytes: number | undefined;
  /** For each command that was asked for, in order. */
  readonly mayRun: readonly boolean[];
}

export interface ReadinessAsked {
  readonly records: string;
  /** Commands that sudo must allow; empty where the login is root. */
  readonly sudo: readonly (readonly string[])[];
  /** The wall clock here. */
  readonly now: () => Date;
}

/** One round trip, read-only. Throws `refused` where the host did not come to its end. */
export async function gatherReadiness(transport: Transport, asked: ReadinessAsked):
Promise<Readiness> {
  const before = asked.now();
  const { outcome, stdout } = await transport.run(readinessCommand(asked),
    { timeoutMs: readinessTimeoutMs });
  const after = asked.now();
  const found = outcome.kind === 'unknown' ? undefined
    : parseReadiness(stdout, { before, after, count: asked.sudo.length });
  if (found !== undefined) return found;
  throw new SeatrialError('refused', [{
    message: `${transport.name} did not tell whether it is ready`
      + (outcome.kind === 'unknown' ? `: ${outcome.why}` : ''),
    fix: 'Nothing was touched; look at the connection and run it again.',
  }]);
}

export function readinessCommand({ records, sudo }: ReadinessAsked): Command {
  const script = readFileSync(new URL('./readiness.sh', import.meta.url), 'utf8');
  const call = (...words: readonly string[]): string => words.map(quote).join(' ');
  const calls = [call('fact_clock'), call('fact_left', records),
    ...sudo.map((words, index) => call('fact_sudo', String(index), ...words)),
    `printf 'complete\\tyes\\n'`];
  return { ...command('/bin/sh', '-s'), stdin: `${script}\n${calls.join('\n')}\n` };
}

/** The host's clock was read at some moment between two of ours: more is not known. */
export function parseReadiness(output: string,
  asked: { readonly before: Date; readonly after: Date; readonly count: number }):
Readiness | undefined {
  const rows = output.split('\n').map((line) => line.split('\t'));
  const first = (name: string): string | undefined => rows.find((it) => it[0] === name)?.[1];
  const now = Number(first('now') || NaN);
  if (first('complete') !== 'yes' || !Number.isFinite(now)) return undefined;
  // The host tells whole seconds.
  const behind = Math.min(0, now + 1 - asked.before.getTime() / 1000);
  const ahead = Math.max(0, now - asked.after.getTime() / 1000);
  const kept = first('clock-kept');
  return {
    clockAheadSeconds: ahead > 0 ? ahead : behind,
    clockKept: kept === 'yes' || kept === 'no' ? kept : 'unknown',
    failedBytes: Number(first('failed-bytes') ?? 0),
    freeBytes: first('free-bytes') === undefined ? undefined : Number(first('free-bytes')),
    mayRun: Array.from({ length: asked.count }, (_, index) =>
      rows.some((it) => it[0] === 'sudo' && it[1] === String(index) && it[2] === 'yes')),
  };
}
