import { describe, expect, it } from 'vitest';
import { onTags, open } from './fixture.ts';
import { NoServer } from './no-server.ts';

const deploy = (more = 'environment: production'): string =>
  `deploy:\n  runs-on: x\n${more.replace(/^/gm, '  ')}\n`
  + '  steps: [{ run: "test -n \'${{ secrets.KEY }}\'; echo V is ${{ vars.V }}" }]\n';
const environments = { production: { secrets: { KEY: 'of-it' }, vars: { V: 'of production' } } };

function guarded(more: object = {}): NoServer {
  return new NoServer([{ name: 'production', reviewers: ['mona', 'hubot'], ...more }]);
}

describe('an environment with reviewers', () => {
  it('holds the job until one of them approves', async () => {
    const server = guarded();
    const { github } = open(onTags(deploy()), { server, environments });
    const run = await github.push('refs/tags/v1', { actor: 'lisa' });
    await run.until('waiting', 'deploy');
    expect([run.status, run.job('deploy').log]).toEqual(['waiting', '']);
    expect(() => run.approve('production', { user: 'lisa' })).toThrow('no reviewer');
    run.approve('production', { user: 'mona', comment: 'looks good' });
    expect((await run.ended()).conclusion).toBe('success');
    expect(run.job('deploy').log).toMatch(/^V is of production$/m);
    const gates = server.told.filter((each) => each.what === 'gate');
    expect(gates.map((each) => [each.state, each.user, each.comment])).toEqual([
      ['waiting', undefined, undefined], ['approved', 'mona', 'looks good']]);
  });

  it('fails the job when one rejects, and prevents self-review where asked to', async () => {
    const { github } = open(onTags(deploy()), { server: guarded({ preventSelfReview: true }) });
    const run = await github.push('refs/tags/v1', { actor: 'mona' });
    await run.until('waiting');
    expect(() => run.approve('production', { user: 'mona' })).toThrow('prevents self-review');
    run.reject('production', { user: 'hubot', comment: 'no' });
    await run.ended();
    expect([run.conclusion, run.job('deploy').steps]).toEqual(['failure', []]);
    expect(run.job('deploy').annotations[0]?.message).toBe('The deployment was rejected: no');
  });

  it('asks for each job, and again in each attempt', async () => {
    const other = deploy().replace('deploy:', 'other:');
    const two = deploy() + other.replace('x\n', 'x\n  needs: deploy\n');
    const { github } = open(onTags(two), { server: guarded(), environments });
    const run = await github.push('refs/tags/v1');
    await run.until('waiting', 'deploy');
    run.approve('production', { user: 'mona' });
    await run.until('waiting', 'other');
    run.reject('production', { user: 'mona' });
    await run.ended();
    run.rerun('failed');
    await run.until('waiting', 'other');
    run.approve('production', { user: 'mona' });
    expect((await run.ended()).describe()).toBe(
      'attempt 2 success [deploy: success, other: success]');
  });

  it('is reviewed and cancelled through the API too', async () => {
    const server = guarded();
    const asked: { review?: (state: 'approved' | 'rejected') => void; cancel?: () => void } = {};
    server.onConnect = (requests) => {
      asked.review = (state) => requests.review({
        runId: 7_000_000_001, environments: ['production'], state, user: 'mona', comment: '' });
      asked.cancel = () => requests.cancel(7_000_000_002);
    };
    const { github } = open(onTags(deploy()), { server, environments });
    const run = await github.push('refs/tags/v1');
    await run.until('waiting');
    asked.review?.('approved');
    expect((await run.ended()).conclusion).toBe('success');
    const second = await github.push('refs/tags/v1');
    await second.until('waiting');
    asked.cancel?.();
    expect((await second.ended()).job('deploy').conclusion).toBe('cancelled');
  });
});

describe('an environment', () => {
  it('is made without rules where it does not exist, and has a deployment', async () => {
    const server = new NoServer();
    const { github } = open(onTags(deploy(
      'environment: { name: "${{ github.ref_name }}-x", url: "https://${{ github.ref_name }}" }')),
    { server });
    const run = await (await github.push('refs/tags/v1')).ended();
    expect(run.job('deploy').conclusion).toBe('failure');
    expect(server.environment('v1-x').reviewers).toEqual([]);
    const told = server.told.filter((each) => each.what === 'deployment');
    expect(told.map((each) => [each.environment, each.state, each.url])).toEqual([
      ['v1-x', 'in_progress', ''], ['v1-x', 'failure', 'https://v1']]);
    expect(server.tokens[0]?.job.environment).toBe('v1-x');
  });

  it('has no deployment where the workflow says so', async () => {
    const server = new NoServer();
    const { github } = open(onTags(deploy('environment: { name: production, deployment: false }')),
      { server, environments });
    await (await github.push('refs/tags/v1')).ended();
    expect(server.told.filter((each) => each.what === 'deployment')).toEqual([]);
  });

  it('refuses refs that its rules do not let deploy', async () => {
    const server = new NoServer([
      { name: 'production', allowed: { branches: ['v1'], tags: ['v2*'] } }]);
    const { github } = open(onTags(deploy()), { server, environments });
    const run = await (await github.push('refs/tags/v1')).ended();
    expect(run.job('deploy').annotations[0]?.message).toBe('Tag "v1" is not allowed to deploy to '
      + 'production due to environment protection rules.');
  });

  it('is known by the ID token: its subject is the environment', async () => {
    const server = new NoServer();
    const { github } = open(onTags(deploy(
      'environment: production\npermissions: { id-token: write }')), { server, environments });
    await (await github.push('refs/tags/v1')).ended();
    expect(server.claims[0]?.sub).toBe('repo:octo/app:environment:production');
  });
});
