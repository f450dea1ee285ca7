import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { exec } from '@actions/exec';
import { SeatrialError } from '../errors.ts';

/**
 * The one place where packaging starts a process: arguments arrive as they are given, and what
 * @actions/exec does that a caller must not meet is handled here.
 */
export type Environment = Readonly<Record<string, string>>;

export interface ProcessRequest {
  /** Absolute path, from `findTool`. */
  readonly tool: string;
  readonly arguments: readonly string[];
  readonly cwd: string;
  /** The whole environment of the process; nothing is inherited. */
  readonly environment: Environment;
  /** Called for each line of stdout and stderr, without its end, at most `lineCharsMax` long. */
  readonly onLine?: (line: string) => void;
  /** Whether stdout is kept for the caller; default false. */
  readonly keepOutput?: boolean;
}

export interface ProcessResult {
  /** Exit status, or `signalled`: it did not exit by itself, and that is never success. */
  readonly status: number | 'signalled';
  /** All of stdout when `keepOutput`, else empty. */
  readonly stdout: Buffer;
  /** The last lines of stdout and stderr, in the order of arrival, for an error message. */
  readonly tail: readonly string[];
}

/**
 * @actions/exec leaves stdin an open pipe, so that a program that asks a question waits for ever;
 * with `input` it throws an uncaught EPIPE when the program ends without reading. A fixed line of
 * shell that replaces itself by the program gives it an empty input; the program and its arguments
 * are the shell's arguments, never its text. It also keeps the program's path out of exec()'s
 * first argument, which is split at spaces.
 */
const withoutInput = 'exec "$@" </dev/null';
const lineCharsMax = 4096;
const tailLinesMax = 30;
const stdoutBytesMax = 512 * 1024 * 1024;

/** Runs a process to its end. Throws SeatrialError only when it could not be started. */
export async function run(request: ProcessRequest): Promise<ProcessResult> {
  const tail: string[] = [];
  const take = (line: string): void => {
    tail.push(line);
    if (tail.length > tailLinesMax) tail.shift();
    request.onLine?.(line);
  };
  const output = collector(request.tool);
  const lines = [lineSplitter(take), lineSplitter(take)] as const;
  const code: unknown = await start(request, {
    stdout: (data) => (request.keepOutput === true ? output.add(data) : lines[0].add(data)),
    stderr: (data) => lines[1].add(data),
  });
  lines.forEach((splitter) => splitter.end());
  // A killed process comes back as null, although the declared type is a number.
  return { status: typeof code === 'number' ? code : 'signalled', stdout: output.all(), tail };
}

interface Listeners {
  readonly stdout: (data: Buffer) => void;
  readonly stderr: (data: Buffer) => void;
}

async function start(request: ProcessRequest, listeners: Listeners): Promise<unknown> {
  try {
    const words = ['-c', withoutInput, 'sh', request.tool, ...request.arguments];
    return await exec('/bin/sh', words, {
      cwd: request.cwd,
      env: { ...request.environment },
      silent: true,
      ignoreReturnCode: true,
      listeners,
    });
  } catch (cause) {
    throw new SeatrialError('refused', [{
      message: `${request.tool} could not be started: ${String(cause)}`,
      fix: 'Check that the program exists on this machine and may be executed.',
    }], cause);
  }
}

/** Absolute path of a program on PATH of the given environment, never of this process. */
export function findTool(name: string, environment: Environment): string {
  const directories = (environment['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const found = directories.map((directory) => join(directory, name)).find(isExecutable);
  if (found !== undefined) return found;
  throw new SeatrialError('bad-input', [{
    message: `${name} is not on the PATH of this machine`,
    fix: `Install ${name}, or add its directory to PATH, and run again.`,
  }]);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function collector(tool: string): { add: (data: Buffer) => void; all: () => Buffer } {
  const parts: Buffer[] = [];
  let bytes = 0;
  return {
    add: (data) => {
      bytes += data.length;
      if (bytes <= stdoutBytesMax) parts.push(data);
    },
    // Not thrown in `add`: an exception in exec's listener cannot be caught.
    all: () => {
      if (bytes <= stdoutBytesMax) return Buffer.concat(parts);
      throw new SeatrialError('refused', `${tool} printed over ${stdoutBytesMax} bytes`);
    },
  };
}

/** exec's own line events lose the last line when it has no end, so lines are cut here. */
function lineSplitter(take: (line: string) => void): {
  add: (data: Buffer) => void;
  end: () => void;
} {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  const flush = (text: string): void => take(text.replace(/\r$/, '').slice(0, lineCharsMax));
  return {
    add: (data) => {
      const parts = (rest + decoder.decode(data, { stream: true })).split('\n');
      rest = (parts.pop() ?? '').slice(0, lineCharsMax);
      parts.forEach(flush);
    },
    end: () => {
      if (rest !== '') flush(rest);
    },
  };
}
