import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync,
} from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { tails } from './words.ts';

/**
 * The tool as people run it: a child process, compiled from the sources. Its name carries their
 * digest, so that one test run compiles once and no run tests what was compiled from others.
 */
const repository = resolve(import.meta.dirname, '../../..');
const temporary = join(repository, '.tmp');
const prefix = 'hosts-';
const keptMs = 6 * 60 * 60 * 1000;

export function buildTool(): string {
  const built = join(temporary, `${prefix}${sourcesDigest()}`);
  if (!existsSync(built)) compileTo(built);
  return join(built, 'src/entry/index.js');
}

function compileTo(built: string): void {
  mkdirSync(temporary, { recursive: true });
  for (const old of readdirSync(temporary).filter((it) => it.startsWith(prefix))) {
    const path = join(temporary, old);
    if (Date.now() - statSync(path).mtimeMs > keptMs) rmSync(path, { recursive: true });
  }
  const part = `${built}.part-${process.pid}`;
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath,
    [tsc, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', part],
    { cwd: repository, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the tool does not compile: ${stdout}`);
  cpSync(join(repository, 'package.json'), join(part, 'package.json'));
  for (const script of filesBelow('src').filter((it) => it.endsWith('.sh'))) {
    cpSync(join(repository, script), join(part, script));
  }
  // Another test process may have been faster; both compiled the same.
  if (existsSync(built)) rmSync(part, { recursive: true });
  else renameSync(part, built);
}

function sourcesDigest(): string {
  const hash = createHash('sha256');
  const files = [...filesBelow('src'), 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
  for (const file of files.sort()) {
    hash.update(`${file}\0`).update(readFileSync(join(repository, file))).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

function filesBelow(directory: string): string[] {
  return readdirSync(join(repository, directory), { withFileTypes: true, recursive: true })
    .filter((it) => it.isFile())
    .map((it) => relative(repository, join(it.parentPath, it.name)));
}

/** The one line of `--json` (docs/ends.md), as far as these tests read it. */
export interface JsonSummary {
  readonly end: string;
  readonly exit: number;
  readonly version: string | null;
  readonly digest: string | null;
  readonly serving: string | null;
  readonly run: string | null;
  readonly reason: string | null;
  readonly windowSeconds: number | null;
  readonly places: readonly { readonly what: string; readonly path: string }[];
  readonly next: readonly string[];
  readonly timeline: readonly { readonly id: string; readonly result: string }[];
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined where it ended before there was one: then `stderr` tells the problems. */
  readonly summary: JsonSummary | undefined;
  readonly ms: number;
}

export interface RunningTool {
  readonly pid: number;
  /** The value of SEATRIAL_TEST_TOOL in the environment of all that it starts. */
  readonly mark: string;
  readonly ended: Promise<Ended>;
  /** All that it has told so far, for people. */
  told(): string;
  signal(name: NodeJS.Signals): void;
}

export interface ToolOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Put before the program: a tracer, say. */
  readonly under?: readonly string[];
  readonly timeoutMs?: number;
}

/** No test waits longer for a command; the longest is a contact that is looked for in vain. */
const toolTimeoutMs = 170_000;

export function startTool(words: readonly string[], options: ToolOptions = {}): RunningTool {
  const [program = '', ...rest] = [...(options.under ?? []), process.execPath, buildTool(),
    ...words];
  const began = performance.now();
  const mark = randomUUID();
  // A group of its own: signals of a test go to the tool alone, as a runner sends them.
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'], detached: true, cwd: '/',
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent',
      SEATRIAL_TEST_TOOL: mark, ...options.env },
    timeout: options.timeoutMs ?? toolTimeoutMs, killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString('utf8'); });
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString('utf8'); });
  const ended = new Promise<Ended>((resolved, rejected) => {
    child.on('error', rejected);
    child.on('close', (status, signal) => resolved({
      status, signal, stdout, stderr, summary: summaryOf(stdout), ms: performance.now() - began,
    }));
  });
  return { pid: child.pid ?? 0, mark, ended, told: () => stderr,
    signal: (name) => child.kill(name) };
}

function summaryOf(stdout: string): JsonSummary | undefined {
  return stdout.startsWith('{"format":1') ? JSON.parse(stdout) as JsonSummary : undefined;
}

/** For a failing assertion: how it ended, and the last that it told. */
export function describeEnd(ended: Ended): string {
  return `${ended.status ?? ended.signal} after ${Math.round(ended.ms)} ms\n${tails(ended.stderr)}`;
}
