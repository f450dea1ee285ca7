import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PassThrough, Readable, Transform } from 'node:stream';
import { TarArchive } from 'archiver';
import { command, type Command } from '../command/command.ts';
import { SeatrialError } from '../errors.ts';
import type { Transport } from '../host/transport.ts';
import type { Plan } from '../plan/plan.ts';
import type { Report } from '../report/events.ts';
import { compile, number, runtimeText, type Origin } from './compile.ts';
import type { Titles } from './journal.ts';

const startTimeoutMs = 60 * 60 * 1000;

/** How a program is launched: by the root-owned unit, or in a session of its own. */
export type Launch = 'unit' | 'session';

export interface StartInput {
  readonly plan: Plan;
  readonly launch: Launch;
  readonly origin: Origin;
  /** The tarball to send; undefined for a rollback. */
  readonly archive: string | undefined;
  readonly cancel: AbortSignal;
}

export type Started =
  | { readonly kind: 'started' }
  | { readonly kind: 'busy'; readonly owner: Readonly<Record<string, string>> }
  | { readonly kind: 'unfinished'; readonly run: string };

/**
 * Sends the program, the plan and the tarball in one stream, and has the host start it detached.
 * Nothing of the live system is touched by this; a stream that is cut leaves nothing behind but
 * a `.part` directory that the next start removes. Throws `refused` where the host cannot.
 */
export async function startTransaction(
  transport: Transport, input: StartInput, report: Report,
): Promise<Started> {
  const { plan, launch } = input;
  const archiveBytes = input.archive === undefined ? 0 : (await stat(input.archive)).size;
  const stream = payload(input, progress(archiveBytes, report));
  const result = await transport.run(
    script('start', [plan.records, plan.run, launch, plan.application, String(archiveBytes),
      plan.releases]),
    { stdin: stream, timeoutMs: startTimeoutMs, signal: input.cancel },
  );
  stream.destroy();
  if (input.cancel.aborted) throw cancelledEarly();
  const [word = '', ...rest] = result.stdout.trim().split('\n');
  if (word === 'started') return { kind: 'started' };
  if (word === 'busy') return { kind: 'busy', owner: tabbed(rest) };
  if (word === 'unfinished') return { kind: 'unfinished', run: rest[0] ?? '' };
  if (result.outcome.kind === 'unknown') {
    throw new SeatrialError('running', [{
      message: `the connection was lost while the run was handed over: ${result.outcome.why}`,
      fix: `Look what became of it: seatrial attach --run ${plan.run}`,
    }]);
  }
  throw new SeatrialError('refused', [{
    message: `${transport.name} could not start the run: ${word} ${result.stderr.trim()}`.trim(),
    fix: 'Nothing was touched.',
  }]);
}

/**
 * Cancelled before or while the run was handed over. A program that may have started all the same
 * finds nobody watching, and ends before the window by itself.
 */
export function cancelledEarly(): SeatrialError {
  return new SeatrialError('cancelled', [{
    message: 'cancelled before the host began', fix: 'Nothing was touched.' }]);
}

/** A fixed script as the argument of sh, so that standard input is free. */
export function script(name: 'start' | 'watch' | 'recover', words: readonly string[]): Command {
  const parts = name === 'watch' ? ['watch'] : ['launch', name];
  return command('/bin/sh', '-c', parts.map(runtimeText).join('\n'), `seatrial-${name}`, ...words);
}

/** The tarball as it is, which the host unpacks while it arrives; then a tar of the rest. */
function payload(input: StartInput, through: Transform): Readable {
  const { archive } = input;
  const parts = async function* (): AsyncGenerator<Buffer> {
    if (archive !== undefined) yield* createReadStream(archive) as AsyncIterable<Buffer>;
    yield* restOf(input) as AsyncIterable<Buffer>;
  };
  const source = Readable.from(parts(), { objectMode: false });
  source.on('error', (error) => through.destroy(error));
  through.on('close', () => source.destroy());
  return source.pipe(through);
}

function restOf(input: StartInput): Readable {
  const tar = new TarArchive({ gzip: false });
  const out = tar.pipe(new PassThrough());
  tar.on('error', (error: Error) => out.destroy(error));
  tar.append(compile(input.plan, input.origin), { name: 'program.sh', mode: 0o700 });
  tar.append(`${JSON.stringify(input.plan, undefined, 1)}\n`, { name: 'plan.json', mode: 0o600 });
  // Last: a stream that ends before it is no run.
  tar.append('yes\n', { name: 'complete', mode: 0o600 });
  tar.finalize().catch((error: unknown) => out.destroy(error instanceof Error ? error : undefined));
  return out;
}

const progressEveryBytes = 262_144;

function progress(total: number, report: Report): Transform {
  let done = 0;
  let told = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      done += chunk.length;
      if (total > 0 && done - told >= progressEveryBytes) {
        told = done;
        report({ kind: 'progress', what: 'upload', done: Math.min(done, total), total });
      }
      next(null, chunk);
    },
  });
}

function tabbed(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.filter((line) => line.includes('\t'))
    .map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)]));
}

/** Names for what the journal tells by number. */
export function titlesOf(plan: Pick<Plan, 'steps' | 'checks'>): Titles {
  return {
    steps: Object.fromEntries(plan.steps.map((step, index) =>
      [number(index), { id: step.id, title: step.title, back: step.back,
        onlyBack: step.do.length === 0 }])),
    checks: Object.fromEntries(plan.checks.map((check, index) => [number(index), check.title])),
  };
}

/** The first lines of the plan that a host keeps, enough to tell its journal in words. */
export function showPlanCommand(records: string, run: string): Command {
  return command('cat', '--', `${records}/runs/${run}/plan.json`);
}

