import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync }
  from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../../src/config/parse.ts';
import type { Rehearsal } from '../../../src/trial/rehearsal.ts';
import { git, packaged, Workshop } from '../../package/fixture.ts';
import type { Lab, TestHost } from '../lab.ts';
import { describeEnd, startTool, type Ended } from '../transactions/tool.ts';
import { tabbed } from '../transactions/words.ts';
import { output } from './stage.ts';

/**
 * Two hosts of one administrator: production, where Debian 12's Buildbot has run builds of a real
 * worker, and staging, with a worker of its own. Releases are those of examples/buildbot, whose
 * configuration is taken as it is, but for addresses. Its overlay names no mail relay; here it
 * names production's, as an administrator would have forgotten to change it.
 */
export const buildsMade = 7;
const example = resolve(import.meta.dirname, '../../../examples/buildbot');
const fixtures = resolve(import.meta.dirname, '../../cases/buildbot');
const mailPort = 2525;
const diskMegabytes = 512;

const releaseNames = ['old', 'shipped', 'repaired'] as const;
/** As Debian 12 ships it, as Debian 13 ships it, and that one repaired. */
export type ReleaseName = (typeof releaseNames)[number];
export const versions: Readonly<Record<ReleaseName, string>> =
  { old: '3.7.0', shipped: '4.2.1', repaired: '4.2.1-repaired.1' };

export interface BuildbotStage {
  readonly production: TestHost;
  readonly staging: TestHost;
  /** Runs a command of the tool with the example's configuration and the two hosts. */
  run(this: void, words: readonly string[]): Promise<Ended>;
  rehearse(this: void, release: ReleaseName): Promise<Rehearsed>;
  /** With the receipt of the last rehearsal of that release. */
  deploy(this: void, release: ReleaseName): Promise<Ended>;
  /** What a rehearsal must leave as it is on production (test/cases/buildbot/look.sh). */
  look(this: void): Promise<Record<string, string>>;
  /** The first builds of production, with digests of the text of their logs. */
  history(this: void): Promise<readonly Build[]>;
  down(this: void): Promise<void>;
}

export interface Rehearsed {
  readonly ended: Ended;
  readonly rehearsal: Rehearsal;
}

export interface Build {
  readonly build: Readonly<Record<string, unknown>>;
  readonly logs: readonly (readonly unknown[])[];
}

/** Production is not adopted yet. */
export async function createBuildbotStage(lab: Lab): Promise<BuildbotStage> {
  const workshop = new Workshop();
  const folder = mkdtempSync(join(tmpdir(), 'seatrial-buildbot-'));
  const [production, staging, releases] = await Promise.all([
    lab.host('production', { init: 'sshd', diskMegabytes }),
    lab.host('staging', { init: 'sshd', diskMegabytes }),
    packageReleases(workshop),
  ]);
  writeConfiguration(folder, production, staging);
  await Promise.all([setUpProduction(production, releases.old), setUpStaging(staging)]);
  const run: BuildbotStage['run'] = ([command = '', ...words]) => startTool([command,
    '--config', join(folder, 'seatrial.yml'), ...words,
    '--identity', production.identityFile, '--json']).ended;
  const of = (release: ReleaseName) => ['--release', releases[release],
    '--receipt', join(folder, `${release}.json`)];
  return {
    production, staging, run,
    async rehearse(release) {
      const ended = await run(['rehearse', ...of(release), '--page', join(folder, 'page.html')]);
      if (ended.summary === undefined) throw new Error(describeEnd(ended));
      return { ended, rehearsal: (JSON.parse(ended.stdout) as Rehearsed).rehearsal };
    },
    deploy: (release) => run(['deploy', ...of(release)]),
    look: async () => tabbed(await output(production, 'sh /opt/case/look.sh')),
    history: async () => JSON.parse(await output(production,
      `runuser -u buildbot -- python3 /opt/case/history.py show ${buildsMade}`)) as Build[],
    async down() {
      workshop.remove();
      rmSync(folder, { recursive: true, force: true });
      await Promise.all([production.down(), staging.down()]);
    },
  };
}

async function packageReleases(workshop: Workshop): Promise<Record<ReleaseName, string>> {
  const packages = workshop.directory();
  execFileSync('sh', [join(import.meta.dirname, 'debian.sh'), packages, 'buildbot/bookworm',
    'buildbot/trixie'], { stdio: 'pipe' });
  const shipped = (major: number): string => join(packages, readdirSync(packages)
    .find((it) => it.startsWith(`buildbot_${major}.`)) ?? `buildbot ${major}`);
  const made = { old: '', shipped: '', repaired: '' };
  for (const name of releaseNames) {
    const tree = workshop.directory();
    cpSync(example, tree, { recursive: true });
    execFileSync('sh', [join(tree, 'vendor.sh'), shipped(name === 'old' ? 3 : 4)]);
    if (name === 'repaired') {
      execFileSync('sh', [join(fixtures, 'repair.sh'), join(tree, 'lib')]);
    }
    made[name] = await packageRelease(workshop, tree, versions[name]);
  }
  return made;
}

async function packageRelease(workshop: Workshop, tree: string, version: string) {
  git(tree, 'init', '--quiet', '--initial-branch=main');
  git(tree, 'add', '--all', '--force');
  git(tree, 'commit', '--quiet', '--message=release');
  git(tree, 'tag', `v${version}`);
  const config = parseConfig(readFileSync(join(tree, 'seatrial.yml'), 'utf8'), 'seatrial.yml');
  if (config.package === undefined) throw new Error('the example says how it is packaged');
  const made = await packaged(workshop, { repository: tree, tag: `v${version}`,
    application: config.application, package: config.package });
  return made.archive;
}

/** The fixtures, and files beside them, in /opt/case. */
async function lay(host: TestHost, files: Readonly<Record<string, string | Buffer>>) {
  const directory = join(await host.root(), 'opt/case');
  mkdirSync(directory, { recursive: true });
  for (const file of readdirSync(fixtures)) cpSync(join(fixtures, file), join(directory, file));
  cpSync(join(example, 'buildbot.tac'), join(directory, 'buildbot.tac'));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(directory, name), content);
  }
  await output(host, 'chmod -R a+rX /opt/case && sh /opt/case/host.sh');
}

async function setUpProduction(host: TestHost, release: string): Promise<void> {
  const site = withMail(readFileSync(join(example, 'site.json'), 'utf8'), host);
  await lay(host, { 'release.tar.gz': readFileSync(release), 'site.json': site });
  await output(host, `setsid runuser -u worker -- python3 /opt/case/mail.py ${host.address} \
    ${mailPort} /home/worker/mail </dev/null >/home/worker/mail.log 2>&1 &`);
  await output(host, `sh /opt/case/production.sh ${buildsMade} ${host.address} \
    >/tmp/setup.log 2>&1 || { tail -n 30 /tmp/setup.log; exit 1; }`);
}

function withMail(site: string, host: TestHost): string {
  const settings = { ...parse(site) as object, mail: { relay: host.address, port: mailPort } };
  return JSON.stringify(settings);
}

/** The worker looks for its master on the port that the overlay names for a closed master. */
async function setUpStaging(host: TestHost): Promise<void> {
  await lay(host, {});
  await output(host, `sh /opt/case/worker.sh 127.0.0.1:29990 staging 'of no use elsewhere'`);
}

function writeConfiguration(folder: string, production: TestHost, staging: TestHost): void {
  const settings = parse(readFileSync(join(example, 'seatrial.yml'), 'utf8')) as object;
  const hosts = { production: `root@${production.address}`, staging: `root@${staging.address}`,
    'known-hosts': 'known_hosts' };
  writeFileSync(join(folder, 'seatrial.yml'), stringify({ ...settings, hosts }));
  writeFileSync(join(folder, 'known_hosts'), [production, staging]
    .map((it) => readFileSync(it.knownHostsFile, 'utf8')).join(''));
  cpSync(join(example, 'staging'), join(folder, 'staging'), { recursive: true });
  const site = join(folder, 'staging/opt/buildbot/shared/site.json');
  writeFileSync(site, withMail(readFileSync(site, 'utf8'), production));
}
