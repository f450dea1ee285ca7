import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRunBench, type RunBench } from '../github/run-bench.ts';
import { expectRefused, Site, warnings }
  from './approval-site.ts';

let site: Site;
afterEach(() => { site.remove(); });

describe('in a job', () => {
  let bench: RunBench;
  beforeEach(async () => {
    bench = await openRunBench();
    bench.fake.environment({ name: 'prod', reviewers: ['bob'], adminsMayBypass: true });
  });
  afterEach(async () => {
    await bench.close();
    expect(bench.fake.violations).toEqual([]);
  });
  const inJob = async (options = { environment: 'prod' }) =>
    ({ world: { job: await bench.job(), by: 'mona (https://x)' }, options });

  it('reviewers are asked for where the configuration says nothing', async () => {
    site = new Site();
    const archive = await site.release('1.0.0');
    expectRefused(site, await site.run('deploy', ['--release', archive], await inJob()),
      /nobody approved this run for prod/);
    bench.review('approved', 'bob', { environment: 'prod', comment: 'ship "it"\n`now`' });
    const ran = await site.run('deploy', ['--release', archive], await inJob());
    const note = 'approved by bob (“ship "it" `now`”); administrators may bypass it';
    expect(ran.summary).toMatchObject({ end: 'done', approval: note });
    expect(site.installed()?.['approval']).toBe(note);
    expect(site.program(ran)).toContain(`BY='mona (https://x), ${note}'\n`);
    expect(warnings(ran)).toContain('administrators may bypass the reviewers of prod; untick');
  });

  it('a person at a terminal cannot be asked for, whatever --yes says', async () => {
    site = new Site('approval: confirm');
    const archive = await site.release('1.0.0');
    expectRefused(site, await site.run('deploy', ['--yes', '--release', archive],
      await inJob()), /by a person at the terminal, and a job has none\n +Write approval: revi/);
  });

  it('a plan tells of an environment without reviewers, before anybody could approve', async () => {
    site = new Site();
    const archive = await site.release('1.0.0');
    expect(warnings(await site.run('plan', ['--release', archive], await inJob()))).toBe('');
    bench.fake.environment({ name: 'named' });
    const ran = await site.run('plan', ['--release', archive],
      await inJob({ environment: 'named' }));
    expect(warnings(ran)).toMatch(
      /^deploy would refuse: the environment named has no required reviewers/);
    expect(ran.printed).toMatch(/^Plan: app/);
  });

  it('a plan that may not look says so, and is shown', async () => {
    site = new Site();
    const job = await bench.job({}, {});
    const ran = await site.run('plan', ['--release', await site.release('1.0.0')],
      { world: { job }, options: { environment: 'prod' } });
    expect(warnings(ran)).toMatch(/GitHub would not show the environment prod/);
    expect(ran.printed).toMatch(/^Plan: app/);
  });
});
