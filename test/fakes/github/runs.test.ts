import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiRequests, Review, WorkflowServer } from '../../workflows/executor/server.ts';
import { clientOf, refusal } from './client.ts';
import { openFakeGitHub, type FakeGitHub } from './open.ts';
import { workflowServer } from './workflow-server.ts';

const at = { owner: 'octo', repo: 'guestbook' };
const run = { ...at, run_id: 7 };
const sha = 'd'.repeat(40);
const job = { runId: 7, attempt: 1, jobId: 70, environment: 'production' };
let fake: FakeGitHub;
let server: WorkflowServer;
let reviews: Review[];

/** Stands for the executor: it lets a job go on when somebody approves. */
const executor: ApiRequests = {
  review: (review) => {
    if (review.user === 'mallory') throw new Error('mallory is no required reviewer');
    reviews.push(review);
    server.gateChanged({ ...job, state: review.state, user: review.user,
      comment: review.comment });
  },
  cancel: () => {
    told(1, 'completed');
  },
};

function told(attempt: number, status: 'in_progress' | 'completed'): void {
  server.runChanged({ runId: 7, attempt, runNumber: 3, workflowName: 'Release', event: 'push',
    workflowPath: '.github/workflows/release.yml', sha, ref: 'refs/tags/v1.0.0', actor: 'mona',
    triggeringActor: attempt === 1 ? 'mona' : 'hubot', status,
    ...(status === 'completed' ? { conclusion: 'cancelled' as const } : {}) });
}

beforeEach(async () => {
  fake = await openFakeGitHub();
  server = workflowServer(fake);
  reviews = [];
  server.connect(executor);
  fake.environment({ name: 'production', reviewers: ['lisa', 'mallory'] });
  told(1, 'in_progress');
  server.jobChanged({ ...job, name: 'release / deploy', status: 'waiting' });
  server.gateChanged({ ...job, state: 'waiting' });
});

afterEach(async () => {
  await fake.close();
});

function reader() {
  return clientOf(fake, fake.job({ actions: 'read' })).rest.actions;
}

function reviewer(login: string) {
  return clientOf(fake, fake.person(login, { deployments: 'write', actions: 'write' })).rest
    .actions;
}

async function approve(login: string, comment = 'looks good') {
  const { data } = await reviewer(login).getPendingDeploymentsForRun(run);
  const id = data[0]?.environment.id ?? 0;
  return reviewer(login).reviewPendingDeploymentsForRun({ ...run, environment_ids: [id],
    state: 'approved', comment });
}

describe('a run', () => {
  it('has attempts with jobs of their own', async () => {
    told(2, 'in_progress');
    server.jobChanged({ ...job, attempt: 2, jobId: 71, name: 'deploy', status: 'completed',
      conclusion: 'failure' });
    const { data } = await reader().getWorkflowRun(run);
    expect([data.run_attempt, data.actor?.login, data.triggering_actor?.login])
      .toEqual([2, 'mona', 'hubot']);
    const first = await reader().getWorkflowRunAttempt({ ...run, attempt_number: 1 });
    expect(first.data.triggering_actor?.login).toBe('mona');
    expect((await reader().listJobsForWorkflowRun(run)).data.jobs.map((it) => it.id))
      .toEqual([71]);
    const all = await reader().listJobsForWorkflowRun({ ...run, filter: 'all' });
    expect(all.data.total_count).toBe(2);
    const one = await reader().listJobsForWorkflowRunAttempt({ ...run, attempt_number: 1 });
    expect(one.data.jobs.map((it) => it.status)).toEqual(['waiting']);
    expect((await reader().listWorkflowRunsForRepo({ ...at, head_sha: sha })).data.total_count)
      .toBe(1);
    expect(await refusal(reader().getWorkflowRunAttempt({ ...run, attempt_number: 3 })))
      .toMatch(/^404/);
    expect(fake.violations).toEqual([]);
  });

  it('is cancelled once', async () => {
    await reviewer('lisa').cancelWorkflowRun(run);
    expect((await reader().getWorkflowRun(run)).data.conclusion).toBe('cancelled');
    expect(await refusal(reviewer('lisa').cancelWorkflowRun(run))).toMatch(/^409/);
    expect(await refusal(reader().cancelWorkflowRun(run))).toMatch(/^403/);
    expect(fake.violations).toEqual([]);
  });
});

describe('a job that waits', () => {
  it('is pending until a reviewer approves, whose words then stand', async () => {
    expect((await reader().getReviewsForRun(run)).data).toEqual([]);
    const { data } = await reviewer('lisa').getPendingDeploymentsForRun(run);
    expect(data[0]).toMatchObject({ current_user_can_approve: true,
      environment: { name: 'production' } });
    await approve('lisa');
    expect(reviews).toEqual([{ runId: 7, environments: ['production'], state: 'approved',
      user: 'lisa', comment: 'looks good' }]);
    expect((await reader().getReviewsForRun(run)).data).toMatchObject([{ state: 'approved',
      user: { login: 'lisa' }, comment: 'looks good', environments: [{ name: 'production' }] }]);
    expect((await reader().getPendingDeploymentsForRun(run)).data).toEqual([]);
    expect(await refusal(approve('lisa'))).toMatch(/^422 .*no pending/);
    expect(fake.violations).toEqual([]);
  });

  it('is not let go by whom the executor refuses, nor by a token without the right', async () => {
    expect(await refusal(approve('mallory'))).toMatch(/^422 mallory is no required reviewer/);
    expect(await refusal(reader().reviewPendingDeploymentsForRun({ ...run, environment_ids: [1],
      state: 'approved', comment: '' }))).toMatch(/^403/);
    expect(reviews).toEqual([]);
  });

  it('waits with others for one approval of their environment', async () => {
    server.gateChanged({ ...job, jobId: 72, state: 'waiting' });
    server.gateChanged({ ...job, jobId: 73, environment: 'other', state: 'waiting' });
    expect((await reader().getPendingDeploymentsForRun(run)).data
      .map((it) => it.environment.name)).toEqual(['production', 'other']);
  });

  it('is gone when it is cancelled, and nobody approved', async () => {
    server.gateChanged({ ...job, state: 'cancelled' });
    expect((await reader().getPendingDeploymentsForRun(run)).data).toEqual([]);
    expect((await reader().getReviewsForRun(run)).data).toEqual([]);
  });
});

describe('what the executor is told', () => {
  it('is the environment with its rules, made without any where it was not there', () => {
    expect(server.environment('production')).toMatchObject({ reviewers: ['lisa', 'mallory'],
      preventSelfReview: false });
    fake.environment({ name: 'staging', policies: [{ name: 'v*', type: 'tag' }] });
    expect(server.environment('staging').allowed).toEqual({ branches: [], tags: ['v*'] });
    expect(server.environment('typo').reviewers).toEqual([]);
    expect(fake.state.environments.map((it) => it.name))
      .toEqual(['production', 'staging', 'typo']);
  });

  it('makes GitHub’s own record of a deployment', async () => {
    const record = { ...job, sha, ref: 'refs/tags/v1.0.0', url: 'https://example.org' };
    server.deploymentChanged({ ...record, state: 'in_progress' });
    server.deploymentChanged({ ...record, state: 'success' });
    const { rest: { repos } } = clientOf(fake, fake.job({ deployments: 'read' }));
    const { data: [found] } = await repos.listDeployments({ ...at, ref: 'v1.0.0' });
    const { data } = await repos.listDeploymentStatuses({ ...at, deployment_id: found?.id ?? 0 });
    expect(data.map((it) => [it.state, it.environment_url]))
      .toEqual([['success', 'https://example.org'], ['in_progress', 'https://example.org']]);
    expect(fake.violations).toEqual([]);
  });

  it('is refused to a token of a job that ended', async () => {
    const token = server.mintToken(job, { contents: 'read', deployments: 'none' });
    const { rest } = clientOf(fake, token);
    await rest.repos.listReleases(at);
    expect(await refusal(rest.repos.createDeployment({ ...at, ref: 'v1' }))).toMatch(/^403/);
    server.revokeToken(token);
    expect(await refusal(rest.repos.listReleases(at))).toMatch(/^401 Bad credentials/);
  });
});
