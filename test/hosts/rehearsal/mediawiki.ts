import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync }
  from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Lab, TestHost } from '../lab.ts';
import { runProcess } from '../process.ts';
import { createRehearsalStage, output, type RehearsalStage } from './stage.ts';

/**
 * Two hosts of one administrator: production, where Debian 12's MediaWiki has pages and pictures,
 * and staging. Configuration, units and overlay are those of examples/mediawiki, but that the
 * overlay has forgotten production's mail server.
 */
export const versions = { old: '1.39', lost: '1.43-lost', new: '1.43' };
export type ReleaseName = keyof typeof versions;
const example = resolve(import.meta.dirname, '../../../examples/mediawiki');
const fixtures = resolve(import.meta.dirname, '../../cases/mediawiki');
const mailServer = resolve(import.meta.dirname, '../../cases/buildbot/mail.py');
const mailPort = 2525;
const vendorTimeoutMs = 170_000;
/** What no test looks at: with it, git packs its own repository anew while the tests run. */
const pruned = ['resources/lib/ooui/themes', 'vendor/wikimedia/idle-dom', 'vendor/endroid',
  'maintenance/postgres', 'maintenance/sqlite'];
const overlay = 'staging/srv/wiki/shared/site.php';
/** The server writes to its files by itself; what is in it is told by the dump. */
const look = `${readFileSync(join(import.meta.dirname, 'look.sh'), 'utf8')
  .replace('lib/sudo', 'lib/sudo|lib/mysql')}
mariadb-dump --skip-comments --single-transaction wiki | sha256sum | tell database
`;

export interface MediawikiStage extends RehearsalStage {
  readonly releases: Readonly<Record<ReleaseName, string>>;
  /** How many mails production's mail server was given. */
  mails(): Promise<number>;
  /** Adds a paragraph to a page of production, as a visitor does. */
  edit(page: string, text: string): Promise<void>;
  /** Digests of all pages and pictures that were there when it was first asked. */
  show(): Promise<string>;
}

/** Production is not adopted yet. */
export async function createMediawikiStage(lab: Lab): Promise<MediawikiStage> {
  const packages = mkdtempSync(join(tmpdir(), 'seatrial-mediawiki-'));
  try {
    const [stage] = await Promise.all([createRehearsalStage(lab, {
      application: 'wiki', login: 'root', diskMegabytes: 1536, look,
      settings: readFileSync(join(example, 'seatrial.yml'), 'utf8')
        .replace('passes: 2', 'passes: 1'),
      prepare,
    }), vendor(packages)]);
    const old = await packageRelease(stage, packages, 'old');
    const [lost, current] = await Promise.all([packageRelease(stage, packages, 'lost'),
      packageRelease(stage, packages, 'new'), use(stage.production, old)]);
    stage.config(undefined, { [overlay]:
      withMail(readFileSync(join(example, overlay), 'utf8'), stage.production) });
    const run = (text: string) => output(stage.production, text);
    return {
      ...stage, releases: { old, lost, new: current },
      mails: async () => Number(await run('grep -c "^DATA" /opt/mail || true')),
      edit: async (page, text) => { await run(`sh /opt/case/edit.sh '${page}' '${text}'`); },
      show: () => run('sh /opt/case/show.sh'),
    };
  } finally {
    rmSync(packages, { recursive: true });
  }
}

/** The example with MediaWiki in it, as `old` and `new` below the directory. */
async function vendor(packages: string): Promise<void> {
  await succeed('sh', [join(import.meta.dirname, 'debian.sh'), packages,
    ...['bookworm', 'trixie'].flatMap((it) => [`mediawiki/${it}`, `mediawiki-classes/${it}`])]);
  for (const [name, mark] of [['old', '1.39'], ['new', '1.43']] as const) {
    const tree = join(packages, name);
    cpSync(example, tree, { recursive: true });
    await succeed('sh', [join(tree, 'vendor.sh'), ...readdirSync(packages)
      .filter((it) => it.includes(`${mark}.`) && it.endsWith('.deb'))
      .map((it) => join(packages, it))]);
    for (const path of pruned) rmSync(join(tree, 'wiki', path), { recursive: true, force: true });
  }
}

async function succeed(program: string, words: readonly string[]): Promise<void> {
  const { status, stderr } = await runProcess(program, words, { timeoutMs: vendorTimeoutMs });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
}

/** `lost` is the new one without a line of its settings: where uploads are. */
function packageRelease(
  stage: RehearsalStage, packages: string, name: ReleaseName,
): Promise<string> {
  return stage.package(versions[name], (tree) => {
    const from = join(packages, name === 'old' ? 'old' : 'new');
    // What `package.include` of the configuration names.
    execFileSync('cp', ['-a', ...['wiki', 'bin', 'LocalSettings.php'].map((it) => join(from, it)),
      tree]);
    if (name !== 'lost') return;
    const settings = join(tree, 'LocalSettings.php');
    const whole = readFileSync(settings, 'utf8');
    writeFileSync(settings, whole.replace(/^\$wgUploadDirectory = .*\n/m, ''));
  });
}

async function prepare(host: TestHost): Promise<void> {
  const directory = join(await host.root(), 'opt/case');
  cpSync(fixtures, directory, { recursive: true });
  cpSync(example, join(directory, 'example'), { recursive: true });
  cpSync(mailServer, join(directory, 'mail.py'));
  await must(host, `sh /opt/case/host.sh /opt/case/example '${passwordOf(host)}'`);
}

function passwordOf(host: TestHost): string {
  return host.name === 'production' ? 'change me' : 'of no use elsewhere';
}

async function use(host: TestHost, release: string): Promise<void> {
  const directory = join(await host.root(), 'opt/case');
  mkdirSync(directory, { recursive: true });
  cpSync(release, join(directory, 'release.tar.gz'));
  const site = readFileSync(join(example, 'site.php'), 'utf8');
  writeFileSync(join(directory, 'site.php'), withMail(site, host));
  await output(host, `setsid python3 /opt/case/mail.py ${host.address} ${mailPort} /opt/mail \
    </dev/null >/opt/mail.log 2>&1 &`);
  await must(host, `sh /opt/case/production.sh /opt/case '${passwordOf(host)}'`);
  await output(host, 'touch /opt/made');
}

/** Production's mail server, and a writer who may write as often as he likes. */
function withMail(site: string, production: TestHost): string {
  return `${site}\n$wgRateLimits = [];\n$wgEnableEmail = true;
  $wgSMTP = [ 'host' => '${production.address}', 'port' => ${mailPort},
    'IDHost' => 'example.org', 'auth' => false ];\n`;
}

async function must(host: TestHost, command: string): Promise<void> {
  await output(host, `${command} >/tmp/said.log 2>&1 || { tail -n 30 /tmp/said.log; exit 1; }`);
}
