import type { Transport } from '../host/transport.ts';
import type { Report } from '../report/events.ts';
import { SeatrialError, type Problem } from '../errors.ts';
import type { JournalEnd, Titles } from './journal.ts';
import { script, type Launch } from './start.ts';
import { newWatchState, watch, type WatchState } from './watch.ts';

/** How long a lost host is looked for before the job ends as `running`. */
const reattachMsMax = 60_000;
const reattachWaitMs = 3_000;
const recoverTimeoutMs = 60_000;
/** The longest that a timer of Node.js can be. */
const timerMsMax = 2 ** 31 - 1;
/** A unit restarts a killed program by itself; only then do we. */
const recoveriesMax = 3;

export interface FollowInput {
  /** Opens a connection anew, or throws at once when `cancel` is aborted. */
  readonly open: () => Promise<Transport>;
  readonly transport: Transport;
  readonly application: string;
  readonly records: string;
  readonly run: string;
  readonly titles: Titles;
  readonly launch: Launch;
  readonly report: Report;
  readonly cancel: AbortSignal;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** After this the job ends as `running`, and the host goes on. */
  readonly watchMsMax: number;
}

export type Followed =
  | { readonly kind: 'ended'; readonly end: JournalEnd }
  | { readonly kind: 'running'; readonly why: string }
  | { readonly kind: 'unknown-run' };

/**
 * Watches a run to its end, over lost connections and dead programs. A program that died while we
 * watch is recovered at once where no unit does it: users are out.
 */
export async function follow(input: FollowInput): Promise<Followed> {
  const state = newWatchState();
  const giveUpAt = input.clock() + input.watchMsMax;
  let transport = input.transport;
  let recoveries = 0;
  try {
    for (;;) {
      const watchMsMax = Math.min(giveUpAt - input.clock(), timerMsMax);
      const end = await watch({ ...input, transport, state, watchMsMax });
      // Who lets go of a run that has ended meanwhile has seen its end all the same.
      if (state.end !== undefined && ['ended', 'lost', 'detached'].includes(end)) {
        return { kind: 'ended', end: state.end };
      }
      if (end === 'detached') return { kind: 'running', why: letGoText(state) };
      if (end === 'unknown-run') return { kind: 'unknown-run' };
      if (end === 'limit' || input.clock() > giveUpAt) {
        return { kind: 'running', why: 'the watch limit was reached' };
      }
      if (end === 'gone') {
        if (recoveries >= recoveriesMax) return { kind: 'running', why: 'its program keeps dying' };
        recoveries += 1;
        input.report({ kind: 'warning', text: 'the program on the host died; recovering' });
        const started = await startRecovery({ ...input, transport, force: false });
        if (started.kind === 'nothing') return { kind: 'ended', end: neverBegan };
      } else {
        input.report({ kind: 'warning', text: 'contact with the host is lost; the host goes on' });
        const again = await reopen(input, transport);
        if (again === undefined) return { kind: 'running', why: 'contact with the host is lost' };
        transport = again;
      }
    }
  } finally {
    if (transport !== input.transport) await transport.close();
  }
}

/** It has no end, and is not unfinished: it had not come to its first act. */
const neverBegan: JournalEnd = { end: 'cancelled', text: 'the program was killed before it began' };

function letGoText(state: WatchState): string {
  return state.inWindow ? 'it was cancelled inside the window, where the host decides'
    : 'it was asked to stop before the window, and did not answer in time';
}

async function reopen(input: FollowInput, dead: Transport): Promise<Transport | undefined> {
  if (dead !== input.transport) await dead.close();
  const until = input.clock() + reattachMsMax;
  // A job that is cancelled has seconds to live: neither the wait nor the attempt may outlast it.
  const cancelled = new Promise<void>((resolve) => {
    input.cancel.addEventListener('abort', () => resolve(), { once: true });
  });
  while (input.clock() < until && !input.cancel.aborted) {
    await Promise.race([input.sleep(reattachWaitMs), cancelled]);
    try {
      return await input.open();
    } catch (error) {
      if (!(error instanceof SeatrialError)) throw error;
    }
  }
  return undefined;
}

export interface RecoveryInput {
  readonly transport: Transport;
  readonly application: string;
  readonly records: string;
  readonly launch: Launch;
  /** A person says that it may go on where a person was asked. */
  readonly force: boolean;
}

export type RecoveryStart =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'busy'; readonly owner: string }
  | { readonly kind: 'started'; readonly run: string };

/** Has the host finish what a dead program left. Throws `running` where it could not. */
export async function startRecovery(input: RecoveryInput): Promise<RecoveryStart> {
  const { transport, records, launch, application, force } = input;
  const result = await transport.run(
    script('recover', [records, '-', launch, application, force ? 'yes' : '']),
    { timeoutMs: recoverTimeoutMs },
  );
  const [word = '', ...rest] = result.stdout.trim().split('\n');
  if (word === 'nothing') return { kind: 'nothing' };
  if (word === 'busy') return { kind: 'busy', owner: rest.join('; ') };
  if (word === 'started') return { kind: 'started', run: rest[0] ?? '' };
  if (word === 'gone') throw new SeatrialError('refused', [programGone(records, rest[0] ?? '')]);
  throw new SeatrialError('running', [{
    message: `${transport.name} could not recover: ${word} ${result.stderr.trim()}`.trim(),
    fix: 'Users are kept out until it is done: seatrial recover',
  }]);
}

function programGone(records: string, run: string): Problem {
  return {
    message: `transaction ${run} is unfinished, and its program is gone from ` +
      `${records}/runs/${run}`,
    fix: 'Nobody but you can tell how far it came: look whether code and state belong together ' +
      `(rescue copies: seatrial status), then: ln -sfn . ${records}/gate; rm ${records}/unfinished`,
  };
}
