import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeFolder, onTags, open, type Files } from './fixture.ts';
import { NoServer } from './no-server.ts';

/** `build` -> `test` (fails until a file is there) -> `deploy`, and `apart`. */
function chain(go: string): Files {
  const job = (id: string, run: string, more = ''): string =>
    `${id}:\n  runs-on: x\n${more}  steps: [{ id: s, run: '${run}' }]\n`;
  return onTags([
    job('build', 'echo o=built-in-$GITHUB_RUN_ATTEMPT >> $GITHUB_OUTPUT',
      '  outputs: { o: "${{ steps.s.outputs.o }}" }\n'),
    job('test', `test -e ${go} && echo "${'${{ needs.build.outputs.o }}'} $GITHUB_RUN_ATTEMPT"`,
      '  needs: build\n'),
    job('deploy', 'echo $GITHUB_RUN_ID $GITHUB_SHA', '  needs: test\n'), job('apart', 'true'),
  ].join(''));
}

describe('re-run', () => {
  it('failed jobs runs them and what needs them; outputs of the others stay', async () => {
    const go = `${makeFolder({})}/go`;
    const server = new NoServer();
    const { github, repository, sha } = open(chain(go), { server });
    const run = await (await github.push('refs/tags/v1')).ended();
    expect(run.describe()).toContain('attempt 1 failure');
    expect(run.result('deploy')).toBe('skipped');
    writeFileSync(go, '');
    // The tag moves: a re-run stays at its commit.
    repository.push({ x: 'y' });
    repository.git('tag', '--force', 'v1');
    await run.rerun('failed', 'hubot').ended();
    expect(run.describe()).toContain('attempt 2 success');
    expect(run.job('test').log).toContain('built-in-1 2');
    expect(run.job('deploy').log).toContain(`${run.id} ${sha}`);
    expect([run.job('build').attempt, run.job('test').attempt, run.job('apart').attempt])
      .toEqual([1, 2, 1]);
    const told = server.told.filter((each) => each.what === 'run').at(-1);
    expect(told).toMatchObject({ actor: 'pusher', triggeringActor: 'hubot', attempt: 2 });
  });

  it('one job runs it and what needs it, also where it passed', async () => {
    const go = `${makeFolder({})}/go`;
    writeFileSync(go, '');
    const { github } = open(chain(go));
    const run = await (await github.push('refs/tags/v1')).ended();
    await run.rerun({ job: 'test' }).ended();
    expect(['build', 'test', 'deploy', 'apart'].map((id) => run.job(id).attempt))
      .toEqual([1, 2, 2, 1]);
  });

  it('all runs all, with new ids of jobs', async () => {
    const { github } = open(chain('/nowhere'));
    const run = await (await github.push('refs/tags/v1')).ended();
    const before = run.job('build').jobId;
    await run.rerun('all').ended();
    expect(run.outputs('build')).toEqual({ o: 'built-in-2' });
    expect(run.job('build').jobId).not.toBe(before);
    expect(run.attempt).toBe(2);
  });

  it('failed legs and jobs of called workflows alone, and what comes after', async () => {
    const go = `${makeFolder({})}/go`;
    const { github } = open({
      '.github/workflows/called.yml': 'on: workflow_call\njobs:\n'
        + '  good: { runs-on: x, steps: [{ run: "true" }] }\n'
        + '  legs:\n    runs-on: x\n    strategy: { fail-fast: false, matrix: { n: [1, 2] } }\n'
        + `    steps: [{ run: "test \${{ matrix.n }} = 1 || test -e ${go}" }]\n`,
      ...onTags('call: { uses: ./.github/workflows/called.yml }\n'
        + 'end: { runs-on: x, needs: call, steps: [{ run: "true" }] }'),
    });
    const run = await (await github.push('refs/tags/v1')).ended();
    expect(run.result('end')).toBe('skipped');
    writeFileSync(go, '');
    await run.rerun('failed').ended();
    expect(run.conclusion).toBe('success');
    expect(['call/good', 'call/legs (1)', 'call/legs (2)', 'end']
      .map((key) => run.job(key).attempt)).toEqual([1, 1, 2, 2]);
  });

  it('is refused while the run runs', async () => {
    const { github } = open(onTags('it: { runs-on: x, steps: [{ run: sleep 5 }] }'));
    const run = await github.push('refs/tags/v1');
    expect(() => run.rerun('all')).toThrow('still runs');
  });
});
