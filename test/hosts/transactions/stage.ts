import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { git, packaged, writeFiles, Workshop, type Files } from '../../package/fixture.ts';
import type { Lab, TestHost } from '../lab.ts';
import { describeEnd, startTool, type Ended, type RunningTool, type ToolOptions } from './tool.ts';
import { tabbed } from './words.ts';

/**
 * A host on which the master of 2004 has been in use: release 1 of minibot with a history, owned
 * by an ordinary user, adopted by Seatrial. The application is the case of test/cases/twisted.
 */
export const records = '/var/lib/seatrial/minibot';
export const home = '/srv/minibot';
export const buildsMade = 3;
const application = resolve(import.meta.dirname, '../../cases/twisted');
const look = readFileSync(join(import.meta.dirname, 'look.sh'), 'utf8');
const snapshot = '/opt/snapshot.tar';

/** What `look.sh` tells. */
export type Seen = Readonly<Record<string, string>>;

/** The configuration of the case, as data; only what these tests change has a name. */
export interface Settings {
  hosts: Record<string, unknown>;
  install: Record<string, unknown>;
  checks: unknown[];
  [key: string]: unknown;
}

export interface Stage {
  readonly host: TestHost;
  /** Where this stage's configurations and releases are; removed by `down`. */
  readonly folder: string;
  /** Writes a configuration and gives its path; without an edit the one of the case. */
  config(this: void, edit?: (settings: Settings) => void): string;
  /** Packages a release of minibot; gives the path of its tarball. */
  release(this: void, wanted: ReleaseWanted): Promise<string>;
  /** Starts a command of the tool against the host. */
  start(this: void, words: readonly string[], options?: ToolOptions): RunningTool;
  run(this: void, words: readonly string[], options?: ToolOptions): Promise<Ended>;
  see(this: void): Promise<Seen>;
  /** Runs a command as root and gives its output; a failure fails the test. */
  output(this: void, command: string): Promise<string>;
  /** Makes the host as it was after the adoption, whatever a test has done to it. */
  reset(this: void): Promise<void>;
  down(this: void): Promise<void>;
}

export interface ReleaseWanted {
  readonly version: string;
  /** Which of the releases of the case it is; 2 by default. */
  readonly code?: 1 | 2 | 3;
  /** The text of `migrate.sh` at its top; by default it does nothing. */
  readonly migrate?: string;
}

/** The host is set up, and adopted unless told otherwise. */
export async function createStage(lab: Lab, name: string, adopt = true): Promise<Stage> {
  const host = await lab.host(name, { init: 'sshd' });
  const folder = mkdtempSync(join(tmpdir(), 'seatrial-stage-'));
  const stage = stageOf(host, folder, new Workshop());
  await install(stage);
  if (adopt) {
    const adopted = await stage.run(['adopt', '--version', '1.0.0']);
    expect(adopted.summary?.end, describeEnd(adopted)).toBe('done');
  }
  await save(stage);
  return stage;
}

function stageOf(host: TestHost, folder: string, workshop: Workshop): Stage {
  const access = ['--identity', host.identityFile, '--json'];
  let configs = 0;
  const output: Stage['output'] = async (command) => {
    const { status, stdout, stderr } = await host.exec(command);
    expect({ status, stderr }, command).toEqual({ status: 0, stderr: '' });
    return stdout.trim();
  };
  const stage: Stage = {
    host,
    folder,
    output,
    config(edit) {
      const settings = parse(readFileSync(join(application, 'seatrial.yml'), 'utf8')) as Settings;
      settings.hosts = { production: `deploy@${host.address}`, 'known-hosts': 'known_hosts' };
      // Here is no staging, and what a rehearsal may find is refused as of no use.
      delete settings['accept'];
      settings['observe'] = { passes: 1, every: '1s', within: '30s' };
      edit?.(settings);
      const path = join(folder, `${++configs}.yml`);
      writeFileSync(path, stringify(settings));
      writeFileSync(join(folder, 'known_hosts'), readFileSync(host.knownHostsFile));
      return path;
    },
    release: (wanted) => packageMinibot(workshop, wanted),
    start([command = '', ...words], options) {
      const config = words.includes('--config') ? [] : ['--config', stage.config()];
      return startTool([command, ...config, ...words, ...access], options);
    },
    run: (words, options) => stage.start(words, options).ended,
    async see() {
      const { status, stdout, stderr } = await host.exec('sh -s', { stdin: look });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return tabbed(stdout);
    },
    reset: () => restore(stage),
    async down() {
      workshop.remove();
      rmSync(folder, { recursive: true, force: true });
      await host.down();
    },
  };
  return stage;
}

async function packageMinibot(workshop: Workshop, wanted: ReleaseWanted): Promise<string> {
  const tree = workshop.directory();
  const { version, code = 2, migrate = 'exit 0\n' } = wanted;
  execFileSync('sh', [join(application, 'make.sh'), String(code), tree]);
  writeFiles(tree, { 'migrate.sh': migrate, 'minibot/VERSION': `${version}\n` } satisfies Files);
  git(tree, 'init', '--quiet', '--initial-branch=main');
  git(tree, 'add', '--all');
  git(tree, 'commit', '--quiet', '--message=release');
  git(tree, 'tag', `v${version}`);
  const made = await packaged(workshop,
    { repository: tree, tag: `v${version}`, application: 'minibot' });
  return made.archive;
}

async function install(stage: Stage): Promise<void> {
  const { host, output } = stage;
  for (const file of readdirSync(application)) {
    await host.writeFile(`/opt/case/${file}`, readFileSync(join(application, file), 'utf8'),
      { mode: '755' });
  }
  await output(`chown deploy /srv && install -d -o deploy ${records}`);
  const set = await host.exec(
    `sh /opt/case/setup.sh ${buildsMade} >/tmp/setup.log 2>&1 || cat /tmp/setup.log`,
    { user: 'deploy' });
  expect(set).toEqual({ status: 0, stdout: '', stderr: '' });
  await output('chown root /srv');
}

/** On the disk, too: a power cut must not take what was there before the test. */
async function save(stage: Stage): Promise<void> {
  await stopDaemon(stage);
  await stage.output(`tar -C / -c -p -f ${snapshot} srv var/lib/seatrial`);
  await startDaemon(stage);
  await stage.output('sync -f /');
}

async function restore(stage: Stage): Promise<void> {
  const { host, output } = stage;
  if ((await host.exec('true')).status !== 0) await host.boot();
  await host.heal();
  await host.unmute();
  await host.thaw();
  await host.unfill();
  // The host's own processes of that user, and of no other: it has process ids of its own.
  await host.exec('kill -KILL -1', { user: 'deploy' });
  await output(`rm -rf /srv ${records} /etc/rc.local /home/deploy/*
    tar -C / -x -p -f ${snapshot}`);
  await startDaemon(stage);
  await output('sync -f /');
}

/** As the administrator of 2004 does: the state is written as it stops. */
export async function stopDaemon({ output }: Stage): Promise<void> {
  await output(`pid=$(cat ${home}/run/twistd.pid) && kill "$pid" && n=200
    while [ -e "/proc/$pid/cwd" ] && [ "$n" -gt 0 ]; do sleep 0.1; n=$((n - 1)); done`);
}

export async function startDaemon({ host }: Stage): Promise<void> {
  const started = await host.exec(`${home}/minibot-start >/tmp/start.log 2>&1 ||
    cat /tmp/start.log`, { user: 'deploy' });
  expect(started).toEqual({ status: 0, stdout: '', stderr: '' });
}

/** Records a build, as a worker does; the state on the disk knows it after the next stop only. */
export async function recordBuild({ output }: Stage): Promise<void> {
  await output(`curl -fsS -o /dev/null --noproxy '*' -d '' http://127.0.0.1:18300/builds`);
}

/** A host on which nothing is under way: one daemon, of that release, and nothing held or left. */
export function quiet(wanted: {
  readonly release: number; readonly builds: number; readonly installed: string;
}): Seen {
  return {
    serves: `minibot release ${wanted.release}, ${wanted.builds} builds`,
    private: 'nothing',
    daemons: expect.stringMatching(/^\d+ $/) as string,
    installed: wanted.installed,
    entry: 'yes',
    closed: 'no',
    gate: '.',
    unfinished: '',
    lock: 'free',
    work: 'free',
    holders: '',
    leftovers: '',
  };
}
