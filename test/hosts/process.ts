import { spawn } from 'node:child_process';

export interface ProcessOptions {
  /** Text for the program's standard input, which is empty by default. */
  readonly stdin?: string;
  /** After this time the program is killed, and the status is null. */
  readonly timeoutMs?: number;
}

export interface ProcessResult {
  /** Exit status, or null where the program was ended by a signal. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program on this machine to its end; throws only where it cannot be started. */
export async function runProcess(
  program: string, words: readonly string[], options: ProcessOptions = {},
): Promise<ProcessResult> {
  const child = spawn(program, words, {
    stdio: 'pipe',
    killSignal: 'SIGKILL',
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A program that ends without reading its input breaks the pipe; its status says enough.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  // After the exit, streams may be held open by what the program left running: they get a moment.
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
    child.on('exit', (code) => setTimeout(resolve, leftOpenMs, code).unref());
  });
  child.stdout.destroy();
  child.stderr.destroy();
  return {
    status,
    stdout: Buffer.concat(stdout).toString('utf8'),
    stderr: Buffer.concat(stderr).toString('utf8'),
  };
}

const leftOpenMs = 2_000;
