import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/github/approvals-environment.ts';
import { approvalOf, type Approval } from '../../src/github/approvals.ts';
import { openDeployment } from '../../src/github/deployments.ts';
import type { Job } from '../../src/github/github.ts';
import { openRunBench, type RunBench } from './run-bench.ts';

const settings = 'https://github.com/octo/guestbook/settings/environments';
let bench: RunBench;

beforeEach(async () => {
  bench = await openRunBench();
  bench.fake.environment({ name: 'production', reviewers: ['bob', 'alice', 'mona'],
    adminsMayBypass: false });
});

afterEach(async () => {
  await bench.close();
  expect(bench.fake.violations).toEqual([]);
});

async function approved(job: Job, environment = 'production'): Promise<Approval> {
  const verdict = await approvalOf(job, environment);
  if (verdict.kind === 'refused') throw new Error(JSON.stringify(verdict.problems));
  return verdict.approval;
}

/** Message and fix of the one problem. */
async function refusal(job: Job, environment = 'production'): Promise<string> {
  const verdict = await approvalOf(job, environment);
  if (verdict.kind === 'approved') throw new Error(`approved: ${verdict.approval.note}`);
  expect(verdict.problems).toHaveLength(1);
  const [problem] = verdict.problems;
  return `${problem?.message ?? ''}\n${problem?.fix ?? ''}`;
}

describe('an approval', () => {
  it('is told with who gave it and what they said', async () => {
    bench.review('approved', 'bob', { comment: 'looks good' });
    expect(await approved(await bench.job())).toEqual({
      by: ['bob'], note: 'approved by bob (“looks good”)', warnings: [] });
  });

  it('needs no comment', async () => {
    bench.review('approved', 'bob');
    expect((await approved(await bench.job())).note).toBe('approved by bob');
  });

  it('is of the environment whatever the case of its name', async () => {
    bench.review('approved', 'bob', { environment: 'Production' });
    expect((await approved(await bench.job(), 'PRODUCTION')).by).toEqual(['bob']);
  });

  it.each(['prod/eu west', 'prod#1', 'prod?x=%2F', 'prödüktion'])(
    'is found for an environment called %s', async (name) => {
      bench.fake.environment({ name, reviewers: ['bob'], adminsMayBypass: false });
      bench.review('approved', 'bob', { environment: name });
      expect((await approved(await bench.job(), name)).by).toEqual(['bob']);
    });

  it('says in its note that administrators may bypass it, and where to change that', async () => {
    bench.fake.environment({ name: 'production', adminsMayBypass: true });
    bench.review('approved', 'bob');
    const { note, warnings } = await approved(await bench.job());
    expect(note).toBe('approved by bob; administrators may bypass it');
    expect(warnings.join()).toMatch(/untick Allow administrators[^]*environments\/\d+\/edit/);
  });

  it('by who pushed the tag is told where the settings allow it', async () => {
    bench.review('approved', 'Mona', { comment: 'mine' });
    const { note, warnings } = await approved(await bench.job());
    expect(note).toBe('approved by Mona (“mine”), who pushed the tag');
    expect(warnings.join()).toMatch(/^nobody else looked[^]*Prevent self-review: https:/);
  });

  it('by who started this attempt is told as well', async () => {
    bench.review('approved', 'bob');
    const { note } = await approved(await bench.job({ attempt: 2, triggeringActor: 'bob' }));
    expect(note).toBe('approved by bob, who started this attempt');
  });

  it('has one plain line of whatever people wrote', async () => {
    bench.review('approved', 'bob', { comment: 'fine\n::error::pwned\r\n##[group]x\u001b[31m' +
      '\u2028# big\n[link](https://e.example)\u202e `x`' });
    const { note } = await approved(await bench.job());
    expect(note).toMatch(
      /^approved by bob \(“fine : :error: :pwned ## \[group\]x # big \[link\]/);
    expect(note).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|::|##\[/u);
  });

  it('has a note that is short, however much people wrote', async () => {
    bench.review('approved', 'bob', { comment: 'x'.repeat(100_000) });
    expect((await approved(await bench.job())).note.length).toBeLessThan(300);
  });
});

describe('is refused where', () => {
  it('there is no such environment', async () => {
    expect(await refusal(await bench.job(), 'prod')).toContain(
      'there is no environment prod in this repository\n' +
      'Make it: Settings > Environments > New environment, name prod, tick Required reviewers: ' +
      settings);
  });

  it('the environment came to be by being named: it has no rule at all', async () => {
    const { id } = bench.fake.environment({ name: 'named' });
    bench.review('approved', 'bob', { environment: 'named' });
    expect(await refusal(await bench.job(), 'named')).toMatch(
      /named has no required reviewers: nobody had to[^]*> Environments > named > Required rev/);
    expect(await refusal(await bench.job(), 'named')).toContain(`${settings}/${id}/edit`);
  });

  it('there is only a timer', async () => {
    bench.fake.environment({ name: 'slow', waitMinutes: 30 });
    expect(await refusal(await bench.job(), 'slow')).toContain(
      'no required reviewers, only a wait timer of 30 min, which lets everybody pass');
  });

  it('nobody approved: an administrator let it pass, or the job does not wait', async () => {
    const text = await refusal(await bench.job());
    expect(text).toMatch(/^nobody approved this run for production: its job does not[^]*bypass/);
    expect(text).toContain('environment: { name: production, deployment: false }');
    expect(text).toContain('actions/runs/17/attempts/1 > Review deployments');
  });

  it('only another environment was approved', async () => {
    bench.review('approved', 'bob', { environment: 'staging' });
    expect(await refusal(await bench.job())).toMatch(
      /^the approvals of this run are for staging, none is for production/);
  });

  it('it was rejected', async () => {
    bench.review('rejected', 'alice', { comment: 'not\n::stop::today' });
    expect(await refusal(await bench.job())).toMatch(
      /^alice rejected it \(“not : :stop: :today”\), and nobody approved it/);
  });

  it('who pushed the tag approved, and self-review is prevented', async () => {
    bench.fake.environment({ name: 'production', preventSelfReview: true });
    bench.review('approved', 'mona');
    expect(await refusal(await bench.job())).toMatch(
      /^mona approved it, who pushed the tag, and production prevents self-review[^]*another/);
    expect(await refusal(await bench.job({ actor: 'MONA', triggeringActor: 'MONA' })))
      .toMatch(/^mona approved it, who pushed the tag/);
    bench.review('approved', 'bob');
    expect((await approved(await bench.job())).by).toEqual(['mona', 'bob']);
  });

  it('who started the attempt approved, and self-review is prevented', async () => {
    bench.fake.environment({ name: 'production', preventSelfReview: true });
    bench.review('approved', 'alice');
    expect(await refusal(await bench.job({ attempt: 2, triggeringActor: 'alice' })))
      .toMatch(/^alice approved it, who started this attempt/);
  });

  it.each([[{ deployments: 'write' }, 'show the environment production'],
    [{}, 'show the environment production']] as const)(
    'the job may not look: %j', async (permissions, what) => {
      bench.review('approved', 'bob');
      const text = await refusal(await bench.job({}, permissions));
      expect(text).toMatch(
        new RegExp(`^GitHub would not ${what}[^]*permissions:\n +actions: read`));
    });

  it('the approvals cannot be read', async () => {
    bench.review('approved', 'bob');
    bench.fake.faults.inject({ path: /approvals$/, times: 9,
      fault: { kind: 'status', status: 503 } });
    expect(await refusal(await bench.job()))
      .toMatch(/^GitHub would not tell who approved this run/);
  });

  it('GitHub is silent, and tried again first', async () => {
    bench.review('approved', 'bob');
    bench.fake.faults.inject({ path: /approvals$/, fault: { kind: 'status', status: 502 } });
    expect((await approved(await bench.job())).by).toEqual(['bob']);
  });
});

describe('in a later attempt', () => {
  const wanted = { environment: 'production', url: '', version: '1.2.0', digest: 'd'.repeat(64) };

  it('an approval that has deployed is used up: this attempt was let pass without', async () => {
    bench.review('approved', 'bob');
    await openDeployment(await bench.job(), wanted);
    const second = await bench.job({ attempt: 2 });
    expect(await refusal(second)).toMatch(
      /^every approval of this run for production \(1\) belongs/);
    bench.review('approved', 'alice', { comment: 'again' });
    expect(await approved(second)).toMatchObject({ by: ['bob', 'alice'],
      note: 'approved by bob, alice (“again”)' });
    await openDeployment(second, wanted);
    expect(await refusal(await bench.job({ attempt: 3 }))).toMatch(/\(2\) belongs/);
  });

  it('an approval is used up whatever the case in which the environment was named', async () => {
    bench.review('approved', 'bob');
    await openDeployment(await bench.job(), { ...wanted, environment: 'PRODUCTION' });
    expect(await refusal(await bench.job({ attempt: 2 }))).toMatch(/\(1\) belongs/);
  });

  it('an approval is used up however much was deployed there since', async () => {
    bench.review('approved', 'bob');
    await openDeployment(await bench.job(), wanted);
    const [own] = bench.fake.state.deployments;
    if (own === undefined) throw new Error('there is no record');
    for (let id = 1; id <= 120; id += 1) {
      bench.fake.state.deployments.unshift({ ...own, id: own.id + id, sha: 'f'.repeat(40),
        payload: '', statuses: [] });
    }
    expect(await refusal(await bench.job({ attempt: 2 }))).toMatch(/\(1\) belongs/);
  });

  it('this attempt itself uses up nothing: a step may be repeated', async () => {
    bench.review('approved', 'bob');
    const second = await bench.job({ attempt: 2 });
    await openDeployment(second, wanted);
    expect((await approved(second)).by).toEqual(['bob']);
  });

  it('an approval counts that has brought nothing to the host', async () => {
    bench.review('approved', 'bob');
    expect((await approved(await bench.job({ attempt: 2 }))).by).toEqual(['bob']);
  });

  it('another run, another environment and another tool use up nothing', async () => {
    bench.review('approved', 'bob');
    await openDeployment(await bench.job({ runId: 18 }), wanted);
    await openDeployment(await bench.job(), { ...wanted, environment: 'staging' });
    const { github } = await bench.job();
    const at = { owner: 'octo', repo: 'guestbook' };
    for (const payload of ['17', '{"run":17,"digest":"d"}', '{', '[]'] as const) {
      const { data } = await github.rest.repos.createDeployment({ ...at, payload, ref: 'v1.2.0',
        required_contexts: [], auto_merge: false });
      await github.rest.repos.createDeploymentStatus({ ...at, state: 'success',
        deployment_id: 'id' in data ? Number(data.id) : 0,
        log_url: 'https://a.example/attempts/1' });
    }
    expect((await approved(await bench.job({ attempt: 2 }))).by).toEqual(['bob']);
  });

  it('says where it may not count', async () => {
    bench.review('approved', 'bob');
    expect((await approved(await bench.job({ attempt: 2 }, { actions: 'read' }))).warnings.join())
      .toMatch(/cannot be read \(permissions: \{ deployments: read \}\)/);
  });

  it('refuses where GitHub does not say', async () => {
    bench.review('approved', 'bob');
    bench.fake.faults.inject({ path: /deployments$/, times: 9,
      fault: { kind: 'status', status: 500 } });
    expect(await refusal(await bench.job({ attempt: 2 })))
      .toMatch(/^GitHub would not list the deployments/);
  });
});

it('reads the rules of an environment', async () => {
  const { id } = bench.fake.environment({ name: 'a/b', reviewers: ['x', 'y'], waitMinutes: 5,
    preventSelfReview: true, branches: 'protected', adminsMayBypass: true });
  const { github } = await bench.job();
  expect(await readEnvironment(github, 'a/b')).toEqual({ name: 'a/b', reviewers: 2,
    preventsSelfReview: true, waitMinutes: 5, administratorsMayBypass: true,
    settingsUrl: `${settings}/${id}/edit` });
});
