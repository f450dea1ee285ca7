import { describe, expect, it } from 'vitest';
import { onTags, open } from './fixture.ts';

const action = {
  'engine/action.yml': [
    'name: engine', 'description: d', 'inputs:', '  command: { description: d, required: true }',
    '  dry-run: { description: d, default: "no" }', 'outputs:', '  end: { description: d }',
    'runs: { using: node24, main: index.js, post: index.js }',
  ].join('\n'),
  'engine/index.js': `
    const { appendFileSync } = require('node:fs');
    const { env } = process;
    if (env.STATE_begun) console.log('post after ' + env.STATE_begun);
    else {
      console.log('engine does ' + env.INPUT_COMMAND + ', dry-run ' + env['INPUT_DRY-RUN']);
      appendFileSync(env.GITHUB_STATE, 'begun=' + env.INPUT_COMMAND + '\\n');
      appendFileSync(env.GITHUB_OUTPUT, 'end=done\\n');
    }`,
  'package/action.yml': [
    'name: package', 'description: d', 'inputs: { version: { description: d, default: "0" } }',
    'outputs:', '  end: { description: d, value: "${{ steps.run.outputs.end }}" }',
    'runs:', '  using: composite', '  steps:',
    '    - { uses: $/engine, id: run, with: { command: "package ${{ inputs.version }}" } }',
    '    - { run: "env | grep -c ^INPUT_ || true", shell: bash }',
  ].join('\n'),
};

describe('a pushed tag', () => {
  it('runs the chain: jobs, composite, node action, post, outputs', async () => {
    const { github, sha } = open({
      ...action,
      ...onTags([
        'package:', '  runs-on: ubuntu-latest', '  outputs:',
        '    end: ${{ steps.p.outputs.end }}', '  steps:',
        '    - uses: actions/checkout@0123456789012345678901234567890123456789',
        '    - { uses: $/package, id: p, with: { version: "${{ github.ref_name }}" } }',
        'deploy:', '  runs-on: ubuntu-latest', '  needs: package',
        "  if: needs.package.outputs.end == 'done'",
        '  steps:', '    - run: echo "got ${{ needs.package.outputs.end }} at $GITHUB_SHA"',
      ].join('\n')),
    });
    const run = await (await github.push('refs/tags/v1')).ended();
    expect(run.describe()).toBe(
      'attempt 1 success [package: success, deploy: success]');
    const { log } = run.job('package');
    expect(log).toContain('engine does package v1, dry-run no');
    expect(log).toMatch(/engine does[^]*\n0\n[^]*post after package v1/);
    expect(run.outputs('package')).toEqual({ end: 'done' });
    expect(run.job('deploy').log).toContain(`got done at ${sha}`);
  });
});
