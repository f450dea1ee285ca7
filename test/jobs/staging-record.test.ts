import { afterEach, beforeEach, expect, it } from 'vitest';
import { plainSummary } from '../../src/commands/summary.ts';
import { parseArguments } from '../../src/config/arguments.ts';
import { recordEnd } from '../../src/jobs/deploy.ts';
import type { JobWorld } from '../../src/jobs/run-job.ts';
import { openRunBench, type RunBench } from '../github/run-bench.ts';

let bench: RunBench;
beforeEach(async () => { bench = await openRunBench(); });
afterEach(async () => { await bench.close(); });

it.each([['production', 1], ['staging', 0]] as const)(
  'what came to %s leaves %d records of production', async (host, count) => {
    const { options } = parseArguments(['deploy', '--release', 'x.tar.gz', '--host', host]);
    const told: string[] = [];
    const world = { job: await bench.job(), report: (event: object) => {
      told.push(JSON.stringify(event));
    } } as unknown as JobWorld;
    await recordEnd({ ...options, environment: 'production' }, world, plainSummary({
      command: 'deploy', end: 'done', application: 'app', host, version: '1.2.0',
      digest: 'd'.repeat(64) }));
    expect(told).toEqual([]);
    expect(bench.fake.state.deployments).toHaveLength(count);
  });
