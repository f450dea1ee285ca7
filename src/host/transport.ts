import type { Readable, Writable } from 'node:stream';
import type { Command } from '../command/command.ts';

/**
 * How a process ended. `unknown` means that no status arrived (the connection was lost, say):
 * the command may have run, may be running, or may never have started. It is never success.
 * A status of 129..192 is reported as `signalled`: a POSIX shell cannot tell the two apart,
 * and neither means success.
 */
export type Outcome =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'signalled'; readonly signal: number }
  | { readonly kind: 'unknown'; readonly why: string };

export interface RunResult {
  readonly outcome: Outcome;
  /** Standard output as UTF-8, or empty where `stdout` streamed it. At most `outputBytesMax`. */
  readonly stdout: string;
  /** Standard error as UTF-8. Beyond `outputBytesMax` the middle is left out, with a note. */
  readonly stderr: string;
}

export interface RunOptions {
  /** Streamed to the command's standard input, with back pressure; instead of `command.stdin`. */
  readonly stdin?: Readable;
  /** Receives standard output, binary clean, with back pressure. */
  readonly stdout?: Writable;
  /** Ends the command: the far process group gets TERM, then the outcome is `unknown`. */
  readonly signal?: AbortSignal;
  /** The far process group gets TERM after this many milliseconds; outcome `unknown`. */
  readonly timeoutMs?: number;
}

/**
 * A way to run commands on one host: `local` and `ssh` pass one conformance suite.
 * Calls may overlap. Nothing is retried here: only the caller knows what may be repeated.
 * Errors: a host that cannot be reached at all, a host key that is missing or changed, a refused
 * login throw SeatrialError `refused` (nothing ran); everything later is an Outcome.
 */
export interface Transport {
  /** The address as people write it: `deploy@www.example.org`, or `local`. */
  readonly name: string;
  /** Runs to its end and gives the outcome; never throws for a failing command. */
  run(command: Command, options?: RunOptions): Promise<RunResult>;
  /**
   * Starts a command whose streams the caller drives (the watch): `stdin` may stay open.
   * `done` settles when the streams have ended; `kill` ends the local side only.
   */
  start(command: Command): Session;
  /** Closes the connection and removes temporary files. May be repeated. */
  close(): Promise<void>;
}

export interface Session {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly done: Promise<RunResult>;
  kill(): void;
}
