import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { openFakeGitHub, type FakeGitHub } from '../../fakes/github/open.ts';
import { gitOnDisk } from '../../fakes/github/git-store.ts';
import { openSigstore, type Sigstore } from '../../fakes/github/sigstore.ts';
import { workflowServer } from '../../fakes/github/workflow-server.ts';
import type { Lab } from '../../hosts/lab.ts';
import { createGuestbookStage, type GuestbookStage } from '../../hosts/rehearsal/guestbook.ts';
import type { Settings } from '../../hosts/rehearsal/stage.ts';
import type { Run } from '../executor/run.ts';
import type { WorkflowsOptions } from '../executor/options.ts';
import type { Status } from '../executor/server.ts';
import { findNode24 } from '../act/tools.ts';
import { openWorkflows, type Workflows } from '../executor/workflows.ts';
import { loadMaker, makeApplication, type ApplicationRepository, type CommitOptions }
  from './application.ts';

/** From `git push` of a tag to production, over real SSH, by the workflows of this repository. */
export interface ChainStage {
  readonly hosts: GuestbookStage;
  readonly github: FakeGitHub;
  readonly sigstore: Sigstore;
  readonly workflows: Workflows;
  readonly application: ApplicationRepository;
  /** The files of a commit with another configuration. */
  configured(edit: (settings: Settings) => void): Readonly<Record<string, string>>;
  /** What people set on GitHub's pages; a test may change it between two attempts. */
  readonly settings: RepositorySettings;
  /** Commits a version, tags and pushes it; the run that this starts. */
  push(version: string, options?: PushOptions): Promise<Run>;
  /** Waits until a job has a status; a run that ends otherwise fails the test. */
  until(run: Run, job: string, status: Status): Promise<void>;
  /** Waits for the run's end, and gives how each job ended. */
  ends(run: Run): Promise<Record<string, string>>;
  /** Pushes, approves what waits, and waits for the end. */
  release(version: string, options?: PushOptions): Promise<Run>;
  /** What production serves: the version that its health page tells. */
  serving(): Promise<string>;
  down(): Promise<void>;
}

export interface PushOptions extends CommitOptions {
  readonly actor?: string;
}

export interface RepositorySettings {
  readonly vars: Record<string, string>;
  readonly environments: Record<'staging' | 'production', { secrets: Record<string, string> }>;
}

export interface ChainOptions extends Pick<WorkflowsOptions, 'environmentSecretsInCalls'> {
  /** TMPDIR of every step. */
  readonly temporary?: string;
}

const root = resolve(import.meta.dirname, '../../..');
const waitMs = 170_000;
export const reviewer = 'mona';
export const pusher = 'hubot';

export async function createChainStage(lab: Lab, edit: (settings: Settings) => void = () =>
  undefined, { temporary, ...more }: ChainOptions = {}): Promise<ChainStage> {
  await loadMaker();
  const hosts = await createGuestbookStage(lab, 'deploy');
  const application = makeApplication(filesOf(hosts, edit));
  const github = await openFakeGitHub({ owner: 'octo', name: 'guestbook',
    git: gitOnDisk(application.bare) });
  const sigstore = await openSigstore();
  github.environment({ name: 'staging' });
  github.environment({ name: 'production', reviewers: [reviewer], preventSelfReview: true });
  const key = readFileSync(hosts.production.identityFile, 'utf8');
  const secrets = { SEATRIAL_SSH_KEY: key };
  const settings: RepositorySettings = { vars: { SEATRIAL_KNOWN_HOSTS: knownHosts(hosts) },
    environments: { staging: { secrets }, production: { secrets: { ...secrets } } } };
  const workflows = openWorkflows({
    repository: { owner: 'octo', name: 'guestbook', bare: application.bare },
    server: workflowServer(github, sigstore),
    folders: { 'seatrial/seatrial': root },
    nodes: { node24: await findNode24(process.env) },
    ...more, ...settings,
    env: { HOME: '/nonexistent', ...(temporary === undefined ? {} : { TMPDIR: temporary }) },
  });
  return { hosts, github, sigstore, workflows, application, settings,
    configured: (change) => filesOf(hosts, (settings) => { edit(settings); change(settings); }),
    ...acts({ hosts, workflows, application }),
    async down() {
      await workflows.close();
      await github.close();
      await sigstore.close();
      application.remove();
      await hosts.down();
    },
  };
}

export function filesOf(hosts: GuestbookStage, edit: (settings: Settings) => void):
Record<string, string> {
  const settings = parse(readFileSync(hosts.config(edit), 'utf8')) as Settings;
  const about = settings['package'] as Settings;
  settings['package'] = { ...about, exclude: ['seatrial.yml', '.github/**'] };
  const named = settings['hosts'] as Settings;
  delete named['known-hosts'];
  return { 'seatrial.yml': stringify(settings) };
}

export function knownHosts({ production, staging }: GuestbookStage): string {
  return [production, staging].map((it) => readFileSync(it.knownHostsFile, 'utf8')).join('');
}

function acts({ hosts, workflows, application }:
Pick<ChainStage, 'hosts' | 'workflows' | 'application'>):
Pick<ChainStage, 'push' | 'until' | 'ends' | 'release' | 'serving'> {
  const push: ChainStage['push'] = (version, { actor = pusher, ...change } = {}) => {
    application.tag(`v${version}`, application.commit(version, change));
    return workflows.push(`refs/tags/v${version}`, { actor });
  };
  const until: ChainStage['until'] = async (run, name, status) => {
    const seen = (): string => run.conclusion !== undefined ? `the run ended: ${tell(run)}`
      : run.jobs.find((it) => it.key.endsWith(name))?.status ?? 'not begun';
    const reached = (): boolean => new RegExp(`^${status}$|ended`).test(seen());
    await expect.poll(reached, { timeout: waitMs, interval: 100 }).toBe(true).catch(() => false);
    expect(seen(), tell(run)).toBe(status);
  };
  const ends: ChainStage['ends'] = async (run) => {
    // What was approved just now has gone on; what waits still would wait for ever.
    await sleep(50);
    const stuck = (): boolean => run.jobs.some((it) => it.status === 'waiting');
    await expect.poll(() => run.conclusion !== undefined || stuck(), { timeout: waitMs })
      .toBe(true);
    expect(stuck(), tell(run)).toBe(false);
    await run.ended();
    return Object.fromEntries(run.jobs.map((it) =>
      [it.key.replace(/^.*\//, ''), it.conclusion ?? 'none']));
  };
  return { push, until, ends,
    async release(version, options) {
      const run = await push(version, options);
      await until(run, 'deploy', 'waiting');
      run.approve('production', { user: reviewer, comment: 'looks good' });
      await run.ended();
      return run;
    },
    async serving() {
      const answer = await hosts.output(hosts.production,
        'curl -fsS --noproxy "*" http://127.0.0.1:8080/health');
      return (JSON.parse(answer) as { version: string }).version;
    },
  };
}

/** What a person would look at first: each job's end, and the log of those that failed. */
export function tell(run: Run): string {
  const logs = run.jobs.filter((it) => it.conclusion !== 'success')
    .map((it) => `--- ${it.key} (${it.conclusion ?? it.status})\n${it.log}`);
  return [run.describe(), ...logs].join('\n');
}
