import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyBundle } from '../../fakes/github/attest.ts';
import { createLab, type Lab } from '../../hosts/lab.ts';
import { installBoth } from '../../hosts/rehearsal/stage.ts';
import { createChainStage, reviewer, tell, type ChainStage } from './stage.ts';
import type { Run } from '../executor/run.ts';

const green = { package: 'success', draft: 'success', rehearse: 'success', deploy: 'success' };

/** Each test begins where the one before it ended. */
describe('a pushed tag, an approval, a re-run', { timeout: 400_000 }, () => {
  let lab: Lab;
  let stage: ChainStage;
  let second: Run;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createChainStage(lab);
    await installBoth(stage.hosts, 'deploy');
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  const page = (tag: string) => stage.github.state.releases.find((it) => it.tag === tag);
  const lastStatus = (version: string): string | undefined => stage.github.state.deployments
    .find((it) => it.ref === `v${version}` || JSON.stringify(it.payload).includes(version))
    ?.statuses.at(-1)?.state;

  it('bring the first release to production, which has nothing to rehearse on', async () => {
    const run = await stage.release('1.0.0');
    expect(await stage.ends(run), tell(run)).toEqual(green);
    expect(await stage.serving()).toBe('1.0.0');
    expect(run.job('rehearse').log).toContain('nothing is installed on production yet');
    expect(page('v1.0.0')).toMatchObject({ draft: false });
    expect(stage.github.violations).toEqual([]);
    for (const name of ['ada', 'grace']) await stage.hosts.write(name);
  });

  it('bring the second one, rehearsed on a copy; the approver reads what it showed', async () => {
    second = await stage.push('2.0.0');
    await stage.until(second, 'deploy', 'waiting');
    expect(await stage.serving()).toBe('1.0.0');
    const { summary } = second.job('rehearse');
    expect(summary).toMatch(/passed/i);
    expect(summary).toContain('2.0.0');
    expect(page('v2.0.0')).toMatchObject({ draft: true });
    second.approve('production', { user: reviewer, comment: 'looks good' });
    expect(await stage.ends(second), tell(second)).toEqual(green);
    expect(await stage.serving()).toBe('2.0.0');
    expect(page('v2.0.0')).toMatchObject({ draft: false });
    expect(lastStatus('2.0.0')).toBe('success');
    expect(second.job('deploy').log).toContain(`approved by ${reviewer}`);
    expect(second.outputs('release')).toMatchObject({ end: 'done', version: '2.0.0' });
    expect(Number(second.outputs('release')['window-seconds'])).toBeGreaterThan(0);
    expect(stage.github.violations).toEqual([]);
  });

  it('carry one digest from the artifact to the page, the host and the attestation', async () => {
    const { digest = '' } = second.outputs('release');
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    const archive = page('v2.0.0')?.assets.find((it) => it.name.endsWith('.tar.gz'));
    expect(archive).toBeDefined();
    const installed = await stage.hosts.output(stage.hosts.production,
      `cat ${stage.hosts.records}/installed.json`);
    expect(installed).toContain(digest);
    const attested = stage.github.state.attestations.filter((it) => it.digest.includes(digest));
    expect(attested).toHaveLength(1);
    expect(verifyBundle(stage.sigstore, attested[0]?.bundle)).toBeDefined();
  });

  it('change nothing when all of it is run again', async () => {
    const before = await stage.hosts.look();
    second.rerun('all');
    await stage.until(second, 'deploy', 'waiting');
    second.approve('production', { user: reviewer });
    expect(await stage.ends(second), tell(second)).toEqual(green);
    expect(second.outputs('release')).toMatchObject({ end: 'unchanged' });
    expect(await stage.hosts.look()).toEqual(before);
    expect(stage.github.state.releases.filter((it) => it.tag === 'v2.0.0')).toHaveLength(1);
    expect(stage.github.violations).toEqual([]);
  });

  it('stop at a rejected approval, with production as it was and the page a draft', async () => {
    const before = await stage.hosts.look();
    const run = await stage.push('2.0.1', { code: '2.0.0' });
    await stage.until(run, 'deploy', 'waiting');
    run.reject('production', { user: reviewer, comment: 'not today' });
    expect(await stage.ends(run), tell(run)).toMatchObject({ rehearse: 'success',
      deploy: 'failure' });
    expect(await stage.hosts.look()).toEqual(before);
    expect(page('v2.0.1')).toMatchObject({ draft: true });
    // It is no dead end: the job can be run again, and asks again.
    run.rerun('failed');
    await stage.until(run, 'deploy', 'waiting');
    run.approve('production', { user: reviewer });
    expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'success' });
    expect(await stage.serving()).toBe('2.0.1');
  });

  it('refuse the older of two that race, and let it go on when it is rehearsed anew', async () => {
    const older = await stage.push('2.0.2', { code: '2.0.0' });
    const newer = await stage.push('2.0.3', { code: '2.0.0' });
    await stage.until(older, 'deploy', 'waiting');
    await stage.until(newer, 'deploy', 'waiting');
    newer.approve('production', { user: reviewer });
    expect(await stage.ends(newer), tell(newer)).toEqual(green);
    const before = await stage.hosts.look();
    older.approve('production', { user: reviewer });
    expect(await stage.ends(older)).toMatchObject({ rehearse: 'success', deploy: 'failure' });
    expect(older.job('deploy').log).toMatch(/run rehearse again/i);
    expect(await stage.hosts.look()).toEqual(before);
    older.rerun({ job: 'release/rehearse' });
    await stage.until(older, 'deploy', 'waiting');
    older.approve('production', { user: reviewer });
    expect(await stage.ends(older), tell(older)).toMatchObject({ deploy: 'success' });
    expect(await stage.serving()).toBe('2.0.2');
  });

  it('refuse a receipt that is too old, and take a new one', async () => {
    const files = stage.configured((settings) => { settings['receipt'] = { expires: '2s' }; });
    const run = await stage.push('2.0.5', { code: '2.0.0', files });
    await stage.until(run, 'deploy', 'waiting');
    await sleep(2_500);
    const before = await stage.hosts.look();
    run.approve('production', { user: reviewer });
    expect(await stage.ends(run)).toMatchObject({ rehearse: 'success', deploy: 'failure' });
    expect(run.job('deploy').annotations[0]?.message).toMatch(
      /rehearsal is too old: .* 2 seconds are allowed\n +Run rehearse again.*re-run the job that/);
    expect(await stage.hosts.look()).toEqual(before);
  });

  it('refuse a tag that moved after it was packaged', async () => {
    const run = await stage.push('2.0.4', { code: '2.0.0' });
    await stage.until(run, 'deploy', 'waiting');
    const other = stage.application.commit('2.0.4', { code: '2.0.0', message: 'other' });
    stage.application.tag('v2.0.4', other, { force: true });
    run.approve('production', { user: reviewer });
    await stage.ends(run);
    run.rerun('all');
    expect(await stage.ends(run)).toMatchObject({ package: 'failure' });
    // actions/checkout says it; where it is not asked, the draft does (test/github/draft.test.ts).
    expect(run.job('package').log).toContain('does not point to the expected commit');
  });
});
