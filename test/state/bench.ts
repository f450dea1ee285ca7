import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync }
  from 'node:fs';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { quote } from '../../src/command/quote.ts';
import type { StateKind } from '../../src/state/spec.ts';
import { stateText } from '../../src/state/text.ts';
import { crashShims, need, run, runIn, temporary, why, write, type Box, type Crash, type Ran,
  type Shell } from '../transaction/sandbox.ts';

const progressMs = 20;
const reachedMsMax = 15_000;

/** A writer in a process of its own: it prints how many units it has written, one a line. */
export interface Counting {
  /** As far as it has told. */
  readonly told: () => number;
  readonly reached: Writer['reached'];
  /** Its status once it has ended; throws what it said on standard error. */
  readonly ended: () => Promise<number | null>;
}

export function countingWriter(child: ChildProcess): Counting {
  let count = 0;
  let rest = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    // A chunk may end anywhere in a line.
    const lines = `${rest}${chunk.toString('utf8')}`.split('\n');
    rest = lines.pop() ?? '';
    count = Number(lines.at(-1) ?? count);
  });
  child.stderr?.on('data', (chunk: Buffer) => { errors += chunk.toString('utf8'); });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    told: () => count,
    async reached(units) {
      for (let waited = 0; count < units; waited += progressMs) {
        if (child.exitCode !== null) throw new Error(`the writer has ended: ${errors}`);
        if (waited > reachedMsMax) throw new Error(`the writer does not get on: ${errors}`);
        await new Promise((resolve) => setTimeout(resolve, progressMs));
      }
    },
    async ended() {
      const status = await closed;
      if (errors !== '') throw new Error(errors);
      return status;
    },
  };
}

/**
 * One kind of state as the conformance suite sees it. A bench is made once for a test file;
 * a site is a live state on a host, made anew for each test.
 */
export interface Bench {
  readonly kind: StateKind;
  /** Two sites never share a place. `role` only helps to name things. */
  site(box: Box, role: 'production' | 'staging'): Promise<Site> | Site;
  /** A verb `drop_KIND` removes places of this kind: they are no files. */
  readonly dropsPlaces: boolean;
  /** Programs that act besides the usual ones (sandbox.ts): a kill comes before and after each. */
  readonly programs: readonly string[];
  /** Whether the kind can be copied while it is written: else writers are stopped before. */
  readonly copiesLive: boolean;
}

export interface Site {
  /** The word SPEC of the verbs. */
  readonly spec: string;
  /** Makes the live state: content that is worth keeping, of every sort that the kind has. */
  fill(): Promise<void> | void;
  /** All that a user could read, as one text, equal for equal states; empty: there is none. */
  read(): Promise<string> | string;
  /** What a failed release does: content and schema change, something is lost, something comes. */
  spoil(): Promise<void> | void;
  /** Writes again and again until it is stopped, each write as one unit of two parts. */
  startWriting(): Promise<Writer> | Writer;
  /** Units of the writer that the live state holds; throws where a unit is torn. */
  units(): Promise<number> | number;
  /** What stood at the live place before the first `lay`, if it was moved aside; else empty. */
  aside(): Promise<string> | string;
  /** Removes everything that was made outside of the box. */
  close(): Promise<void> | void;
}

export interface Writer {
  /** Resolves when at least so many units were acknowledged. */
  reached(units: number): Promise<void>;
  /** Number of units that were acknowledged. Throws where a write failed. */
  stop(): Promise<number> | number;
}

/** The verbs of one site, on its own host. */
export class Verbs {
  readonly box: Box;
  readonly site: Site;
  private readonly bench: Bench;
  private readonly shell: Shell;

  constructor(bench: Bench, parts: { box: Box; site: Site; shell: Shell }) {
    this.bench = bench;
    this.box = parts.box;
    this.site = parts.site;
    this.shell = parts.shell;
  }

  /** `do('rescue', 'state1', 'there')`: the verb with SPEC and the words, in the whole runtime. */
  text(verb: string, ...words: readonly string[]): string {
    return [`${verb}_${this.bench.kind}`, this.site.spec, ...words].map(quote).join(' ');
  }

  do(verb: string, ...words: readonly string[]): Promise<Ran> {
    return this.shellText(this.text(verb, ...words));
  }

  shellText(text: string, more: { crash?: Crash; run?: string; path?: string } = {}): Promise<Ran> {
    rmSync(join(this.box.runDirectory, 'why'), { force: true });
    const head = more.run === undefined ? {} : { RUN: more.run };
    mkdirSync(join(this.box.base, 'runs', more.run ?? run), { recursive: true });
    return runIn(this.box, { shell: this.shell, text: `SCRATCH=$RUN_DIR\n${text}`, head,
      ...(more.crash === undefined ? {} : { crash: more.crash }),
      path: more.path ?? [crashShims, process.env.PATH ?? ''].join(delimiter) });
  }

  /** Succeeds, or says what the verb said. Gives what it printed. */
  async must(verb: string, ...words: readonly string[]): Promise<string> {
    const ran = await this.do(verb, ...words);
    if (ran.status !== 0) throw new Error(`${verb}: ${why(this.box)}\n${ran.output}`);
    return ran.output;
  }

  /** Fails, with a reason that a person can read; gives the reason. */
  async refused(verb: string, ...words: readonly string[]): Promise<string> {
    const ran = await this.do(verb, ...words);
    if (ran.status === 0 || ran.status === undefined) {
      throw new Error(`${verb} ended with ${ran.status}\n${ran.output}`);
    }
    if (why(this.box) === '') throw new Error(`${verb} gave no reason\n${ran.output}`);
    return why(this.box);
  }

  async place(which: 'live' | 'incoming' | 'pristine' | 'rescue'): Promise<string> {
    return (await this.must('place', 'state1', which)).trim();
  }

  /** Sorted lines of objects and rows of a place. */
  async describe(place: string, shared = '-'): Promise<{ objects: string[]; rows: string[] }> {
    const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
    return { objects: lines(await this.must('objects', place)),
      rows: lines(await this.must('rows', place, shared)).sort() };
  }

  /** Fields of the list of rescue copies of a run: KIND, IDENTITY, PLACE, COUNT, KILOBYTES. */
  rescues(ofRun = run): string[][] {
    const path = join(this.box.base, 'rescues', ofRun);
    return !existsSync(path) ? []
      : readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => line.split('\t'));
  }

  /**
   * Runs `copy_KIND` or `probe_KIND` as a program outside of any transaction: the verbs of the
   * kind, `fail` and SCRATCH, no more. Standard output is a pipe, as ever (pg_dump writes
   * otherwise into a file, where it can go back), and comes to the file.
   */
  async bare(verb: 'copy' | 'probe', file: string, ...words: readonly string[]): Promise<Bare> {
    const scratch = temporary();
    const program = write(join(scratch, 'program.sh'), ['set -u', 'export LC_ALL=C',
      `SCRATCH=${quote(join(scratch, 'scratch'))}`, 'APP=fake', 'mkdir "$SCRATCH"',
      `fail() { printf 'failed: %s\\n' "$*" >&2; return 1; }`,
      stateText([this.bench.kind]), this.text(verb, ...words), ''].join('\n'));
    const child = spawn(need(this.shell), [program], { stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: '/nonexistent' } });
    const written = pipeline(child.stdout, createWriteStream(file));
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString('utf8'); });
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    await written;
    return { status: status ?? undefined, errors };
  }
}

export interface Bare {
  readonly status: number | undefined;
  /** Standard error; with `failed: ` where the verb said why. */
  readonly errors: string;
}

/** Shims like those of sandbox.ts for more programs: for a kind whose verbs act through others. */
export function shimsFor(programs: readonly string[]): string {
  const box = temporary();
  for (const name of programs) {
    write(join(box, name), ['#!/bin/sh', 'n=1',
      '[ ! -e "$CRASH_COUNT" ] || while read -r _; do n=$((n + 1)); done <"$CRASH_COUNT"',
      `echo ${name} >>"$CRASH_COUNT"`,
      '[ "$n" != "${CRASH_AT:-0}" ] || [ "$CRASH_HOW" != before ] || kill -s KILL 0',
      `[ "$n" = "\${CRASH_AT:-0}" ] || exec ${need(name)} "$@"`,
      `${need(name)} "$@"`, 'kill -s KILL 0', ''].join('\n'), 0o755);
  }
  return box;
}

/** A file cut short: the first `length` bytes. */
export function cutFile(file: string, length: number): string {
  const cut = `${file}.cut-${length}`;
  writeFileSync(cut, readFileSync(file).subarray(0, length));
  return cut;
}
