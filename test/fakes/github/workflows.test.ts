import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientOf, refusal } from './client.ts';
import { openFakeGitHub, type FakeGitHub } from './open.ts';
import { workflowServer } from './workflow-server.ts';

const at = { owner: 'octo', repo: 'guestbook' };
const commit = 'b'.repeat(40);
let fake: FakeGitHub;

beforeEach(async () => {
  fake = await openFakeGitHub();
  fake.state.git.set('refs/heads/main', commit);
  fake.state.git.set('refs/tags/v1.0.0', commit);
});

afterEach(async () => {
  await fake.close();
});

describe('environments', () => {
  it('tell their rules', async () => {
    fake.environment({ name: 'production', reviewers: ['mona'], preventSelfReview: true,
      waitMinutes: 5, policies: [{ name: 'v*', type: 'tag' }], secrets: ['KEY'],
      variables: { HOST: 'www' } });
    fake.environment({ name: 'a/b c' });
    const { rest } = clientOf(fake, fake.job({ actions: 'read' }));
    const one = { ...at, environment_name: 'production' };
    const { data } = await rest.repos.getEnvironment(one);
    expect(data.protection_rules?.map((rule) => rule.type))
      .toEqual(['wait_timer', 'required_reviewers', 'branch_policy']);
    expect((await rest.repos.listDeploymentBranchPolicies(one)).data.branch_policies)
      .toMatchObject([{ name: 'v*', type: 'tag' }]);
    expect((await rest.repos.getAllEnvironments(at)).data.total_count).toBe(2);
    await rest.repos.getEnvironment({ ...at, environment_name: 'a/b c' });
    await rest.repos.getAllDeploymentProtectionRules(one);
    expect(await refusal(rest.repos.getEnvironment({ ...at, environment_name: 'none' })))
      .toMatch(/^404/);
    expect(await refusal(rest.actions.listEnvironmentSecrets(one))).toMatch(/^403/);
    const person = clientOf(fake, fake.person('mona', { environments: 'read' })).rest.actions;
    expect((await person.listEnvironmentSecrets(one)).data.secrets[0]?.name).toBe('KEY');
    expect((await person.listEnvironmentVariables(one)).data.variables[0]?.value).toBe('www');
    expect(fake.violations).toEqual([]);
  });
});

describe('deployments', () => {
  const wanted = { ...at, ref: 'v1.0.0', required_contexts: [] as string[],
    environment: 'staging', auto_merge: false };

  it('are filtered, and an earlier success becomes inactive outside production', async () => {
    const { rest } = clientOf(fake, fake.job({ deployments: 'write' }));
    const ids: number[] = [];
    for (const task of ['deploy', 'deploy', 'other']) {
      const { data } = await rest.repos.createDeployment({ ...wanted, task });
      if (!('id' in data)) throw new Error('merged');
      ids.push(data.id);
    }
    const [first = 0, second = 0] = ids;
    const list = { ...at, sha: commit, environment: 'staging', task: 'deploy' };
    expect((await rest.repos.listDeployments(list)).data.map((it) => it.id))
      .toEqual([second, first]);
    for (const id of [first, second]) {
      await rest.repos.createDeploymentStatus({ ...at, deployment_id: id, state: 'success',
        log_url: 'https://example.org/log', environment_url: 'https://example.org' });
    }
    const { data } = await rest.repos.listDeploymentStatuses({ ...at, deployment_id: first });
    expect(data.map((it) => it.state)).toEqual(['inactive', 'success']);
    await rest.repos.getDeployment({ ...at, deployment_id: first });
    expect(fake.violations).toEqual([]);
  });

  it('refuse a long description, an unknown ref and a token that may only read', async () => {
    const { rest } = clientOf(fake, fake.job({ deployments: 'write' }));
    const create = (more: object) => refusal(rest.repos.createDeployment({ ...wanted, ...more }));
    expect(await create({ description: 'x'.repeat(141) })).toMatch(/^422 .*too long/s);
    expect(await create({ ref: 'v9' })).toMatch(/^422 No ref found/);
    expect(fake.violations).toEqual([]);
    const reader = clientOf(fake, fake.job({ deployments: 'read' }));
    expect(await refusal(reader.rest.repos.createDeployment(wanted)))
      .toMatch(/^403 Resource not accessible by integration/);
    expect(fake.log.at(-1)).toMatchObject({ status: 403, needed: 'deployments=write' });
  });

  it('conflict where GitHub would merge, or ask the checks of the run itself', async () => {
    fake.state.git.set('refs/heads/main', 'e'.repeat(40));
    const { rest } = clientOf(fake, fake.job({ deployments: 'write' }));
    const create = (more: object) => refusal(rest.repos.createDeployment({ ...at, ref: 'v1.0.0',
      environment: 'production', ...more }));
    expect(await create({ required_contexts: [] })).toMatch(/^409 Conflict merging main into v1/);
    workflowServer(fake).runChanged({ runId: 7, attempt: 1, runNumber: 1, event: 'push',
      workflowName: 'Release', workflowPath: '.github/workflows/release.yml', sha: commit,
      ref: 'refs/tags/v1.0.0', actor: 'mona', triggeringActor: 'mona', status: 'in_progress' });
    expect(await create({ auto_merge: false })).toMatch(/^409 Conflict: Commit status checks/);
    expect(await create({ auto_merge: false, required_contexts: [] })).toBe('not refused');
    expect(fake.violations).toEqual([]);
  });
});
