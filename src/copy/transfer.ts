import { PassThrough } from 'node:stream';
import type { Command } from '../command/command.ts';
import type { Outcome, RunResult, Transport } from '../host/transport.ts';
import type { Report } from '../report/events.ts';
import { Meter } from './meter.ts';

export interface TransferInput {
  readonly production: Transport;
  readonly staging: Transport;
  /** Writes the stream to its standard output. */
  readonly copy: Command;
  /** Reads it; ends with 0 only if it was whole. */
  readonly receive: Command;
  /** On staging: prints what an interrupted copy has brought, as the input of `copy`. */
  readonly known: Command | undefined;
  readonly what: string;
  /** Bytes as production counts them; 0: not known. */
  readonly total: number;
  readonly rateMax: number | undefined;
  readonly report: Report;
  readonly cancel: AbortSignal;
  readonly clock: () => number;
}

/**
 * `failed`: one side said why, and trying again would not help. `cut`: no side did; it may be sent
 * again.
 */
export type Transferred =
  | { readonly kind: 'whole'; readonly bytes: number; readonly said: readonly string[] }
  | { readonly kind: 'failed'; readonly side: 'production' | 'staging'; readonly why: string }
  | { readonly kind: 'cut'; readonly why: string };

const progressEveryMs = 500;

/**
 * Production's output becomes staging's input; the runner holds a few chunks of it at most. Only
 * when both sides have said that they ended well is it whole.
 */
export async function transfer(input: TransferInput): Promise<Transferred> {
  const meter = new Meter({ rateMax: input.rateMax, clock: input.clock, onBytes: teller(input) });
  const known = input.known === undefined ? undefined : new PassThrough();
  // What breaks it is told by the outcomes; without a listener it would end the process.
  meter.on('error', () => undefined);
  known?.on('error', () => undefined);
  const { cancel } = input;
  const [sent, received] = await Promise.all([
    input.production.run(input.copy, { stdout: meter, signal: cancel,
      ...(known === undefined ? {} : { stdin: known }) }),
    input.staging.run(input.receive, { stdin: meter, signal: cancel }),
    known === undefined || input.known === undefined ? undefined
      : input.staging.run(input.known, { stdout: known, signal: cancel }),
  ]);
  return judge(sent, received, meter.bytes);
}

function teller(input: TransferInput): (done: number) => void {
  let told = Number.NEGATIVE_INFINITY;
  return (done) => {
    const now = input.clock();
    if (now - told < progressEveryMs) return;
    told = now;
    // An archive is longer than its files; past the end it is told as nearly done.
    input.report({ kind: 'progress', what: input.what, total: input.total,
      done: input.total === 0 ? done : Math.min(done, input.total) });
  };
}

/** The first cause: an end on one side makes another end on the other. */
export function judge(sent: RunResult, received: RunResult, bytes: number): Transferred {
  const production = failure(sent.outcome);
  const staging = failure(received.outcome);
  if (production !== undefined) {
    return { kind: 'failed', side: 'production', why: wordsOf(sent, production) };
  }
  if (staging !== undefined) {
    return { kind: 'failed', side: 'staging', why: wordsOf(received, staging) };
  }
  if (sent.outcome.kind === 'unknown' || received.outcome.kind === 'unknown') {
    return { kind: 'cut', why: [...causes('production', sent.outcome),
      ...causes('staging', received.outcome)].join('; ') };
  }
  return { kind: 'whole', bytes, said: [...linesOf(sent.stderr), ...linesOf(received.stderr)] };
}

function failure(outcome: Outcome): string | undefined {
  if (outcome.kind === 'signalled') return `killed by signal ${outcome.signal}`;
  if (outcome.kind === 'exited' && outcome.status !== 0) return `status ${outcome.status}`;
  return undefined;
}

function causes(side: string, outcome: Outcome): string[] {
  return outcome.kind === 'unknown' ? [`${side}: ${outcome.why}`] : [];
}

/** What `fail` said, or the last words of a program. */
export function wordsOf(result: Pick<RunResult, 'stderr'>, fallback: string): string {
  const lines = linesOf(result.stderr);
  const told = lines.find((it) => it.startsWith(failed));
  const other = lines.filter((it) => !it.startsWith(failed)).slice(-otherLinesMax);
  return told === undefined ? [fallback, ...other].join(': ')
    : [told.slice(failed.length), ...other.map((it) => `(${it})`)].join(' ');
}

const failed = 'failed: ';
const otherLinesMax = 3;

export function linesOf(text: string): string[] {
  return text.split('\n').map((it) => it.trim()).filter((it) => it !== '');
}
