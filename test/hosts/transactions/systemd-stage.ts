import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { git, packaged, writeFiles, Workshop, type Files } from '../../package/fixture.ts';
import type { Lab, TestHost } from '../lab.ts';
import { example, makeServer, units } from './systemd-server.ts';
import { describeEnd, startTool, type Ended, type RunningTool, type ToolOptions } from './tool.ts';
import { tabbed } from './words.ts';

/** A server with systemd for the guestbook, and the tool that deploys to it. */
export const records = '/var/lib/seatrial/guestbook';
const look = readFileSync(join(import.meta.dirname, 'systemd-look.sh'), 'utf8');
const snapshot = '/opt/snapshot.tar';
const patient = { timeout: 90_000, interval: 300 };

export type Seen = Readonly<Record<string, string>>;

/** `seatrial.yml` of the example, as data. */
export interface Settings {
  [key: string]: unknown;
  service: { systemd: string | string[] };
}

export interface ReleaseWanted {
  readonly version: string;
  /** Which of the example's releases it is. */
  readonly code: '1.0.0' | '2.0.0' | '3.0.0';
  /** Files that are other than in that release. */
  readonly files?: Files;
  /** Put at the end of its migration. */
  readonly migrate?: string;
}

export interface SystemdStage {
  readonly host: TestHost;
  /** Who connects, and who the application runs as: `guestbook` under root, else the login. */
  readonly login: 'root' | 'deploy';
  readonly owner: 'guestbook' | 'deploy';
  readonly config: (edit?: (settings: Settings) => void) => string;
  release(wanted: ReleaseWanted): Promise<string>;
  start(words: readonly string[], options?: ToolOptions): RunningTool;
  run(words: readonly string[], options?: ToolOptions): Promise<Ended>;
  see(): Promise<Seen>;
  /** Runs a text as root; its failure fails the test. */
  readonly output: (command: string) => Promise<string>;
  /** Copies a file of this machine to the host. */
  upload(from: string, to: string): Promise<void>;
  /** Writes an entry with an upload at the public address; gives its id. */
  write(name: string): Promise<number>;
  /** Lets no program go on behind an event of the journal (`done stop-1`), until a reboot. */
  holdAt(place: string): Promise<void>;
  /** The same for the programs of later boots; one of each may be set at a time. */
  holdLater(place: string): Promise<void>;
  /** The program has come to a place that it is held at, since the last `holdAt` or `letGo`. */
  held(): Promise<void>;
  letGo(): Promise<void>;
  /** Nothing is unfinished, and no program runs any more. */
  finished(): Promise<void>;
  /** What the host is like once `finished`; the disk keeps it. */
  save(): Promise<void>;
  /** The host as it was saved, whatever a test has done to it. */
  reset(): Promise<void>;
  down(): Promise<void>;
}

/** A host that serves, with nothing open, held or left. */
export function quiet(stage: SystemdStage, version: string, entries: number): Seen {
  return {
    serves: `{"version":"${version}","entries":${entries}}`, private: 'no',
    current: version, installed: version, gate: '.', open: 'no', setting: '', unfinished: '',
    lock: 'free', work: 'free', app: 'active', worker: 'active', timer: 'active',
    loader: 'inactive', port: '8080', half: '', owners: `${stage.owner} `,
  };
}

/** Has `doctor --install` prepare the host; what it prints for another login, root runs. */
export async function install(stage: SystemdStage): Promise<void> {
  const installed = await stage.run(['doctor', '--install']);
  expect(installed.status, describeEnd(installed)).toBe(0);
  if (stage.login === 'root') return;
  const run = await stage.host.exec('sh -s', { stdin: installed.stdout });
  expect(run.status, run.stderr).toBe(0);
}

/** A host that is prepared, with release 1 in use, saved. */
export async function inUse(stage: SystemdStage): Promise<void> {
  await install(stage);
  const first = await stage.release({ version: '1.0.0', code: '1.0.0' });
  const deployed = await stage.run(['deploy', '--release', first]);
  expect(deployed.status, describeEnd(deployed)).toBe(0);
  for (const name of ['ada', 'grace', 'edsger']) await stage.write(name);
  await stage.save();
}

export interface StageWanted {
  readonly name: string;
  readonly login: SystemdStage['login'];
}

export async function createSystemdStage(lab: Lab, wanted: StageWanted): Promise<SystemdStage> {
  const host = await lab.host(wanted.name, { init: 'systemd' });
  const stage = stageOf(host, wanted.login, mkdtempSync(join(tmpdir(), 'seatrial-stage-')));
  await makeServer(host, stage.owner);
  return stage;
}

function stageOf(host: TestHost, login: SystemdStage['login'], folder: string): SystemdStage {
  const workshop = new Workshop();
  const access = ['--identity', host.identityFile, '--json'];
  const owner = login === 'root' ? 'guestbook' : 'deploy';
  let configs = 0;
  const output: SystemdStage['output'] = async (command) => {
    const { status, stdout, stderr } = await host.exec(command);
    expect({ status, stderr }, command).toEqual({ status: 0, stderr: '' });
    return stdout.trim();
  };
  const config: SystemdStage['config'] = (edit) => {
    const settings = settingsFor(host, login);
    edit?.(settings);
    const path = join(folder, `${++configs}.yml`);
    writeFileSync(path, stringify(settings));
    writeFileSync(join(folder, 'known_hosts'), readFileSync(host.knownHostsFile));
    return path;
  };
  const start: SystemdStage['start'] = ([command = '', ...words], options) => startTool([command,
    ...(words.includes('--config') ? [] : ['--config', config()]), ...words, ...access], options);
  return {
    host, login, owner, config, output, start,
    release: (wanted) => packageGuestbook(workshop, wanted),
    run: (words, options) => start(words, options).ended,
    async see() {
      const { status, stdout, stderr } = await host.exec('sh -s', { stdin: look });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return tabbed(stdout);
    },
    async upload(from, to) {
      await host.writeFile(`${to}.base64`, readFileSync(from, 'base64'));
      await output(`base64 -d <${to}.base64 >${to}`);
    },
    async write(name) {
      const upload = { name: `${name}.txt`, base64: Buffer.from(name).toString('base64') };
      const body = JSON.stringify({ name, message: `${name} was here #sea`, upload });
      const answer = await output(`curl -fsS --noproxy '*' -H 'content-type: application/json' \
        -d '${body}' http://127.0.0.1:8080/entries`);
      return (JSON.parse(answer) as { id: number }).id;
    },
    ...holding(host, output),
    ...saving(host, output),
    async down() {
      workshop.remove();
      rmSync(folder, { recursive: true, force: true });
      await host.down();
    },
  };
}

function settingsFor(host: TestHost, login: SystemdStage['login']): Settings {
  const text = readFileSync(join(example, 'seatrial.yml'), 'utf8');
  const settings = parse(login === 'root' ? text
    : text.replaceAll(/, user: guestbook/g, '')) as Settings;
  settings['hosts'] = { production: `${login}@${host.address}`, 'known-hosts': 'known_hosts' };
  settings['observe'] = { passes: 2, every: '1s', within: '8s' };
  settings.service = { systemd: units };
  return settings;
}

interface Maker {
  readonly makeRelease: (version: string, target: string) => void;
}

async function packageGuestbook(workshop: Workshop, wanted: ReleaseWanted): Promise<string> {
  const tree = workshop.directory();
  const { version, code, files = {}, migrate } = wanted;
  const { makeRelease } = await import(join(example, 'make.mjs')) as Maker;
  makeRelease(code, tree);
  writeFiles(tree, {
    'package.json': `${JSON.stringify({ name: 'guestbook', version, type: 'module' })}\n`,
    ...(migrate === undefined ? {} : { 'migrate.mjs':
      `${readFileSync(join(tree, 'migrate.mjs'), 'utf8')}${migrate}` }),
    ...files,
  });
  git(tree, 'init', '--quiet', '--initial-branch=main');
  git(tree, 'add', '--all');
  git(tree, 'commit', '--quiet', '--message=release');
  git(tree, 'tag', `v${version}`);
  const made = await packaged(workshop,
    { repository: tree, tag: `v${version}`, application: 'guestbook' });
  return made.archive;
}

function holding(host: TestHost, output: SystemdStage['output']):
Pick<SystemdStage, 'holdAt' | 'holdLater' | 'held' | 'letGo' | 'finished'> {
  return {
    async holdAt(place) {
      await output(`install -d -m 1777 /run/lab && rm -f /run/lab/held &&
        echo '${place}' >/run/lab/hold`);
    },
    async holdLater(place) {
      await output(`rm -f /opt/lab/held && echo '${place}' >/opt/lab/hold && sync -f /opt`);
    },
    async held() {
      const isHeld = 'test -e /run/lab/held || test -e /opt/lab/held';
      await expect.poll(async () => (await host.exec(isHeld)).status, patient).toBe(0);
    },
    async letGo() {
      await output('rm -f /run/lab/hold /opt/lab/hold /run/lab/held /opt/lab/held && sync -f /opt');
    },
    async finished() {
      await expect.poll(async () => (await host.exec(`test ! -s ${records}/unfinished &&
        ! systemctl is-active --quiet seatrial-guestbook.service && flock -n ${records}/lock true`,
      )).status, patient).toBe(0);
    },
  };
}

const kept = `srv/guestbook ${records.slice(1)} etc/systemd/system`;

function saving(host: TestHost, output: SystemdStage['output']):
Pick<SystemdStage, 'save' | 'reset'> {
  const stop = `systemctl -q stop seatrial-guestbook ${units.join(' ')} guestbook-mail || true`;
  const start = `systemctl daemon-reload; systemctl reset-failed; systemctl start ${
    units.join(' ')} && n=100 && until curl -fsS -o /dev/null --noproxy '*' \
    http://127.0.0.1:8080/health 2>/dev/null || [ "$n" = 0 ]; do sleep 0.1; n=$((n - 1)); done
    sync -f /`;
  return {
    async save() {
      await output(`${stop}; tar -C / -c -p -f ${snapshot} ${kept}`);
      await output(start);
    },
    async reset() {
      if ((await host.exec('true')).status !== 0) await host.boot();
      await output(`rm -f /run/lab/* /opt/lab/*; ${stop}`);
      await expect.poll(async () => (await host.exec(`flock -n ${records}/lock true`)).status,
        patient).toBe(0);
      await output(`rm -rf ${kept.split(' ').map((it) => `/${it}`).join(' ')} /run/seatrial/*/*
        tar -C / -x -p -f ${snapshot}`);
      await output(start);
    },
  };
}
