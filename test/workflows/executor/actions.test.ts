import { describe, expect, it } from 'vitest';
import { ran, makeFolder, open, steps, type Files } from './fixture.ts';

/** A JavaScript action whose main and post print what they see. */
function node(name: string, more = ''): Files {
  return {
    [`${name}/action.yml`]: `name: ${name}\ndescription: d\n${more}\n`
      + 'runs: { using: node24, main: main.js, post: post.js }\n',
    [`${name}/main.js`]: `const { env } = process;
      require('node:fs').appendFileSync(env.GITHUB_STATE, 'who=${name}-' + env.INPUT_N + '\\n');
      console.log('> main ${name} ' + env.INPUT_N);
      if (env.INPUT_FAIL) { console.log('::error::${name} failed'); process.exit(1); }`,
    [`${name}/post.js`]: `const { env } = process;
      console.log('> post ' + env.STATE_who + ' ' + env.INPUT_N);
      if (env.INPUT_BADPOST) process.exit(1);`,
  };
}

function composite(name: string, list: string, more = ''): Files {
  return {
    [`${name}/action.yml`]: `name: ${name}\ndescription: d\n${more}\n`
      + `runs:\n  using: composite\n  steps:\n${list.replace(/^/gm, '    ')}\n`,
  };
}

const inputs = 'inputs: { n: { description: d, default: "0" }, fail: { description: d },\n'
  + '  badpost: { description: d } }';
const said = (log: string) => log.split('\n').filter((line) => line.startsWith('> '));

describe('JavaScript actions', () => {
  it('run posts in reverse, each with its own state, only where main began', async () => {
    const run = await ran({ ...node('a', inputs), ...steps([
      '- { uses: $/a, with: { n: 1 } }', '- { uses: $/a, with: { n: 2, fail: x } }',
      '- { uses: $/a, with: { n: 3 } }', '- { uses: $/a, if: failure(), with: { n: 4 } }',
    ].join('\n')) });
    expect(said(run.job('it').log)).toEqual([
      '> main a 1', '> main a 2', '> main a 4', '> post a-4 4', '> post a-2 2', '> post a-1 1']);
    expect(run.job('it').steps.map((each) => [each.stage, each.conclusion])).toEqual([
      ['main', 'success'], ['main', 'failure'], ['main', 'skipped'], ['main', 'success'],
      ['post', 'success'], ['post', 'success'], ['post', 'success']]);
  });

  it('asks post-if about the job, and fails the job for a bad post', async () => {
    const files = node('a', inputs);
    const action = files['a/action.yml'] ?? '';
    const withIf = { ...files,
      'a/action.yml': action.replace('post: post.js', 'post: post.js, post-if: failure()') };
    const good = await ran({ ...withIf, ...steps('- uses: $/a') });
    expect(said(good.job('it').log)).toEqual(['> main a 0']);
    const failed = await ran({ ...withIf, ...steps('- uses: $/a\n- run: exit 1') });
    expect(said(failed.job('it').log)).toEqual(['> main a 0', '> post a-0 0']);
    const badPost = await ran({ ...files, ...steps('- { uses: $/a, with: { badpost: 1 } }') });
    expect(badPost.conclusion).toBe('failure');
  });

  it('see inputs as INPUT_*, defaults and missing ones too, and the runtime token', async () => {
    const run = await ran({
      'x/action.yml': 'name: x\ndescription: d\ninputs:\n  dry-run: { description: d }\n'
        + '  my name: { description: d, default: "${{ github.ref_name }}" }\n'
        + 'runs: { using: node24, main: main.js }',
      'x/main.js': `const { env } = process;
        console.log('> ' + [env['INPUT_DRY-RUN'], env.INPUT_MY_NAME, env.INPUT_EXTRA,
          'GITHUB_ACTION_PATH' in env, env.GITHUB_ACTION_REPOSITORY, env.ACTIONS_RUNTIME_TOKEN
            && new URL(env.ACTIONS_RESULTS_URL).port].join('|'));`,
      ...steps('- { uses: $/x, with: { EXTRA: 5 } }'),
    });
    expect(said(run.job('it').log)).toEqual(['> |v1|5|false|octo/app|9']);
    expect(run.job('it').annotations[0]?.message).toContain("Unexpected input(s) 'EXTRA'");
  });

  it('run with the node that the test chooses for node20 and node24', async () => {
    const bin = makeFolder({ 'fake-node': '#!/bin/sh\necho "> chosen ${1##*/}"\n' });
    const run = await ran({ ...node('a'), ...steps('- uses: $/a') },
      { nodes: { node24: `${bin}/fake-node` } });
    expect(said(run.job('it').log)).toEqual(['> chosen main.js', '> chosen post.js']);
  });
});

describe('uses', () => {
  it('finds ./ in the workspace, which is empty before checkout', async () => {
    const files = { ...node('a', inputs) };
    const bad = await ran({ ...files, ...steps('- uses: ./a') });
    expect(bad.job('it').annotations[0]?.message).toContain('Did you forget to run');
    const good = await ran({ ...files, ...steps('- uses: actions/checkout@v4\n- uses: ./a') });
    expect(said(good.job('it').log)).toContain('> main a 0');
  });

  it('refuses a bare $/, and expressions in uses', async () => {
    const bare = await ran(steps('- uses: $/'));
    expect(bare.job('it').annotations[0]?.message).toContain('Expected format');
    expect(bare.job('it').steps).toEqual([]);
    const { github } = open(steps('- uses: ${{ github.repository }}@v1'));
    await expect(github.push('refs/tags/v1')).rejects.toThrow();
  });

  it('takes $/ in a foreign action as that action’s own repository', async () => {
    const kit = makeFolder({ ...node('inner', inputs), ...composite('outer', '- uses: $/inner') });
    const run = await ran(steps('- uses: acme/kit/outer@v2'), { folders: { 'acme/kit': kit } });
    expect(said(run.job('it').log)).toEqual(['> main inner 0', '> post inner-0 0']);
  });

  it('fails "Set up job" for an action that is nowhere, before any step', async () => {
    const run = await ran(steps('- run: echo "> ran"\n- uses: acme/none@v1'));
    expect(said(run.job('it').log)).toEqual([]);
    const [annotation] = run.job('it').annotations;
    expect(annotation?.step).toBe('Set up job');
    expect(annotation?.message).toContain('acme/none@v1');
  });
});

describe('composite actions', () => {
  it('have their own steps and inputs, no INPUT_*, and outputs also after a failure', async () => {
    const run = await ran({ ...composite('c', [
      '- { id: s, shell: bash, run: "echo o=${{ inputs.n }} >> $GITHUB_OUTPUT" }',
      '- { shell: bash, run: "env | grep ^INPUT_ && exit 9; test -e $GITHUB_ACTION_PATH" }',
      '- { shell: bash, run: exit 1 }',
      '- { shell: bash, run: "echo \\"> never\\"" }',
      '- { shell: bash, if: failure(), run: "echo \\"> own failure ${{ steps.s.outcome }}\\"" }',
    ].join('\n'),
    `${inputs}\noutputs:\n  o: { description: d, value: "\${{ steps.s.outputs.o }}" }`),
    ...steps([
      '- { id: s, uses: $/c, with: { n: 7 }, continue-on-error: true }',
      '- run: echo "> ${{ steps.s.outputs.o }} ${{ steps.s.outcome }} ${{ job.status }}"',
    ].join('\n')) });
    expect(said(run.job('it').log)).toEqual(['> own failure success', '> 7 failure success']);
    expect(run.job('it').annotations.map((each) => each.step)).toEqual(['Run $/c']);
  });

  it('ask success() about themselves although the job has failed', async () => {
    const run = await ran({ ...composite('c', [
      '- { shell: bash, run: "echo \\"> first\\"" }',
      '- { shell: bash, if: success(), run: "echo \\"> ${{ job.status }}\\"" }',
      '- { shell: bash, if: failure(), run: "echo \\"> never\\"" }',
    ].join('\n')), ...steps('- run: exit 1\n- { uses: $/c, if: always() }') });
    expect(said(run.job('it').log)).toEqual(['> first', '> failure']);
  });

  it('leave posts of nested actions to the job’s end, last first', async () => {
    const run = await ran({ ...node('a', inputs),
      ...composite('c', [
        '- { uses: $/a, with: { n: "${{ inputs.n }}1" } }', '- { uses: $/a, with: { n: 2 } }',
        '- { uses: $/a, if: false, with: { n: 3 } }',
      ].join('\n'), inputs),
      ...composite('d', '- { uses: $/c, with: { n: x } }\n- { uses: $/a, with: { n: 4 } }'),
      ...steps('- uses: $/d\n- { uses: $/a, with: { n: 5 } }\n- run: echo "> last step"') });
    expect(said(run.job('it').log)).toEqual([
      '> main a x1', '> main a 2', '> main a 4', '> main a 5', '> last step',
      '> post a-5 5', '> post a-4 4', '> post a-2 2', '> post a-x1 x1']);
  });

  it('hand on the env of their step, and set $GITHUB_ENV for the whole job', async () => {
    const run = await ran({ ...composite('c', [
      '- { shell: bash, run: "echo J=set >> $GITHUB_ENV; echo \\"> $E $F\\"", env: { F: own } }',
      '- { shell: bash, run: "echo \\"> $J ${F-}\\"" }',
    ].join('\n')), ...steps('- { uses: $/c, env: { E: step } }\n- run: echo "> $J ${E-}"') });
    expect(said(run.job('it').log)).toEqual(['> step own', '> set ', '> set ']);
  });

  it('see no secrets', async () => {
    const run = await ran({ ...composite('c', '- { shell: bash, run: "echo ${{ secrets.S }}" }'),
      ...steps('- uses: $/c') }, { secrets: { S: 'x' } });
    expect(run.job('it').annotations[0]?.message).toContain("secrets");
    expect(run.conclusion).toBe('failure');
  });

  it('count annotations on the job’s step, ten of a kind', async () => {
    const run = await ran({ ...composite('c', Array.from({ length: 3 }, () =>
      '- { shell: bash, run: "for i in 1 2 3 4 5; do echo ::error::x; done" }').join('\n')),
    ...steps('- uses: $/c') });
    expect(run.job('it').annotations).toHaveLength(10);
  });

  it('stop at ten levels', async () => {
    const run = await ran({ ...composite('c', '- uses: ./c'),
      ...steps('- uses: actions/checkout@v4\n- uses: ./c') });
    expect(run.job('it').annotations[0]?.message).toContain('exceeded max depth 10');
  });
});
