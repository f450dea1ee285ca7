import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync }
  from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { parseArguments } from '../../src/config/arguments.ts';
import type { RawOptions } from '../../src/config/options.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { SeatrialError } from '../../src/errors.ts';
import { packageDirectory } from '../../src/package/package.ts';
import type { ReportEvent, Summary } from '../../src/report/events.ts';
import { run, type World } from '../../src/run.ts';

type Command = Parameters<typeof run>[0];

export interface Ran {
  readonly summary: Summary | undefined;
  readonly printed: string;
  /** What was asked, in order. */
  readonly asked: readonly string[];
  readonly events: readonly ReportEvent[];
  readonly error: SeatrialError | undefined;
}

export interface Running {
  readonly world?: Partial<World>;
  /** Inputs of a job, which the command line does not have. */
  readonly options?: Partial<RawOptions>;
  /** Answers of the person; without them nobody is at a terminal. */
  readonly answers?: readonly string[];
}

/** An application without a service on this machine, in a temporary directory. */
export class Site {
  readonly root = mkdtempSync(join(tmpdir(), 'seatrial-approval-'));
  readonly records = join(this.root, 'records');
  readonly config = join(this.root, 'seatrial.yml');

  constructor(more = '', hosts = 'production: local') {
    mkdirSync(join(this.root, 'srv/shared'), { recursive: true });
    mkdirSync(join(this.root, 'srv/releases'));
    writeFileSync(this.config, `application: app
hosts: { ${hosts} }
records: ${this.records}
install: { directory: ${join(this.root, 'srv')} }
service: []
maintenance: { none: nobody is there }
state: []
checks: [{ command: "true" }]
observe: { passes: 1, every: 1s, within: 10s }
${more}
`);
  }

  /** Path of the tarball. */
  async release(version: string): Promise<string> {
    const [tree, scratch] = ['tree', 'scratch'].map((it) => join(this.root, `${it}-${version}`));
    for (const path of [tree, scratch]) mkdirSync(path ?? '');
    writeFileSync(join(tree ?? '', 'version'), version);
    const { archive } = await packageDirectory({
      config: parseConfig(readFileSync(this.config, 'utf8'), this.config), directory: tree ?? '',
      version, epoch: 0, output: join(this.root, 'releases'), scratch: scratch ?? '',
      environment: {}, seatrialVersion: '0.0.0-test', report: () => undefined });
    return archive;
  }

  async run(command: Command, words: readonly string[], running: Running = {}): Promise<Ran> {
    const { options } = parseArguments([command, '--config', this.config, ...words]);
    const events: ReportEvent[] = [];
    const [printed, asked]: [string[], string[]] = [[], []];
    const answers = [...running.answers ?? []];
    const world: World = {
      report: (event) => { events.push(event); }, print: (text) => { printed.push(text); },
      now: () => new Date(), clock: () => performance.now(),
      sleep: async (milliseconds) => { await sleep(milliseconds); },
      random: (bytes) => randomBytes(bytes).toString('hex'),
      cancel: new AbortController().signal, temporaryDirectory: this.root, by: 'eve@laptop',
      environment: { PATH: process.env['PATH'] ?? '' }, toolVersion: '0.0.0-test',
      job: undefined, started: () => undefined,
      ask: running.answers === undefined ? undefined : (question) => {
        asked.push(question);
        return Promise.resolve(answers.shift() ?? '');
      },
      ...running.world,
    };
    try {
      const result = await run(command, { ...options, ...running.options }, world);
      const summary = result.kind === 'summary' ? result.summary : undefined;
      return { summary, printed: printed.join(''), asked, events, error: undefined };
    } catch (error) {
      if (!(error instanceof SeatrialError)) throw error;
      return { summary: undefined, printed: printed.join(''), asked, events, error };
    }
  }

  /** The host's record of what is installed; undefined where nothing is. */
  installed(): Record<string, unknown> | undefined {
    try {
      return JSON.parse(readFileSync(join(this.records, 'installed.json'), 'utf8')) as
        Record<string, unknown>;
    } catch {
      return undefined;
    }
  }

  /** The program of a run, as the host has it. */
  program(ran: Ran): string {
    return readFileSync(join(this.records, 'runs', ran.summary?.run ?? '', 'program.sh'), 'utf8');
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Warnings, one a line. */
export function warnings(ran: Ran): string {
  return ran.events.flatMap((it) => it.kind === 'warning' ? [it.text] : []).join('\n');
}

/** A refusal before anything was sent. */
export function expectRefused(site: Site, ran: Ran, words: RegExp): void {
  expect(ran.error?.kind).toBe('refused');
  expect(ran.error?.message).toMatch(words);
  expectUntouched(site);
}

export function expectUntouched(site: Site): void {
  expect(site.installed()).toBeUndefined();
  expect(readdirSync(join(site.root, 'srv/releases'))).toEqual([]);
  expect(readdirSync(site.root)).not.toContain('records');
}
