import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { command as commandOf, raw, type Command } from '../command/command.ts';
import { BoundedText } from './bounded-text.ts';
import { FrameFilter, FrameStripper, type Frame } from './frames.ts';
import type { Gate } from './gate.ts';
import type { Outcome, RunResult } from './transport.ts';
import { endGroup, preamble } from './wrapper.ts';

/** The most that a result holds of each output. */
export const outputBytesMax = 8 * 1024 * 1024;
/** How long a stopped session may take to tell its process group. */
const startWaitMsMax = 5_000;
/** How long the streams may stay open (a daemon holds them) after the end was told. */
const closeWaitMsMax = 1_000;
const endGroupMsMax = 10_000;
/** How much later than its sessions a lost connection may tell why. */
const reasonWaitMsMax = 500;

/** What a transport brings: a way to start the bootstrap shell with three pipes. */
export interface ShellHost {
  readonly name: string;
  /** Bounds how many sessions run at once; the second is for ending process groups. */
  readonly gate: Gate;
  readonly endingGate: Gate;
  spawn(): ChildProcessWithoutNullStreams;
  /** Why the connection no longer stands; undefined while it does. */
  lost(): string | undefined;
  /** Settles when the connection has ended. */
  readonly ended: Promise<unknown>;
}

/**
 * One run of a command in the wrapper. The caller writes `stdin` and must read `stdout`;
 * `done` never rejects and settles when both outputs have ended.
 */
export class ShellSession {
  readonly stdin = new PassThrough();
  readonly stdout: FrameFilter;
  readonly done: Promise<RunResult>;
  readonly #host: ShellHost;
  readonly #preamble: string;
  readonly #stderr = new BoundedText(outputBytesMax);
  readonly #stderrStripper: FrameStripper;
  readonly #statuses: number[] = [];
  readonly #group: Promise<number>;
  readonly #stopped: Promise<void>;
  #tellGroup: (group: number) => void = () => undefined;
  #tellStopped: () => void = () => undefined;
  #stopReason: string | undefined;
  #ending: Promise<void> | undefined;
  #child: ChildProcessWithoutNullStreams | undefined;

  constructor(host: ShellHost, command: Command) {
    const token = randomBytes(16).toString('hex');
    this.#host = host;
    this.#preamble = preamble(command, token);
    this.#group = new Promise((resolve) => { this.#tellGroup = resolve; });
    this.#stopped = new Promise((resolve) => { this.#tellStopped = resolve; });
    const onFrame = (frame: Frame): void => this.#onFrame(frame);
    this.stdout = new FrameFilter(token, onFrame);
    this.#stderrStripper = new FrameStripper(token, onFrame);
    // A closed or broken stream is told by the outcome.
    this.stdin.on('error', () => undefined);
    this.stdout.on('error', () => undefined);
    this.done = this.#live();
  }

  /** Ends the far process group; the outcome is `unknown` with this reason. */
  stop(reason: string): void {
    if (this.#stopReason !== undefined || this.#complete()) return;
    this.#stopReason = reason;
    this.#tellStopped();
    if (this.#child !== undefined) this.#ending = this.#endFarGroup();
  }

  /** Ends the near side only: the far command may go on. */
  kill(reason = 'the near side was ended'): void {
    this.#stopReason ??= this.#complete() ? undefined : reason;
    this.#tellStopped();
    this.#cut();
  }

  async #live(): Promise<RunResult> {
    const place = this.#host.gate.enter();
    await Promise.race([place.reached, this.#stopped]);
    const before = this.#stopReason ?? this.#host.lost();
    const why = before === undefined ? await this.#conduct() : `${before}; nothing was started`;
    place.leave();
    this.stdin.destroy();
    if (before !== undefined) this.stdout.destroy();
    return { outcome: this.#outcome(why), stdout: '', stderr: this.#stderr.toString() };
  }

  /** Runs to the end; gives why no status has arrived, for the case that none has. */
  async #conduct(): Promise<string> {
    const child = this.#host.spawn();
    this.#child = child;
    const stdoutEnded = endOf(this.stdout);
    child.stdin.on('error', () => undefined);
    child.stdin.write(this.#preamble);
    this.stdin.pipe(child.stdin);
    child.stdout.pipe(this.stdout);
    child.stderr.on('data', (chunk: Buffer) => {
      for (const piece of this.#stderrStripper.push(chunk)) this.#stderr.add(piece);
    });
    child.once('exit', (status, signal) => this.#onExit(signal !== null || status !== 0));
    const end = await endOfChild(child);
    this.#stderr.add(this.#stderrStripper.flush());
    if (!this.stdout.writableEnded) this.stdout.end();
    await stdoutEnded;
    await this.#ending;
    const reasonKnown = this.#complete() || this.#stopReason !== undefined;
    if (!reasonKnown) await within(reasonWaitMsMax, this.#host.ended);
    return this.#stopReason ?? this.#host.lost() ?? `the end was not told (${end})`;
  }

  #outcome(why: string): Outcome {
    const [status] = this.#statuses;
    if (status === undefined || !this.#complete()) return { kind: 'unknown', why };
    if (status > 128 && status <= 192) return { kind: 'signalled', signal: status - 128 };
    return { kind: 'exited', status };
  }

  /** The end was told on both outputs, so all of both has arrived. */
  #complete(): boolean {
    return this.#statuses.length === 2;
  }

  #onFrame(frame: Frame): void {
    if (frame.kind === 'start') return this.#tellGroup(frame.value);
    // After a stop an end that still arrives is the end that the stop has made.
    if (this.#stopReason === undefined) this.#statuses.push(frame.value);
    else this.#statuses.length = 0;
    if (this.#complete()) setTimeout(() => this.#cut(), closeWaitMsMax).unref();
  }

  async #endFarGroup(): Promise<void> {
    const group = await within(startWaitMsMax, this.#group);
    if (group === undefined) {
      this.#stopReason += '; its process group is not known, it may still run';
      return this.#cut();
    }
    const host = { ...this.#host, gate: this.#host.endingGate };
    const ender = new ShellSession(host, commandOf(raw(endGroup(group), 'ends a process group')));
    ender.stdin.end();
    ender.stdout.resume();
    const timer = setTimeout(() => ender.kill(), endGroupMsMax);
    const { outcome } = await ender.done;
    clearTimeout(timer);
    if (outcome.kind !== 'exited' || outcome.status !== 0) {
      this.#stopReason += '; its processes could not be ended, they may still run';
    }
    setTimeout(() => this.#cut(), closeWaitMsMax).unref();
  }

  /** Where the outer shell itself was killed, what it leaves behind may hold the streams. */
  #onExit(broken: boolean): void {
    if (!broken || this.#statuses.length > 0) return;
    setTimeout(() => this.#cut(), closeWaitMsMax).unref();
  }

  #cut(): void {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
    // Nobody may be reading any more: what was not taken is lost, and the outcome says so.
    if (!this.#complete()) this.stdout.destroy();
  }
}

async function endOfChild(child: ChildProcessWithoutNullStreams): Promise<string> {
  return await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, signal) => {
      resolve(signal === null ? `the near side ended with ${status}` : `the near side: ${signal}`);
    });
  });
}

async function endOf(stream: FrameFilter): Promise<void> {
  await Promise.race([once(stream, 'end'), once(stream, 'close')]).catch(() => undefined);
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const abort = new AbortController();
  const timer = sleep(ms, undefined, { signal: abort.signal }).catch(() => undefined);
  const first = await Promise.race([promise, timer]);
  abort.abort();
  return first;
}
