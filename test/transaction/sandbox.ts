import { spawn, spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync,
  statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll } from 'vitest';
import { quote } from '../../src/command/quote.ts';
import { stateKinds } from '../../src/state/spec.ts';
import { stateText } from '../../src/state/text.ts';
import { runtimeText } from '../../src/transaction/compile.ts';

/** The runtime is POSIX sh: what holds must hold in both of these. */
export const shells = ['dash', 'bash'] as const;
export type Shell = (typeof shells)[number];

const parts = ['core', 'commands', 'files', 'state', 'services', 'checks', 'rounds', 'engine',
  'forget'];
const runtime = [...parts.map(runtimeText), stateText(stateKinds), 'each_state() { :; }']
  .join('\n');

/** Programs that change something; between any two of them a host may die. */
const mutating = ['mv', 'ln', 'cp', 'rm', 'mkdir', 'sync', 'tar'];

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

export function temporary(parent = tmpdir()): string {
  const root = mkdtempSync(join(parent, 'seatrial-runtime-'));
  roots.push(root);
  return root;
}

/** Where a program of this name is, or undefined. */
export function which(name: string): string | undefined {
  return (process.env.PATH ?? '').split(delimiter).map((it) => join(it, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}

export function need(name: string): string {
  const path = which(name);
  if (path === undefined) throw new Error(`the tests need ${name} on this machine`);
  return path;
}

/**
 * Whether tests that need these programs are left out: on the machine of a person who has them not.
 * In CI they run, and fail.
 */
export function lacks(...names: readonly string[]): boolean {
  const missing = names.filter((it) => which(it) === undefined);
  if (missing.length === 0 || process.env.CI !== undefined) return false;
  process.stderr.write(`tests that need ${missing.join(' and ')} are left out\n`);
  return true;
}

export function write(path: string, text: string, mode = 0o644): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** A directory of programs, by name: for a host that has less than this machine. */
export function toolbox(names: readonly string[]): string {
  const box = temporary();
  for (const name of names) symlinkSync(need(name), join(box, name));
  return box;
}

function makeShims(): string {
  const box = temporary();
  for (const name of mutating) {
    // A flush is counted, and does nothing: no test here cuts the power.
    const real = need(name === 'sync' ? 'true' : name);
    write(join(box, name), [
      '#!/bin/sh',
      'n=1',
      '[ ! -e "$CRASH_COUNT" ] || while read -r _; do n=$((n + 1)); done <"$CRASH_COUNT"',
      `echo ${name} >>"$CRASH_COUNT"`,
      '[ "$n" != "${CRASH_AT:-0}" ] || [ "$CRASH_HOW" != before ] || kill -s KILL 0',
      `[ "$n" = "\${CRASH_AT:-0}" ] || exec ${real} "$@"`,
      `${real} "$@"`,
      ...(name === 'cp' ? halfACopy : []),
      'kill -s KILL 0',
      '',
    ].join('\n'), 0o755);
  }
  return box;
}

/** What a copy looks like when its process is killed in the middle of a file. */
const halfACopy = [
  'for last in "$@"; do :; done',
  'find "$last" -type f -size +1c 2>/dev/null | head -n 1 | while read -r file; do',
  '  truncate -s 1 "$file"',
  'done',
];

/** Programs that can be made to kill their whole process group at the n-th call. */
export const crashShims = makeShims();

export interface Box {
  readonly root: string;
  readonly base: string;
  readonly runDirectory: string;
}

export const run = '20260101T000000Z-aaaaaa';

/** Seatrial's directory on a host, and a run in it; `live` is where the application lives. */
export function makeBox(root: string): Box {
  const base = join(root, 'records');
  const runDirectory = join(base, 'runs', run);
  mkdirSync(runDirectory, { recursive: true });
  mkdirSync(join(base, 'failed'), { recursive: true });
  mkdirSync(join(root, 'live'), { recursive: true });
  writeFileSync(join(runDirectory, 'console.log'), '');
  return { root, base, runDirectory };
}

export interface Crash {
  /** The n-th program that changes something, counted from 1. */
  readonly at: number;
  /** Before it acts, or after it has (a copy: after half of it). */
  readonly how: 'before' | 'after';
}

export interface Ran {
  /** Undefined where it was killed. */
  readonly status: number | undefined;
  readonly output: string;
  /** The programs that change something, in the order they were begun. */
  readonly calls: readonly string[];
}

export interface RunInput {
  readonly shell: Shell;
  /** Shell text after the runtime. */
  readonly text: string;
  readonly crash?: Crash;
  readonly path?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Constants of the head, over the usual ones. */
  readonly head?: Readonly<Record<string, string | number>>;
}

const usualHead = {
  APP: 'fake', RUN: run, VERSION: '2', DIGEST: 'd'.repeat(64), BY: 'a test', STEPS: '', CHECKS: '',
  OBSERVE_EVERY: 0, OBSERVE_WITHIN: 1, KEEP_RELEASES: 2, KEEP_RESCUES: 2, KEEP_FAILED: 2,
  RELEASES: '',
};

/** Runs text with the whole runtime, in a process group of its own. */
export async function runIn(box: Box, input: RunInput): Promise<Ran> {
  const count = join(box.root, 'count');
  rmSync(count, { force: true });
  const path = input.path ?? [crashShims, process.env.PATH ?? ''].join(delimiter);
  const head = { ...usualHead, BASE: box.base, ...input.head };
  const program = join(box.root, 'program.sh');
  writeFileSync(program, [
    'set -u', 'umask 022', 'export LC_ALL=C', `PATH=${quote(path)}`, 'export PATH',
    ...Object.entries(head).map(([name, value]) => `${name}=${quote(String(value))}`),
    runtime, input.text, '',
  ].join('\n'));
  const child = spawn(need(input.shell), [program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: path, HOME: '/nonexistent', CRASH_COUNT: count,
      CRASH_AT: String(input.crash?.at ?? 0), CRASH_HOW: input.crash?.how ?? 'before',
      ...input.environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => { output += chunk.toString('utf8'); });
  }
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const calls = existsSync(count) ? readFileSync(count, 'utf8').trim().split('\n') : [];
  return { status: status ?? undefined, output, calls };
}

/** What `fail` wrote down: the reason that a person would read. */
export function why(box: Box): string {
  const path = join(box.runDirectory, 'why');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : '';
}

/** A copy of a tree with all that it has, as quick as it gets. */
export function copyTree(from: string, to: string): void {
  const done = spawnSync('cp', ['-a', '--', from, to], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
}

/** At most `limit` at once. */
export async function together<Item>(
  items: readonly Item[], limit: number, act: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  await Promise.all(Array.from({ length: limit }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await act(item);
  }));
}
