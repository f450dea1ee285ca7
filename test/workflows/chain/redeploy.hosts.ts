import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../../hosts/lab.ts';
import { installBoth } from '../../hosts/rehearsal/stage.ts';
import type { Again, Run } from '../executor/run.ts';
import { callerWorkflow } from './application.ts';
import { holdings, holdOn, keysIn, pagesOf, recorded, refuses, type Hold } from './points.ts';
import { createChainStage, reviewer, tell, type ChainStage } from './stage.ts';

const publishPage = /\/releases\/\d+$/;
const green = { package: 'success', draft: 'success', rehearse: 'success', deploy: 'success' };
const code = '2.0.0';

/** One rehearsed release: its deployment stopped at one point after the other, and run again. */
describe('a deployment that failed, run again', { timeout: 400_000 }, () => {
  const temporary = mkdtempSync(join(tmpdir(), 'seatrial-redeploy-'));
  let lab: Lab;
  let stage: ChainStage;
  let production: Hold;
  let run: Run;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createChainStage(lab, undefined,
      { temporary, environmentSecretsInCalls: 'inherit-only' });
    await installBoth(stage.hosts, 'deploy');
    production = holdOn(stage.hosts.production);
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
    rmSync(temporary, { recursive: true, force: true });
  });

  afterEach(async () => {
    expect(keysIn(temporary)).toEqual([]);
    expect(stage.github.violations).toEqual([]);
    expect(['1.0.0', '2.0.1', '2.0.2']).toContain(await stage.serving());
  });

  /** Runs jobs of a run again, and approves its deployment. */
  const redeploy = async (jobs: Again = { job: 'release/deploy' }): Promise<void> => {
    run.rerun(jobs);
    await stage.until(run, 'deploy', 'waiting');
    run.approve('production', { user: reviewer });
  };

  it('waits for its approval, rehearsed', async () => {
    const installed = await stage.release('1.0.0');
    expect(installed.conclusion, tell(installed)).toBe('success');
    for (const name of ['ada', 'grace']) await stage.hosts.write(name);
    run = await stage.push('2.0.1', { code });
    await stage.until(run, 'deploy', 'waiting');
  });

  it('goes on where a secret, known hosts or reviewers were missing', async () => {
    const { settings: { environments, vars }, github } = stage;
    const { secrets } = environments.production;
    const [key = '', lines = ''] = [secrets['SEATRIAL_SSH_KEY'], vars['SEATRIAL_KNOWN_HOSTS']];
    secrets['SEATRIAL_SSH_KEY'] = '';
    run.reject('production', { user: reviewer });
    await refuses(stage, run, /^$|rejected/);
    await redeploy();
    await refuses(stage, run, /ssh-private-key: is empty[\s\S]+secret of the environment/);
    secrets['SEATRIAL_SSH_KEY'] = key;
    vars['SEATRIAL_KNOWN_HOSTS'] = '';
    await redeploy();
    await refuses(stage, run, /no known hosts are given[\s\S]+ssh-known-hosts/);
    vars['SEATRIAL_KNOWN_HOSTS'] = lines;
    github.environment({ name: 'production', reviewers: [] });
    run.rerun({ job: 'release/deploy' });
    await refuses(stage, run, /environment production[\s\S]+reviewers/i);
    github.environment({ name: 'production', reviewers: [reviewer], preventSelfReview: true });
  });

  it('deploys, where the runner was killed before the window', async () => {
    await production.at('done unpack');
    await redeploy();
    await production.held();
    run.killRunner('deploy');
    await production.letGo();
    expect(await stage.ends(run)).toMatchObject({ deploy: 'failure' });
    expect(await production.finished()).toMatch(/\tend\t\tcancelled/);
    expect(await stage.serving()).toBe('1.0.0');
  });

  it('tells what failed, where the host went back by itself', async () => {
    await production.at('done rescue-1');
    await redeploy();
    await production.held();
    run.killRunner('deploy');
    await production.killProgram();
    await production.letGo();
    expect(await stage.ends(run)).toMatchObject({ deploy: 'failure' });
    expect(await production.finished()).toMatch(/\tend\t\trestored/);
    expect(await stage.serving()).toBe('1.0.0');
  });

  it('takes the files of the draft, where the artifacts have expired', async () => {
    for (const it of stage.github.state.artifacts.filter((each) => each.runId === run.id)) {
      if (!it.name.endsWith('receipt.json')) it.expired = true;
    }
    await production.at('commit');
    await redeploy();
    await production.held();
    expect(run.job('deploy').log).toMatch(/the last failure here was/);
    run.killRunner('deploy');
    await production.letGo();
    expect(await stage.ends(run)).toMatchObject({ deploy: 'failure' });
    expect(await production.finished()).toMatch(/\tend\t\tdone/);
    expect(await stage.serving()).toBe('2.0.1');
    expect(pagesOf(stage, 'v2.0.1')).toMatchObject([{ draft: true }]);
  });

  it('publishes, where the runner was killed after the commit', async () => {
    const before = await holdings(stage);
    await redeploy();
    expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'success' });
    expect(run.outputs('release')).toMatchObject({ end: 'unchanged' });
    expect(await holdings(stage)).toEqual(before);
    expect(pagesOf(stage, 'v2.0.1')).toMatchObject([{ draft: false }]);
    expect(recorded(stage, '2.0.1')).toBe('success');
    expect(recorded(stage, '1.0.0')).toBe('inactive');
  });

  it('packages again, where a rehearsal finds no artifacts', async () => {
    run = await stage.push('2.0.2', { code });
    await stage.until(run, 'deploy', 'waiting');
    run.cancel();
    await stage.ends(run);
    const { state } = stage.github;
    for (const it of state.artifacts.filter((each) => each.runId === run.id)) it.expired = true;
    run.rerun({ job: 'release/rehearse' });
    expect(await stage.ends(run), tell(run)).toMatchObject({ rehearse: 'failure' });
    expect(run.job('rehearse').log).toMatch(/Re-run all jobs of this run/);
  });

  it('records and publishes, where GitHub failed after production had ended', async () => {
    const { faults } = stage.github;
    const fault = { kind: 'status', status: 500 } as const;
    faults.inject({ method: 'POST', path: /\/deployments$/, times: 4, fault });
    faults.inject({ method: 'PATCH', path: publishPage, times: 5, fault });
    await redeploy('all');
    expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'failure' });
    expect(await stage.serving()).toBe('2.0.2');
    expect(run.job('deploy').log).toMatch(/no record of this deployment on GitHub/);
    expect(recorded(stage, '2.0.2')).toBeUndefined();
    expect(pagesOf(stage, 'v2.0.2')).toMatchObject([{ draft: true }]);
    await redeploy();
    expect(await stage.ends(run), tell(run)).toEqual(green);
    expect(run.outputs('release')).toMatchObject({ end: 'unchanged' });
    expect(recorded(stage, '2.0.2')).toBe('success');
    expect(pagesOf(stage, 'v2.0.2')).toMatchObject([{ draft: false }]);
    expect(faults.left()).toEqual([]);
  });

  it('says that secrets must be inherited, where the caller does not', async () => {
    const without = callerWorkflow.replace('    secrets: inherit\n', '');
    const other = await stage.push('2.0.3',
      { code, files: { '.github/workflows/release.yml': without } });
    expect(await stage.ends(other)).toMatchObject({ draft: 'success', rehearse: 'failure' });
    expect(other.job('rehearse').annotations.map((it) => it.message).join('\n'))
      .toMatch(/ssh-private-key: is empty[\s\S]+secrets: inherit/);
  });
});
