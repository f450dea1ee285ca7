import { describe, expect, it } from 'vitest';
import { onTags, ran, steps } from './fixture.ts';

/** Lines of the log without what the runner says of the steps themselves. */
function said(log: string): string[] {
  return log.split('\n').filter((line) => line.startsWith('> '));
}

describe('shells', () => {
  it('runs bash with -e alone, with pipefail where it is named, others as they are', async () => {
    const list = await ran(steps([
      '- run: "false | true; echo \\"> default\\""',
      '- { shell: sh, run: "false | true; echo \\"> sh\\"; test -n \\"$BASH_VERSION\\" || true" }',
      '- { shell: "bash -x {0}", run: "false; echo \\"> custom\\"" }',
      '- { shell: "cat {0}", run: "> not run" }',
      '- { shell: bash, run: "false | true; echo \\"> bash\\"" }',
    ].join('\n')));
    expect(said(list.job('it').log).filter((line) => !line.includes('not run')))
      .toEqual(['> default', '> sh', '> custom']);
    expect(list.job('it').log.match(/^> not run$/gm)).toHaveLength(2);
    expect(list.job('it').annotations[0]?.message).toBe('Process completed with exit code 1.');
  });

  it('fails the step for a shell that is none, and a directory that is none', async () => {
    const run = await ran(steps([
      '- { shell: nothere, run: x, if: always() }',
      '- { shell: "nothere {0}", run: x, if: always() }',
      '- { working-directory: no/where, run: pwd, if: always() }',
    ].join('\n')));
    expect(run.job('it').annotations.map((each) => each.message)).toEqual([
      expect.stringContaining('Invalid shell option'), 'nothere: command not found',
      expect.stringContaining('No such file or directory'),
    ]);
  });

  it('takes defaults of the workflow, over them the job’s', async () => {
    const run = await ran(onTags([
      'it:', '  runs-on: x', '  defaults: { run: { working-directory: sub } }',
      '  steps:', '    - { run: "mkdir sub", working-directory: . }',
      '    - { run: "echo \\"> ${PWD##*/} $0\\"" }',
    ].join('\n'), 'defaults: { run: { shell: "bash -c {0} -x", working-directory: other } }'));
    expect(run.job('it').conclusion).toBe('failure');
    expect(run.job('it').log).toContain('shell: bash -c {0} -x');
  });
});

describe('environment of a step', () => {
  it('is clean, layered workflow < job < $GITHUB_ENV < step, and GitHub’s own wins', async () => {
    process.env.LEAK_OF_TEST = 'leaked';
    const run = await ran(onTags([
      'it:', '  runs-on: x', '  env: { A: job, B: job, C: "${{ github.ref_name }}" }', '  steps:',
      '    - run: echo B=file >> $GITHUB_ENV; echo D=file >> $GITHUB_ENV',
      '    - env: { D: step, GITHUB_SHA: forged }',
      '      run: echo "> $W $A $B $C $D ${#GITHUB_SHA} ${{ env.D }} [$LEAK_OF_TEST]"',
      '    - run: echo "> $D $CI $GITHUB_ACTIONS $RUNNER_OS"',
      '    - run: test -d "$RUNNER_TEMP" && test "$PWD" = "$GITHUB_WORKSPACE"',
    ].join('\n'), 'env: { W: workflow, A: workflow }'));
    delete process.env.LEAK_OF_TEST;
    expect(said(run.job('it').log)).toEqual([
      '> workflow job file v1 step 40 step []', '> file true true Linux']);
    expect(run.conclusion).toBe('success');
  });

  it('gives no runtime token to scripts, and a fresh workspace to each job', async () => {
    const run = await ran(onTags([
      'a:', '  runs-on: x', '  steps: [{ run: "touch here; env | grep -c RUNTIME" }]',
      'b:', '  runs-on: x', '  needs: [a]', '  if: always()',
      '  steps: [{ run: "test ! -e here" }]',
    ].join('\n')));
    expect([run.result('a'), run.result('b')]).toEqual(['failure', 'success']);
  });

  it('puts the last $GITHUB_PATH first', async () => {
    const run = await ran(steps([
      '- run: mkdir one two; echo "$PWD/one" >> $GITHUB_PATH; echo "$PWD/two" >> $GITHUB_PATH',
      '- run: echo "> ${PATH#$GITHUB_WORKSPACE/}" | cut -d/ -f1 | sed s/:.*//',
    ].join('\n')));
    expect(said(run.job('it').log)).toEqual(['> two']);
  });
});

describe('if, outcome and conclusion of steps', () => {
  it('goes on by status, tells outcome and conclusion apart', async () => {
    const run = await ran(steps([
      '- { id: soft, run: exit 3, continue-on-error: true }',
      '- run: echo "> ${{ steps.soft.outcome }} ${{ steps.soft.conclusion }} ${{ job.status }}"',
      '- { id: hard, run: exit 3 }', '- run: echo "> never"',
      '- { if: failure(), run: "echo \\"> ${{ steps.hard.outcome }}\\"" }',
      "- { if: \"steps.hard.outcome == 'failure'\", run: 'echo \"> without a status function\"' }",
      '- { if: "!cancelled() && env.X == \'\'", run: "echo \\"> still\\"" }',
      '- { id: no, if: success(), run: "true" }',
      '- { if: always(), run: "echo \\"> ${{ steps.no.conclusion }} ${{ job.status }}\\"" }',
    ].join('\n')));
    expect(said(run.job('it').log)).toEqual([
      '> failure success success', '> failure', '> still', '> skipped failure']);
  });

  it('fails a step that takes longer than its timeout-minutes, and goes on', async () => {
    const run = await ran(steps([
      '- { name: slow, run: sleep 30, timeout-minutes: 1 }',
      '- { if: failure(), run: "echo \\"> after\\"" }',
    ].join('\n')), { minuteMs: 150 });
    expect(run.job('it').annotations[0]?.message)
      .toBe("The action 'slow' has timed out after 1 minutes.");
    expect(said(run.job('it').log)).toEqual(['> after']);
    expect(run.job('it').conclusion).toBe('failure');
  });

  it('fails the step, not the executor, for an expression that cannot be asked', async () => {
    const run = await ran(steps('- { if: "fromJSON(\'{\')", run: "true" }'));
    expect(run.job('it').conclusion).toBe('failure');
  });
});
