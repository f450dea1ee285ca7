import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The runner's times. Tests shorten them by one factor, so that their order stays. */
export const interruptMs = 7500;
export const terminateMs = 2500;
/** How long a process that has ended may leave its pipes open, to a child of its own. */
const pipesMs = 5000;

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** A line of stdout or stderr, without its end. */
  readonly onLine: (line: string) => void;
  /** 1 for GitHub's own times. */
  readonly timeFactor: number;
}

export interface ProgramEnd {
  /** `undefined` where a signal ended it. */
  readonly code: number | undefined;
}

export interface Running {
  readonly ended: Promise<ProgramEnd>;
  /** SIGINT to the entry process alone, then SIGTERM, then SIGKILL; not to its children. */
  cancel(): void;
}

export function start(program: Program): Running {
  const child = spawn(program.file, [...program.args], {
    cwd: program.cwd, env: { ...program.env }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<ProgramEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve({ code: code ?? undefined }));
  });
  const failed: { reason?: unknown } = {};
  const guarded = (line: string): void => {
    try {
      program.onLine(line);
    } catch (error) {
      failed.reason ??= error;
    }
  };
  const closed = Promise.all([child.stdout, child.stderr].map((stream) => lines(stream, guarded)));
  const ended = exited.then(async (end) => {
    await Promise.race([closed, sleep(pipesMs * program.timeFactor, undefined, { ref: false })]);
    child.stdout.destroy();
    child.stderr.destroy();
    if ('reason' in failed) throw failed.reason;
    return end;
  });
  // Whoever started the program awaits `ended`; a program that failed at once must not be told
  // as unhandled before that.
  ended.catch(() => undefined);
  return { ended, cancel: () => { void cancel(child, { exited, factor: program.timeFactor }); } };
}

async function cancel(
  child: ChildProcess, how: { readonly exited: Promise<ProgramEnd>; readonly factor: number },
): Promise<void> {
  const gone = how.exited.then(() => true, () => true);
  const steps = [['SIGINT', interruptMs], ['SIGTERM', terminateMs], ['SIGKILL', 0]] as const;
  for (const [signal, waitMs] of steps) {
    child.kill(signal);
    if (await Promise.race([gone, sleep(waitMs * how.factor, false)])) return;
  }
}

function lines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  let left = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const parts = `${left}${chunk}`.split('\n');
    left = parts.pop() ?? '';
    for (const part of parts) onLine(part.replace(/\r$/, ''));
  });
  return new Promise((resolve) => {
    const end = (): void => {
      if (left !== '') onLine(left);
      left = '';
      resolve();
    };
    stream.once('end', end);
    stream.once('close', end);
    stream.once('error', end);
  });
}

/** Processes of a job, also those that outlived their parents: they carry its tracking id. */
export function tracked(trackingId: string): number[] {
  const wanted = `RUNNER_TRACKING_ID=${trackingId}`;
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)
    .filter((pid) => pid !== process.pid && environmentOf(pid).includes(wanted));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // Gone meanwhile, or another user's.
    return [];
  }
}

export function killTracked(trackingId: string): number[] {
  const pids = tracked(trackingId);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  return pids;
}
