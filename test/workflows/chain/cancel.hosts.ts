import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../../hosts/lab.ts';
import { installBoth } from '../../hosts/rehearsal/stage.ts';
import type { Run } from '../executor/run.ts';
import { holdings, holdOn, keysIn, killMain, pagesOf, recorded, runnerTemp, says, type Hold }
  from './points.ts';
import { createChainStage, reviewer, tell, type ChainStage } from './stage.ts';

/** GitHub sends SIGINT, and SIGTERM after this time. */
const patienceMs = 7_500;
const letsGo = /Post job cleanup/;

/** One run, in one attempt after the other: each begins where the one before it was stopped. */
describe('a job that is cancelled or killed', { timeout: 400_000 }, () => {
  const temporary = mkdtempSync(join(tmpdir(), 'seatrial-cancel-'));
  let lab: Lab;
  let stage: ChainStage;
  let run: Run;
  let production: Hold;
  let staging: Hold;
  let before: string;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createChainStage(lab, undefined, { temporary });
    await installBoth(stage.hosts, 'deploy');
    production = holdOn(stage.hosts.production);
    staging = holdOn(stage.hosts.staging);
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
    rmSync(temporary, { recursive: true, force: true });
  });

  afterEach(() => {
    expect(keysIn(temporary)).toEqual([]);
    expect(stage.github.violations).toEqual([]);
    expect(pagesOf(stage, 'v2.0.0').length).toBeLessThanOrEqual(1);
  });

  const untouched = async (): Promise<void> => {
    expect(await holdings(stage)).toEqual(before);
    expect(await stage.serving()).toBe('1.0.0');
  };

  /** The job that failed again, in a new attempt, which has a new approval. */
  const deployAgain = async (): Promise<void> => {
    run.rerun({ job: 'release/deploy' });
    await stage.until(run, 'deploy', 'waiting');
    run.approve('production', { user: reviewer });
  };

  /** Cancels the run, and waits until the step has let go. */
  const cancel = async (job: string): Promise<void> => {
    const at = Date.now();
    run.cancel();
    await says(run, job, letsGo);
    expect(Date.now() - at).toBeLessThan(patienceMs);
  };

  it('leaves production alone where the rehearsal is cancelled while it copies', async () => {
    const first = await stage.release('1.0.0');
    expect(first.conclusion, tell(first)).toBe('success');
    for (const name of ['ada', 'grace']) await stage.hosts.write(name);
    before = await holdings(stage);
    run = await stage.push('2.0.0');
    await says(run, 'rehearse', /copying production to staging/);
    await cancel('rehearse');
    expect(await stage.ends(run), tell(run)).toMatchObject({ rehearse: 'cancelled' });
    await staging.finished();
    await untouched();
  });

  it('lets staging go on where the rehearsal is cancelled in its window', async () => {
    await staging.at('done migrate-1');
    run.rerun('failed');
    await staging.held();
    await cancel('rehearse');
    expect(await stage.ends(run), tell(run)).toMatchObject({ rehearse: 'cancelled' });
    expect(run.job('rehearse').log).toMatch(/seatrial attach --host staging --run /);
    await staging.letGo();
    expect(await staging.finished()).toMatch(/\tend\t\trestored/);
    await untouched();
  });

  it('says who is at work where staging still goes on, and rehearses once it is done', async () => {
    await staging.at('done migrate-1');
    run.rerun({ job: 'release/rehearse' });
    await staging.held();
    run.killRunner('rehearse');
    expect(await stage.ends(run), tell(run)).toMatchObject({ rehearse: 'failure' });
    expect(keysIn(temporary)).toEqual([]);
    run.rerun('failed');
    expect(await stage.ends(run), tell(run)).toMatchObject({ rehearse: 'failure' });
    expect(run.job('rehearse').log)
      .toMatch(/another transaction runs: 2\.0\.0 by[^]*attach --run \S+ --host staging/);
    await staging.letGo();
    await staging.finished();
    run.rerun('failed');
    await stage.until(run, 'deploy', 'waiting');
    await untouched();
  });

  it('has nothing to undo where it waits for its approval', async () => {
    run.cancel();
    expect(await stage.ends(run)).toMatchObject({ rehearse: 'success', deploy: 'cancelled' });
    await untouched();
    expect(recorded(stage, '2.0.0')).toBeUndefined();
  });

  it('stops the host where it is cancelled before the window', async () => {
    await production.at('done unpack');
    await deployAgain();
    await production.held();
    run.cancel();
    await says(run, 'deploy', /asking the host to stop before the window/);
    await production.letGo();
    expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'cancelled' });
    expect(await production.finished()).toMatch(/\tend\t\tcancelled/);
    expect(keysIn(runnerTemp(run.job('deploy')))).toEqual([]);
    await untouched();
    expect(recorded(stage, '2.0.0')).toBe('failure');
  });

  it('stops the host all the same where it answers late: the step after it asks again',
    async () => {
      await production.at('done unpack');
      await deployAgain();
      await production.held();
      await cancel('deploy');
      await says(run, 'deploy', /Post job cleanup[\s\S]+asking the host to stop/);
      await production.letGo();
      expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'cancelled' });
      expect(await production.finished()).toMatch(/\tend\t\tcancelled/);
      await untouched();
      expect(recorded(stage, '2.0.0')).toBe('failure');
    });

  it('ends by itself on the host where the network is cut while it is cancelled', async () => {
    await production.at('done unpack');
    await deployAgain();
    await production.held();
    await stage.hosts.production.cut();
    await cancel('deploy');
    expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'cancelled' });
    expect(run.job('deploy').log).toMatch(/Watch it: seatrial attach --run /);
    await stage.hosts.production.heal();
    await production.letGo();
    expect(await production.finished()).toMatch(/\tend\t\tcancelled/);
    expect(keysIn(runnerTemp(run.job('deploy')))).toEqual([]);
    await untouched();
  });

  it('stops the host by the step after it where it was killed before the window', async () => {
    await production.at('done unpack');
    await deployAgain();
    await production.held();
    killMain(run.job('deploy'));
    await says(run, 'deploy', /asking the host to stop before the window/);
    await production.letGo();
    expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'failure' });
    expect(await production.finished()).toMatch(/\tend\t\tcancelled/);
    expect(keysIn(runnerTemp(run.job('deploy')))).toEqual([]);
    await untouched();
    expect(recorded(stage, '2.0.0')).toBe('failure');
  });

  it('lets go inside the window; the host goes on, and here back', async () => {
    await production.at('done rescue-1');
    await deployAgain();
    await production.held();
    await cancel('deploy');
    expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'cancelled' });
    expect(run.job('deploy').log).toMatch(/seatrial attach --run /);
    expect(recorded(stage, '2.0.0')).toBe('in_progress');
    await production.killProgram();
    await production.letGo();
    expect(await production.finished()).toMatch(/\tend\t\trestored/);
    await untouched();
  });

  it('says how to watch where it was killed inside the window; the host goes on', async () => {
    await production.at('done rescue-1');
    await deployAgain();
    await production.held();
    killMain(run.job('deploy'));
    expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'failure' });
    const { annotations, log } = run.job('deploy');
    expect(log).toMatch(/the last failure here was/);
    expect(annotations.filter((it) => it.kind === 'notice').map((it) => it.message).join('\n'))
      .toMatch(/the host goes on by itself: seatrial attach --run /);
    expect(keysIn(runnerTemp(run.job('deploy')))).toEqual([]);
    expect(recorded(stage, '2.0.0')).toBe('in_progress');
    await production.letGo();
    expect(await production.finished()).toMatch(/\tend\t\tdone/);
    expect(await stage.serving()).toBe('2.0.0');
  });

  it('finds in the next attempt what the host did, and publishes', async () => {
    const serving = await holdings(stage);
    await deployAgain();
    expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'success' });
    expect(run.outputs('release')).toMatchObject({ end: 'unchanged' });
    expect(await holdings(stage)).toEqual(serving);
    expect(recorded(stage, '2.0.0')).toBe('success');
    expect(pagesOf(stage, 'v2.0.0')).toMatchObject([{ draft: false }]);
  });
});
