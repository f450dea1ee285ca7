import { describe, expect, it } from 'vitest';
import { onTags, ran } from './fixture.ts';
import { NoServer } from './no-server.ts';

const job = (id: string, step: string, more = ''): string =>
  `${id}:\n  runs-on: x\n${more.replace(/^(?=.)/gm, '  ')}\n  steps: [{ run: '${step}' }]\n`;

describe('needs and if of jobs', () => {
  it('skips what needs a failed or skipped job, and all that come after', async () => {
    const run = await ran(onTags([
      job('bad', 'exit 1'), job('next', 'true', 'needs: bad'), job('last', 'true', 'needs: next'),
      job('apart', 'true'), job('off', 'true', 'if: false'),
      job('behind', 'true', 'needs: [off, apart]'),
    ].join('')));
    expect(['bad', 'next', 'last', 'apart', 'off', 'behind'].map((id) => run.result(id)))
      .toEqual(['failure', 'skipped', 'skipped', 'success', 'skipped', 'skipped']);
    expect(run.conclusion).toBe('failure');
  });

  it('asks the whole chain: a good job behind a bad one does not make success()', async () => {
    const run = await ran(onTags([
      job('bad', 'exit 1'), job('clean', 'true', 'needs: bad\nif: always()'),
      job('after', 'true', 'needs: clean'),
      job('anyway', 'true', 'needs: clean\nif: ${{ !cancelled() }}'),
      job('alarm', 'true', 'needs: clean\nif: failure()'),
      job('quiet', 'true', 'needs: clean\nif: cancelled()'),
      job('named', 'true', "needs: clean\nif: success('clean')"),
      job('without', 'true', "needs: bad\nif: needs.bad.result == 'failure'"),
    ].join('')));
    const ids = ['clean', 'after', 'anyway', 'alarm', 'quiet', 'named', 'without'];
    expect(ids.map((id) => run.result(id))).toEqual(
      ['success', 'skipped', 'success', 'success', 'skipped', 'success', 'skipped']);
  });

  it('hands outputs on, drops those with a secret, and needs.result', async () => {
    const run = await ran(onTags([
      'one:', '  runs-on: x', '  outputs: { a: "${{ steps.s.outputs.a }}", b: "x-s3cret-x" }',
      '  steps: [{ id: s, run: "echo a=7 >> $GITHUB_OUTPUT" }]',
      job('two', 'echo "<${{ needs.one.outputs.a }}|${{ needs.one.outputs.b }}>"', 'needs: one'),
    ].join('\n')), { secrets: { PASSWORD: 's3cret' } });
    expect(run.job('two').log).toContain('<7|>');
    expect(run.job('one').annotations.map((each) => each.message))
      .toEqual(["Skip output 'b' since it may contain secret."]);
  });

  it('does not fail the run for a job that may fail', async () => {
    const run = await ran(onTags(job('bad', 'exit 1', 'continue-on-error: true')
      + job('next', 'true', 'needs: bad')));
    expect(run.job('bad').conclusion).toBe('failure');
    expect([run.result('next'), run.conclusion]).toEqual(['success', 'success']);
  });

  it('cancels a job that takes longer than its timeout-minutes', async () => {
    const run = await ran(onTags(job('slow', 'sleep 30', 'timeout-minutes: 1')),
      { minuteMs: 200 });
    expect(run.job('slow').conclusion).toBe('cancelled');
    expect(run.job('slow').annotations[0]?.message).toContain('maximum execution time of 1m0s');
  });
});

describe('matrix', () => {
  const matrix = [
    'it:', '  runs-on: x', '  strategy:', '    matrix:', '      os: [a, b]', '      v: [1, 2]',
    '      exclude: [{ os: b, v: 1 }]',
    '      include: [{ os: a, extra: yes }, { os: c, v: 9 }]',
    '  outputs: { last: "${{ matrix.v }}" }',
    '  steps: [{ run: "echo ${{ matrix.extra }} of ${{ strategy.job-total }}" }]',
  ].join('\n');

  it('makes legs of vectors, without excluded ones, with included ones', async () => {
    const run = await ran(onTags(matrix));
    expect(run.jobs.map((each) => each.key).sort())
      .toEqual(['it (a, 1)', 'it (a, 2)', 'it (b, 2)', 'it (c, 9)']);
    expect(run.job('it (a, 1)').log).toMatch(/^yes of 4$/m);
    expect(run.job('it (c, 9)').log).toMatch(/^of 4$/m);
  });

  it('cancels the other legs when one fails, unless told not to', async () => {
    const legs = (strategy: string): string => [
      'it:', '  runs-on: x', '  strategy:', `    ${strategy}`, '    matrix: { do: [fail, wait] }',
      '  steps: [{ run: "test ${{ matrix.do }} = wait && sleep 1" }]',
    ].join('\n');
    const fast = await ran(onTags(legs('max-parallel: 2')));
    expect(fast.job('it (wait)').conclusion).toBe('cancelled');
    const slow = await ran(onTags(legs('fail-fast: false')));
    expect(slow.job('it (wait)').conclusion).toBe('success');
    expect([fast.result('it'), slow.result('it')]).toEqual(['failure', 'failure']);
  });

  it('takes a matrix out of an output, one at a time', async () => {
    const run = await ran(onTags([
      'plan:', '  runs-on: x', '  outputs: { list: "${{ steps.s.outputs.list }}" }', '  steps:',
      `    - { id: s, run: 'echo list=[1,2,3] >> "$GITHUB_OUTPUT"' }`,
      'it:', '  runs-on: x', '  needs: plan', '  strategy:', '    max-parallel: 1',
      '    matrix: { n: "${{ fromJSON(needs.plan.outputs.list) }}" }',
      '  steps: [{ run: "echo leg ${{ matrix.n }} of ${{ strategy.job-index }}" }]',
    ].join('\n')));
    expect(run.job('it (3)').log).toContain('leg 3 of 2');
  });
});

describe('permissions of the token', () => {
  it('are the job’s, else the workflow’s, else restricted; unnamed ones are none', async () => {
    const server = new NoServer();
    await ran(onTags(
      job('one', 'true', 'permissions: { contents: write }') + job('two', 'true')
      + job('three', 'true', 'permissions: {}'), 'permissions: { actions: read }'), { server });
    const given = server.tokens.map((each) => each.permissions);
    expect(given).toEqual([
      { contents: 'write', metadata: 'read' }, { actions: 'read', metadata: 'read' },
      { metadata: 'read' },
    ]);
    const plain = new NoServer();
    await ran(onTags(job('one', 'echo ${{ github.token }} ${{ secrets.GITHUB_TOKEN }}')),
      { server: plain });
    expect(plain.tokens[0]?.permissions)
      .toEqual({ contents: 'read', packages: 'read', metadata: 'read' });
    expect(plain.revoked).toHaveLength(1);
  });

  it('bring the variables for an ID token only where the job may write one', async () => {
    const ask = 'echo "<${ACTIONS_ID_TOKEN_REQUEST_URL-none}>"';
    const server = new NoServer();
    const run = await ran(onTags(job('may', ask, 'permissions: { id-token: write }')
      + job('not', ask)), { server });
    expect(run.job('may').log).toContain('<http://127.0.0.1:9/id?v=1>');
    expect(run.job('not').log).toContain('<none>');
    expect(server.claims[0]).toMatchObject({
      sub: 'repo:octo/app:ref:refs/tags/v1',
      job_workflow_ref: 'octo/app/.github/workflows/ci.yml@refs/tags/v1',
    });
  });
});
