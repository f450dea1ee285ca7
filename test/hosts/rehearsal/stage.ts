import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Rehearsal } from '../../../src/trial/rehearsal.ts';
import { git, packaged, Workshop } from '../../package/fixture.ts';
import type { Lab, TestHost } from '../lab.ts';
import { describeEnd, startTool, type Ended, type RunningTool, type ToolOptions }
  from '../transactions/tool.ts';
import { tabbed } from '../transactions/words.ts';

/** Two hosts, production and staging, and the tool that rehearses between them. */
export type Settings = Record<string, unknown>;

export interface Wanted {
  readonly application: string;
  readonly login: 'root' | 'deploy';
  readonly diskMegabytes?: number;
  /** What process 1 of both hosts is; `systemd` by default. */
  readonly init?: 'sshd' | 'systemd';
  /** The application's configuration; hosts are filled in. */
  readonly settings: string;
  /** As an administrator makes a host for the application. */
  prepare(host: TestHost): Promise<void>;
  /** Text of a script that prints what is on a host now, as `name TAB value` lines. */
  readonly look: string;
}

export interface Rehearsed {
  readonly ended: Ended;
  /** Undefined where it ended before there was anything to tell. */
  readonly rehearsal: Rehearsal | undefined;
}

export interface RehearsalStage {
  readonly production: TestHost;
  readonly staging: TestHost;
  readonly records: string;
  /** The last rehearsal's receipt. */
  readonly receipt: string;
  /** Writes a configuration, and gives its path; files are named relative to it. */
  config(edit?: (settings: Settings) => void, files?: Readonly<Record<string, string>>): string;
  run(words: readonly string[], options?: ToolOptions): Promise<Ended>;
  start(words: readonly string[], options?: ToolOptions): RunningTool;
  rehearse(release: string, words?: readonly string[]): Promise<Rehearsed>;
  /** A tarball of a release tree. */
  package(version: string, make: (tree: string) => void): Promise<string>;
  /** What production is like: nothing of it may differ after a rehearsal. */
  look(): Promise<Record<string, string>>;
  /** Runs a text as root; its failure fails the test. */
  output(host: TestHost, command: string): Promise<string>;
  /** No program of a rehearsal runs any more on staging. */
  finished(): Promise<void>;
  down(): Promise<void>;
}

const patient = { timeout: 90_000, interval: 250 };

export async function createRehearsalStage(lab: Lab, wanted: Wanted): Promise<RehearsalStage> {
  const { diskMegabytes = 512, init = 'systemd' } = wanted;
  const host = async (name: string): Promise<TestHost> => {
    const made = await lab.host(name, { init, diskMegabytes });
    await wanted.prepare(made);
    return made;
  };
  const [production, staging] = await Promise.all([host('production'), host('staging')]);
  return stageOf(wanted, production, staging);
}

function stageOf(wanted: Wanted, production: TestHost, staging: TestHost): RehearsalStage {
  const workshop = new Workshop();
  const folder = mkdtempSync(join(tmpdir(), 'seatrial-rehearsal-'));
  const records = `/var/lib/seatrial/${wanted.application}`;
  const receipt = join(folder, 'receipt.json');
  const config = configsIn(folder, wanted, { production, staging });
  const start: RehearsalStage['start'] = ([command = '', ...words], options) => startTool([command,
    ...(words.includes('--config') ? [] : ['--config', config()]), ...words,
    '--identity', production.identityFile, '--json'], options);
  const run: RehearsalStage['run'] = (words, options) => start(words, options).ended;
  return {
    production, staging, records, receipt, config, start, run, output,
    async rehearse(release, words = []) {
      const ended = await run(['rehearse', '--release', release, ...words,
        '--receipt', receipt, '--page', join(folder, 'page.html')]);
      return { ended, rehearsal: ended.summary === undefined ? undefined
        : (JSON.parse(ended.stdout) as { rehearsal?: Rehearsal }).rehearsal };
    },
    package: (version, make) => packageTree(workshop, { application: wanted.application, version,
      make }),
    look: async () => {
      const { status, stdout, stderr } = await production.exec('sh -s', { stdin: wanted.look });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return tabbed(stdout);
    },
    async finished() {
      await expect.poll(async () => (await staging.exec(
        `flock -n ${records}/lock true && flock -n ${records}/work true`)).status, patient)
        .toBe(0);
    },
    async down() {
      workshop.remove();
      rmSync(folder, { recursive: true, force: true });
      await Promise.all([production.down(), staging.down()]);
    },
  };
}

/** Runs a text as root on a host, and gives what it prints. */
export async function output(host: TestHost, command: string): Promise<string> {
  const { status, stdout, stderr } = await host.exec(command);
  expect({ status, stderr }, `${command}\n${stdout}`).toEqual({ status: 0, stderr: '' });
  return stdout.trim();
}

/** A passed or refused rehearsal; one that did not come so far fails the test. */
export function told({ ended, rehearsal }: Rehearsed): Rehearsal {
  if (rehearsal === undefined) throw new Error(describeEnd(ended));
  return rehearsal;
}

interface Hosts {
  readonly production: TestHost;
  readonly staging: TestHost;
}

function configsIn(folder: string, { settings, login }: Wanted, hosts: Hosts):
RehearsalStage['config'] {
  const { production, staging } = hosts;
  writeFileSync(join(folder, 'known_hosts'), [production, staging]
    .map((it) => readFileSync(it.knownHostsFile, 'utf8')).join(''));
  let count = 0;
  return (edit, files = {}) => {
    const made = parse(settings) as Settings;
    made['hosts'] = { production: `${login}@${production.address}`,
      staging: `${login}@${staging.address}`, 'known-hosts': 'known_hosts' };
    edit?.(made);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const path = join(folder, `${++count}.yml`);
    writeFileSync(path, stringify(made));
    return path;
  };
}

async function packageTree(workshop: Workshop, it: {
  readonly application: string; readonly version: string; readonly make: (tree: string) => void;
}): Promise<string> {
  const tree = workshop.directory();
  it.make(tree);
  git(tree, 'init', '--quiet', '--initial-branch=main');
  git(tree, 'add', '--all');
  git(tree, 'commit', '--quiet', '--message=release');
  git(tree, 'tag', `v${it.version}`);
  const made = await packaged(workshop, { repository: tree, tag: `v${it.version}`,
    application: it.application });
  return made.archive;
}

/** `doctor --install` on one of them; what it prints for another login, root runs. */
export async function install(
  stage: RehearsalStage, name: 'production' | 'staging', login: Wanted['login'],
): Promise<void> {
  const installed = await stage.run(['doctor', '--install', '--host', name]);
  expect(installed.status, describeEnd(installed)).toBe(0);
  if (login === 'root') return;
  const run = await stage[name].exec('sh -s', { stdin: installed.stdout });
  expect(run.status, run.stderr).toBe(0);
}

export async function installBoth(stage: RehearsalStage, login: Wanted['login']): Promise<void> {
  await install(stage, 'production', login);
  await install(stage, 'staging', login);
}
