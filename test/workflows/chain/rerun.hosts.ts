import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { createLab, type Lab } from '../../hosts/lab.ts';
import { installBoth } from '../../hosts/rehearsal/stage.ts';
import type { Again, Run } from '../executor/run.ts';
import { keysIn, pagesOf, refuses } from './points.ts';
import { createChainStage, reviewer, tell, type ChainStage } from './stage.ts';

const createArtifact = /\/CreateArtifact$/;
const uploadAsset = /\/releases\/\d+\/assets$/;
const code = '2.0.0';
const patient = { timeout: 60_000, interval: 50 };

/** Two tags: jobs before the deployment stopped at one point after the other, and run again. */
describe('a package, draft or rehearsal that failed, run again', { timeout: 400_000 }, () => {
  const temporary = mkdtempSync(join(tmpdir(), 'seatrial-rerun-'));
  const [holdBuild, building] = [join(temporary, 'hold-build'), join(temporary, 'building')];
  let lab: Lab;
  let stage: ChainStage;
  /** Its rehearsals count for a short time only. */
  let first: Run;
  let second: Run;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createChainStage(lab, (settings) => {
      settings['package'] = { ...settings['package'] as object, recipe: [{
        run: `while [ -e ${holdBuild} ]; do : >${building}; sleep 0.1; done` }] };
    }, { temporary });
    await installBoth(stage.hosts, 'deploy');
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
    rmSync(temporary, { recursive: true, force: true });
  });

  afterEach(async () => {
    expect(keysIn(temporary)).toEqual([]);
    expect(stage.github.violations).toEqual([]);
    expect(['1.0.0', '2.0.0']).toContain(await stage.serving());
  });

  const again = (run: Run, job: string): Run => run.rerun({ job: `release/${job}` });

  /** Runs jobs of a run again, and approves its deployment. */
  const redeploy = async (run: Run, jobs: Again = { job: 'release/deploy' }): Promise<void> => {
    run.rerun(jobs);
    await stage.until(run, 'deploy', 'waiting');
    run.approve('production', { user: reviewer });
  };

  it('finds a first release in production, and a second one rehearsed', async () => {
    const installed = await stage.release('1.0.0');
    expect(installed.conclusion, tell(installed)).toBe('success');
    for (const name of ['ada', 'grace']) await stage.hosts.write(name);
    const text = readFileSync(join(stage.application.tree, 'seatrial.yml'), 'utf8');
    const shortly = stringify({ ...parse(text) as object, receipt: { expires: '40s' } });
    first = await stage.push('2.0.0', { files: { 'seatrial.yml': shortly } });
    await stage.until(first, 'deploy', 'waiting');
  });

  it('packages, where the runner was killed during the build', async () => {
    writeFileSync(holdBuild, '');
    second = await stage.push('2.0.1', { code });
    await expect.poll(() => existsSync(building), patient).toBe(true);
    second.killRunner('package');
    rmSync(holdBuild);
    expect(await stage.ends(second)).toMatchObject({ package: 'failure' });
    expect(second.result('release')).toBe('failure');
  });

  it('packages, where it was killed between the tarball and its manifest', async () => {
    const { faults } = stage.github;
    faults.inject({ path: createArtifact, skip: 1, fault: { kind: 'slow', milliseconds: 3000 } });
    second.rerun('failed');
    await expect.poll(() => faults.left(), patient).toEqual([]);
    second.killRunner('package');
    expect(await stage.ends(second)).toMatchObject({ package: 'failure' });
  });

  it('packages, where GitHub took no artifacts for a while', async () => {
    // The tarball of the attempt before would serve: it is the manifest that has no place.
    stage.github.faults.inject({ path: createArtifact, skip: 1, times: 5,
      fault: { kind: 'status', status: 503 } });
    again(second, 'package');
    expect(await stage.ends(second), tell(second)).toMatchObject({ package: 'failure' });
    expect(second.job('package').annotations.map((it) => it.message).join('\n'))
      .toMatch(/could not be uploaded[\s\S]+re-run the job/);
    expect(stage.github.faults.left()).toEqual([]);
  });

  it('drafts one page, where it was killed after half of the files', async () => {
    stage.github.faults.inject({ path: uploadAsset, skip: 1,
      fault: { kind: 'slow', milliseconds: 3000 } });
    second.rerun('all');
    await expect.poll(() => stage.github.faults.left(), patient).toEqual([]);
    second.killRunner('draft');
    expect(await stage.ends(second), tell(second)).toMatchObject({ package: 'success',
      draft: 'failure', rehearse: 'success' });
    expect(second.result('release/deploy') ?? 'skipped').toBe('skipped');
    const rehearsed = second.job('rehearse').attempt;
    second.rerun('failed');
    await stage.until(second, 'deploy', 'waiting');
    expect(pagesOf(stage, 'v2.0.1')).toMatchObject([{ draft: true }]);
    const assets = pagesOf(stage, 'v2.0.1').flatMap((it) => it.assets);
    expect(assets.map((it) => it.state)).toEqual(assets.map(() => 'uploaded'));
    expect(assets.length).toBeGreaterThan(1);
    expect(second.job('rehearse').attempt).toBe(rehearsed);
  });

  it('rehearses again, where the receipt has expired', async () => {
    first.approve('production', { user: reviewer });
    await refuses(stage, first, /the rehearsal is too old[\s\S]+rehearse/i);
    await redeploy(first, { job: 'release/rehearse' });
    expect(await stage.ends(first), tell(first)).toMatchObject({ deploy: 'success' });
    expect(await stage.serving()).toBe('2.0.0');
    expect(pagesOf(stage, 'v2.0.0')).toMatchObject([{ draft: false }]);
  });

  it('rehearses again, where another tag went first', async () => {
    second.approve('production', { user: reviewer });
    await refuses(stage, second, /run rehearse again/i);
    again(second, 'rehearse');
    await stage.until(second, 'deploy', 'waiting');
  });
});
