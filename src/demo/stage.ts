import { spawnSync } from 'node:child_process';
import {
  appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawOptions } from '../config/options.ts';
import { parseConfig } from '../config/parse.ts';
import { SeatrialError } from '../errors.ts';
import { packageDirectory } from '../package/package.ts';
import { openConsole } from '../report/console.ts';
import type { ReportEvent, Summary, VerdictEvent } from '../report/events.ts';
import { summaryJson } from '../report/json.ts';
import { summaryMarkdown } from '../report/markdown.ts';
import { run, type World } from '../run.ts';
import { stateBytes, type Bytes } from './bytes.ts';
import type { Maker } from './examples.ts';
import { endProcess, processOf } from './processes.ts';
import { freePort } from './web.ts';

/** What the demonstration is played on; all of it lies in one temporary directory. */
export interface Stage {
  /** Absolute and resolved; it is kept at the end. */
  readonly directory: string;
  /** Where visitors come in. */
  readonly port: number;
  readonly records: string;
  readonly config: string;
  /** Packages a version and deploys it; the log and the report are kept as files. */
  deploy(act: number, version: string): Promise<Deployed>;
  state(): Bytes;
  /** The guestbook's process; undefined when it does not run. */
  pid(): number | undefined;
  /** Waits for a transaction that is under way, and ends the guestbook. False: it still lives. */
  close(): Promise<boolean>;
}

export interface Deployed {
  readonly summary: Summary;
  /** What the checks said while users were kept out, in order. */
  readonly verdicts: readonly VerdictEvent[];
}

export interface StageInput {
  readonly options: RawOptions;
  readonly world: World;
  readonly maker: Maker;
}

/** The time that the releases carry, so that they have the same digests wherever they are made. */
const epoch = Date.UTC(2026, 0, 1) / 1_000;
const hostSecondsMax = 120;
const hostPollMs = 200;
const logColumns = 200;

export async function openStage(input: StageInput): Promise<Stage> {
  const { world, maker } = input;
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seatrial-demo-')));
  requirePrograms(directory);
  const production = join(directory, 'production');
  const shared = join(production, 'srv/guestbook/shared');
  const records = join(production, 'var/lib/seatrial/guestbook');
  for (const path of [join(shared, 'data'), join(shared, 'run'), join(directory, 'reports'),
    join(directory, 'releases')]) mkdirSync(path, { recursive: true });
  const port = await freePort(world.random);
  const privatePort = await otherPort(port, world);
  const config = join(directory, 'seatrial.yml');
  writeFileSync(config, maker.makeConfiguration({
    root: directory, port, privatePort, node: process.execPath }));
  const data = join(shared, 'data');
  const pid = (): number | undefined => processOf(join(shared, 'run/guestbook.pid'), data);
  return {
    directory, port, records, config, pid,
    deploy: async (act, version) => {
      const archive = await packaged(input, { directory, config, version });
      return deployed(input, { directory, config, act, archive });
    },
    state: () => stateBytes(join(data, 'guestbook.sqlite'), join(data, 'uploads')),
    close: async () => {
      await hostIsDone(records, world);
      const living = pid();
      return living === undefined || await endProcess(living, data, world);
    },
  };
}

async function otherPort(port: number, world: World): Promise<number> {
  let other = port;
  while (other === port) other = await freePort(world.random);
  return other;
}

/** A temporary directory may be mounted so that nothing in it can be started. */
function requirePrograms(directory: string): void {
  const probe = join(directory, 'probe');
  writeFileSync(probe, '#!/bin/sh\n');
  chmodSync(probe, 0o700);
  const { status } = spawnSync(probe, { stdio: 'ignore' });
  rmSync(status === 0 ? probe : directory, { recursive: true });
  if (status === 0) return;
  throw new SeatrialError('refused', [{
    message: 'no program can be started in the directory for temporary files', place: tmpdir(),
    fix: 'It is probably mounted noexec. Name another one: TMPDIR=$HOME npm run demo',
  }]);
}

interface Making {
  readonly directory: string;
  readonly config: string;
  readonly version: string;
}

/** The release as `package` makes it, only that no git and no tag are needed. */
async function packaged({ world, maker }: StageInput, making: Making): Promise<string> {
  const { directory, config, version } = making;
  const output = join(directory, 'releases');
  const scratch = mkdtempSync(join(directory, 'package-'));
  const tree = join(scratch, 'tree');
  try {
    maker.makeRelease(version, tree);
    mkdirSync(join(scratch, 'scratch'));
    const { archive } = await packageDirectory({
      config: parseConfig(readFileSync(config, 'utf8'), config), directory: tree, version, epoch,
      output, scratch: join(scratch, 'scratch'), environment: world.environment,
      seatrialVersion: world.toolVersion, report: () => undefined });
    return archive;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Deploying {
  readonly directory: string;
  readonly config: string;
  readonly act: number;
  readonly archive: string;
}

/** `seatrial deploy`, as from the command line. */
async function deployed(input: StageInput, deploying: Deploying): Promise<Deployed> {
  const { options, world } = input;
  const { directory, config, act, archive } = deploying;
  const stem = join(directory, 'reports', `act-${act}`);
  const log = openConsole({
    write: (text) => appendFileSync(`${stem}.log`, text), isTerminal: false, columns: logColumns,
    color: false, verbose: true, fence: false, now: world.clock });
  const verdicts: VerdictEvent[] = [];
  let inWindow = false;
  const report = (event: ReportEvent): void => {
    log.report(event);
    if (event.kind === 'milestone') inWindow = event.name === 'window';
    if (event.kind === 'verdict' && inWindow) verdicts.push(event);
    if (options.verbose) world.report(event);
    else if (event.kind === 'step' && /begin$/.test(event.state)) {
      const title = event.title.replaceAll(`${directory}/production/srv/guestbook/`, '');
      world.report({ kind: 'activity', text: `act ${act}: ${title}` });
    }
  };
  const result = await run('deploy',
    { ...options, config, release: archive, host: 'production' }, { ...world, report });
  if (result.kind !== 'summary') throw new Error('a deployment gave no summary');
  log.finish(result.summary);
  writeFileSync(`${stem}.md`, summaryMarkdown(result.summary));
  writeFileSync(`${stem}.json`, `${summaryJson(result.summary)}\n`);
  return { summary: result.summary, verdicts };
}

/** The host goes on by itself when the demonstration is cancelled: its end is waited for. */
async function hostIsDone(records: string, world: World): Promise<void> {
  for (let waited = 0; waited < hostSecondsMax * 1_000; waited += hostPollMs) {
    const run = textOf(join(records, 'unfinished'));
    if (run === '' || existsSync(join(records, 'runs', run, 'result.json'))) return;
    world.report({ kind: 'activity', text: 'waiting for the host to end what it began' });
    await world.sleep(hostPollMs);
  }
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}
