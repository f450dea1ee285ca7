import { spawnSync } from 'node:child_process';
import {
  chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawOptions } from '../config/options.ts';
import { parseConfig } from '../config/parse.ts';
import { SeatrialError } from '../errors.ts';
import { packageDirectory } from '../package/package.ts';
import type { Summary, VerdictEvent } from '../report/events.ts';
import type { World } from '../run.ts';
import type { Rehearsal } from '../trial/rehearsal.ts';
import { stateBytes, type Bytes } from './bytes.ts';
import type { Maker } from './examples.ts';
import { deployed, rehearsed } from './commands.ts';
import { endProcess, processOf } from './processes.ts';
import { withSqlite } from './sqlite.ts';
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
  deploy(act: number, version: string, by?: Permit): Promise<Deployed>;
  /** Packages a version and rehearses it; log, page and receipt are kept as files. */
  rehearse(act: number, version: string): Promise<Rehearsed>;
  state(): Bytes;
  /** The guestbook's process; undefined when it does not run. */
  pid(): number | undefined;
  /** The same of the copy on staging. */
  stagingPid(): number | undefined;
  /** Waits for a transaction that is under way, and ends the guestbook. False: it still lives. */
  close(): Promise<boolean>;
}

export interface Deployed {
  readonly summary: Summary;
  /** What the checks said while users were kept out, in order. */
  readonly verdicts: readonly VerdictEvent[];
}

/** Why production may be deployed to. */
export interface Permit {
  readonly receipt?: string;
  readonly unrehearsed?: string;
}

export interface Rehearsed {
  readonly rehearsal: Rehearsal;
  readonly receipt: string;
  readonly page: string;
  /** All that was printed meanwhile. */
  readonly log: string;
  readonly seconds: number;
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

export async function openStage(input: StageInput): Promise<Stage> {
  const { maker } = input;
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seatrial-demo-')));
  requirePrograms(directory);
  const world: World = { ...input.world,
    environment: withSqlite(input.world, directory, process.execPath) };
  const playing = { ...input, world };
  const production = join(directory, 'production');
  const shared = join(production, 'srv/guestbook/shared');
  const records = join(production, 'var/lib/seatrial/guestbook');
  const staging = join(directory, 'staging');
  for (const path of [join(shared, 'data'), join(shared, 'run'), join(directory, 'reports'),
    join(directory, 'releases'), join(staging, 'srv/guestbook'), join(staging, 'var/lib')]) {
    mkdirSync(path, { recursive: true });
  }
  const [port = 0, privatePort = 0, stagingPort = 0, stagingPrivatePort = 0] =
    await freePorts(4, world);
  const config = join(directory, 'seatrial.yml');
  writeFileSync(config, maker.makeConfiguration({
    root: directory, port, privatePort, stagingPort, stagingPrivatePort,
    node: process.execPath }));
  const data = join(shared, 'data');
  const pid = (): number | undefined => processOf(join(shared, 'run/guestbook.pid'), data);
  return {
    directory, port, records, config, pid,
    stagingPid: () => processOf(join(staging, 'srv/guestbook/shared/run/guestbook.pid'),
      join(staging, 'srv/guestbook/shared/data')),
    deploy: async (act, version, by = {}) => {
      const archive = await packaged(playing, { directory, config, version });
      return deployed(playing, { directory, config, act, archive, by });
    },
    rehearse: async (act, version) => {
      const archive = await packaged(playing, { directory, config, version });
      return rehearsed(playing, { directory, config, act, archive, by: {} });
    },
    state: () => stateBytes(join(data, 'guestbook.sqlite'), join(data, 'uploads')),
    close: async () => {
      await hostIsDone(records, world);
      await hostIsDone(join(staging, 'var/lib/seatrial/guestbook'), world);
      const living = pid();
      return living === undefined || await endProcess(living, data, world);
    },
  };
}

async function freePorts(count: number, world: World): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) found.add(await freePort(world.random));
  return [...found];
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
