import { describe, expect, it } from 'vitest';
import { InvalidWorkflow } from './errors.ts';
import { makeFolder, onTags, open, ran, type Files } from './fixture.ts';
import { NoServer } from './no-server.ts';

const called = '.github/workflows/called.yml';

/** A reusable workflow that tells what it sees. */
function reusable(head: string, job: string): Files {
  return { [called]: `name: Called\non:\n  workflow_call:\n${head.replace(/^/gm, '    ')}\n`
    + `jobs:\n${job.replace(/^/gm, '  ')}\n` };
}

const use = (more = ''): Files => onTags(`call:\n  uses: ./${called}\n${more}\n`
  + 'after:\n  runs-on: x\n  needs: call\n'
  + '  steps: [{ run: "echo got [${{ needs.call.outputs.o }}]" }]');

describe('workflow_call', () => {
  it('takes inputs by type, gives outputs, and its jobs are named under the caller', async () => {
    const run = await ran({
      ...reusable([
        'inputs:', '  text: { type: string, default: "d-${{ github.ref_name }}" }',
        '  on: { type: boolean, required: true }', '  n: { type: number, default: 3 }',
        'outputs: { o: { value: "${{ jobs.it.outputs.o }}" } }',
      ].join('\n'), [
        'it:', '  runs-on: x', '  outputs: { o: "${{ steps.s.outputs.o }}" }', '  steps:',
        '    - id: s',
        '      run: echo o=${{ inputs.text }}/${{ inputs.on && inputs.n }} >> $GITHUB_OUTPUT',
        '    - run: echo "${{ github.workflow }} ${{ job.workflow_file_path }} ${{ github.job }}"',
      ].join('\n')), ...use('  with: { on: true }'),
    });
    expect(run.job('after').log).toContain('got [d-v1/3]');
    expect(run.job('call/it').name).toBe('call / it');
    expect(run.job('it').log).toContain(`CI ${called} it`);
    expect(run.result('call')).toBe('success');
  });

  it('passes named secrets only, or all with inherit; never the caller’s env', async () => {
    const see = reusable('secrets: { a: { required: true } }',
      'it:\n  runs-on: x\n  steps: [{ run: "echo '
        + '\\"[${{ secrets.a == \'one1\' }}/${{ secrets.B == \'two2\' }}/$E]\\"" }]');
    const secrets = { A: 'one1', B: 'two2' };
    const head = 'env: { E: seen }';
    const of = (more: string): Files => ({ ...see,
      ...onTags(`call:\n  uses: ./${called}\n  secrets: ${more}`, head) });
    const named = await ran(of('{ a: "${{ secrets.A }}" }'), { secrets });
    expect(named.job('it').log).toContain('[true/false/]');
    const all = await ran(of('inherit'), { secrets });
    expect(all.job('it').log).toContain('[true/true/]');
  });

  it('gives environment secrets to its jobs only with inherit', async () => {
    const files = (more: string): Files => ({ ...reusable('',
      'it:\n  runs-on: x\n  environment: prod\n'
      + '  steps: [{ run: "test -n \'${{ secrets.KEY }}\'" }]'),
    ...onTags(`call:\n  uses: ./${called}\n${more}`) });
    const environments = { prod: { secrets: { KEY: 'k' } } };
    expect((await ran(files(''), { environments })).conclusion).toBe('failure');
    expect((await ran(files('  secrets: inherit'), { environments })).conclusion).toBe('success');
    expect((await ran(files(''), { environments, environmentSecretsInCalls: 'always' })).conclusion)
      .toBe('success');
  });

  it('may take permissions away, not add any', async () => {
    const server = new NoServer();
    const job = (more: string) => `it:\n  runs-on: x\n${more}\n  steps: [{ run: "true" }]`;
    await ran({ ...reusable('', job('  permissions: { contents: read }')),
      ...use('  permissions: { contents: write, actions: read }') }, { server });
    expect(server.tokens[0]?.permissions).toEqual({ contents: 'read', metadata: 'read' });
    const kept = new NoServer();
    await ran({ ...reusable('', job('')), ...use('  permissions: { contents: write }') },
      { server: kept });
    expect(kept.tokens[0]?.permissions).toEqual({ contents: 'write', metadata: 'read' });
    await expect(ran({ ...reusable('', job('  permissions: { deployments: write }')),
      ...use('  permissions: { contents: write }') })).rejects.toThrow(
      "The nested job 'it' is requesting 'deployments: write'");
  });

  it('of another repository: $/ and job.workflow_* are that repository', async () => {
    const kit = makeFolder({
      ...reusable('', 'it:\n  runs-on: x\n  steps:\n    - uses: $/act\n'
        + '    - run: echo "$GITHUB_REPOSITORY ${{ job.workflow_repository }} $SHA"\n'
        + '      env: { SHA: "${{ job.workflow_sha }}" }'),
      'act/action.yml': 'name: a\ndescription: d\nruns: { using: composite, steps: '
        + '[{ run: "echo from the kit", shell: bash }] }',
    });
    const sha = '0123456789012345678901234567890123456789';
    const run = await ran(onTags(`call:\n  uses: acme/kit/${called}@${sha}`),
      { folders: { 'acme/kit': kit } });
    expect(run.job('it').log).toContain('from the kit');
    expect(run.job('it').log).toContain(`octo/app acme/kit ${sha}`);
  });

  it.each([
    ['an unknown input', '  with: { on: true, nope: 1 }', "Invalid input, 'nope'"],
    ['a missing input', '', "input 'on' is required"],
    ['an unknown secret', '  with: { on: true }\n  secrets: { x: y }', "Invalid secret, 'x'"],
  ])('refuses %s before any job', async (_, more, message) => {
    const { github } = open({ ...reusable('inputs: { on: { type: boolean, required: true } }',
      'it:\n  runs-on: x\n  steps: [{ run: "true" }]'), ...use(more) });
    await expect(github.push('refs/tags/v1')).rejects.toThrow(message);
    expect(github.runs).toEqual([]);
  });

  it('refuses a workflow that is not reusable, and one that is not there', async () => {
    const plain = { [called]: 'on: push\njobs: { a: { runs-on: x, steps: [{ run: a }] } }\n' };
    const { github } = open({ ...plain, ...use() });
    await expect(github.push('refs/tags/v1')).rejects.toThrow(InvalidWorkflow);
    await expect(open(use()).github.push('refs/tags/v1')).rejects.toThrow('not found');
  });
});
