import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordEnd } from '../../src/jobs/deploy.ts';
import { runStep } from '../../src/jobs/run-job.ts';
import type { Summary } from '../../src/report/events.ts';
import { Site } from '../commands/approval-site.ts';
import { openRunBench, rights, type RunBench } from '../github/run-bench.ts';
import { deployOptions, jobWorld } from './job-site.ts';

let site: Site;
let bench: RunBench;
let release: string;

beforeEach(async () => {
  site = new Site('approval: { external: a test }');
  bench = await openRunBench();
  release = await site.release('1.2.0');
});

afterEach(async () => {
  site.remove();
  await bench.close();
  expect(bench.fake.violations).toEqual([]);
});

/** The statuses of the one record, oldest first. */
const states = (): readonly string[] => {
  const { deployments } = bench.fake.state;
  expect(deployments.length).toBeLessThanOrEqual(1);
  return (deployments[0]?.statuses ?? []).map((it) => it.state);
};

describe('a deployment in a job', () => {
  it('has a record from the moment that the host began, and its end', async () => {
    const seen: (readonly string[])[] = [];
    const world = jobWorld(site, await bench.job(), { started: () => { seen.push(states()); } });
    const { outputs } = await runStep('deploy', deployOptions(site, release), world);
    expect(outputs).toMatchObject({ end: 'done', version: '1.2.0',
      report: world.job.url });
    expect(Number(outputs['window-seconds'])).toBeGreaterThanOrEqual(0);
    expect(seen).toEqual([[]]);
    expect(states()).toEqual(['in_progress', 'success']);
    expect(world.reported.filter((it) => it.startsWith('warning') && it.includes('GitHub')))
      .toEqual([]);
  });

  it('records what an attempt before it could not, where nothing is left to do', async () => {
    const options = deployOptions(site, release);
    await runStep('deploy', options, jobWorld(site, await bench.job({}, { actions: 'read' })));
    expect(states()).toEqual([]);
    const world = jobWorld(site, await bench.job({ attempt: 2 }));
    expect((await runStep('deploy', options, world)).outputs).toMatchObject({ end: 'unchanged' });
    expect(states().at(-1)).toBe('success');
  });

  it('is not held up by a record that GitHub refuses: that is a warning', async () => {
    const world = jobWorld(site, await bench.job({}, { ...rights, deployments: 'read' }));
    const { outputs } = await runStep('deploy', deployOptions(site, release), world);
    expect(outputs).toMatchObject({ end: 'done' });
    expect(site.installed()).toMatchObject({ version: '1.2.0' });
    const [warning] = world.reported.filter((it) => it.includes('no record of this deployment'));
    expect(warning).toMatch(/^warning .* on GitHub: [^]*deployments: write/);
  });

  it('has no record where nothing was sent to the host', async () => {
    const world = jobWorld(site, await bench.job(), { cancel: AbortSignal.abort() });
    await expect(runStep('deploy', deployOptions(site, release), world)).rejects.toMatchObject({
      kind: 'cancelled' });
    expect(states()).toEqual([]);
  });

  it('stays in progress where the job fails after the host began: it goes on', async () => {
    const world = jobWorld(site, await bench.job(), {
      started: () => { throw new Error('a bug of the job'); } });
    const options = deployOptions(site, release);
    await expect(runStep('deploy', options, world)).rejects.toThrow('a bug of the job');
    expect(states()).toEqual(['in_progress', 'in_progress']);
    const [run = ''] = readdirSync(join(site.records, 'runs'));
    writeFileSync(join(site.records, 'runs', run, 'cancel'), '');
    await expect.poll(() => readFileSync(join(site.records, 'runs', run, 'journal'), 'utf8'),
      { timeout: 25_000, interval: 200 }).toMatch(/\tend\t\tcancelled cancelled before the window/);
    // The step after it finds how the host ended.
    const ended = { version: '1.2.0', digest: String(recordedDigest()), end: 'cancelled',
      reason: 'cancelled before the window' } as Summary;
    await recordEnd(options, world, ended);
    expect(states().at(-1)).toBe('failure');
    await recordEnd(options, world, { ...ended, version: undefined });
    expect(states().length).toBe(4);
  });
});

function recordedDigest(): unknown {
  return (bench.fake.state.deployments[0]?.payload as { digest?: unknown } | undefined)?.digest;
}
