import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openFakeGitHub, type FakeGitHub } from '../../fakes/github/open.ts';
import { gitOnDisk } from '../../fakes/github/git-store.ts';
import { openSigstore } from '../../fakes/github/sigstore.ts';
import { workflowServer } from '../../fakes/github/workflow-server.ts';
import type { Lab, TestHost } from '../../hosts/lab.ts';
import { output } from '../../hosts/rehearsal/stage.ts';
import { git } from '../../package/fixture.ts';
import { openWorkflows, type Workflows } from '../executor/workflows.ts';

/** What somebody has who never heard of Seatrial: an application that was deployed by hand. */
export interface Newcomer {
  readonly production: TestHost;
  readonly staging: TestHost;
  /** The application's work tree, whose remote is what GitHub has. */
  readonly tree: string;
  readonly github: FakeGitHub;
  readonly workflows: Workflows;
  /** The committed bundle, as the quick start calls it, in the work tree; ssh has its key. */
  seatrial(...words: readonly string[]): Told;
  git(...words: readonly string[]): string;
  read(name: string): string;
  write(name: string, text: string): void;
  /** What a visitor of production gets. */
  visit(path: string): Promise<string>;
  /** A visitor leaves a note. */
  leave(text: string): Promise<void>;
  down(): Promise<void>;
}

export interface Told {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const root = resolve(import.meta.dirname, '../../..');
const application = readFileSync(join(root, 'examples/notes/notes.py'), 'utf8');
export const reviewer = 'mona';

export const notes = (version: string): string =>
  application.replace('VERSION = "0.0.0"', `VERSION = "${version}"`);

/** A service that was started a moment ago may not listen yet. */
const curl = 'curl -fsS --noproxy "*" --retry 20 --retry-delay 1 --retry-connrefused';

const unit = `[Unit]
Description=Notes
After=network.target

[Service]
User=deploy
Environment=PORT=8090 NOTES_DATABASE=/srv/notes/data/notes.sqlite
ExecStart=/usr/bin/python3 /srv/notes/notes.py serve
Restart=on-failure

[Install]
WantedBy=multi-user.target
`;

/** By hand: no releases/, no current, one file and its database in one directory. */
async function deployByHand(host: TestHost): Promise<void> {
  await output(host, 'install -d -o deploy /srv/notes /srv/notes/data');
  await host.writeFile('/srv/notes/notes.py', notes('1.4.2'), { owner: 'deploy' });
  await host.writeFile('/etc/systemd/system/notes.service', unit);
  await output(host, 'systemctl daemon-reload; systemctl -q enable notes.service');
}

export async function createNewcomer(lab: Lab): Promise<Newcomer> {
  const [production, staging] = await Promise.all(['production', 'staging'].map((name) =>
    lab.host(name, { init: 'systemd', diskMegabytes: 512 }))) as [TestHost, TestHost];
  await Promise.all([deployByHand(production), deployByHand(staging)]);
  await output(production, `su deploy -s /bin/sh -c 'NOTES_DATABASE=/srv/notes/data/notes.sqlite \\
    python3 /srv/notes/notes.py migrate' && systemctl start notes`);
  const folder = mkdtempSync(join(tmpdir(), 'seatrial-newcomer-'));
  const [bare, tree] = [join(folder, 'notes.git'), join(folder, 'notes')];
  mkdirSync(tree);
  git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  git(tree, 'init', '--quiet', '--initial-branch=main');
  git(tree, 'remote', 'add', 'origin', bare);
  const server = await openGitHub(bare, production.identityFile);
  return { production, staging, tree, github: server.github, workflows: server.workflows,
    seatrial: (...words) => run(tree, [...words, '--identity', production.identityFile]),
    git: (...words) => git(tree, ...words),
    read: (name) => readFileSync(join(tree, name), 'utf8'),
    write: (name, text) => { writeFileSync(join(tree, name), text); },
    visit: (path) => output(production, `${curl} http://127.0.0.1:8090${path}`),
    async leave(text) {
      await output(production, `${curl} --data '${text}' http://127.0.0.1:8090/notes`);
    },
    async down() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function run(cwd: string, words: readonly string[]): Told {
  const { status, stdout, stderr } = spawnSync(process.execPath,
    [join(root, 'dist/main/index.js'), ...words],
    { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' } });
  return { status, stdout, stderr };
}

/** GitHub as the fifth step of the quick start leaves it. */
async function openGitHub(bare: string, identity: string): Promise<
  Pick<Newcomer, 'github' | 'workflows'> & { close(): Promise<void> }> {
  const github = await openFakeGitHub({ owner: 'octo', name: 'notes', git: gitOnDisk(bare) });
  const sigstore = await openSigstore();
  github.environment({ name: 'staging' });
  github.environment({ name: 'production', reviewers: [reviewer], preventSelfReview: true });
  const secrets = { SEATRIAL_SSH_KEY: readFileSync(identity, 'utf8') };
  const workflows = openWorkflows({
    repository: { owner: 'octo', name: 'notes', bare },
    server: workflowServer(github, sigstore),
    folders: { 'OWNER/seatrial': root },
    environments: { staging: { secrets }, production: { secrets } },
    env: { HOME: '/nonexistent' },
  });
  return { github, workflows, async close() {
    await workflows.close();
    await github.close();
    await sigstore.close();
  } };
}
