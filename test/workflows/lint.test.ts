import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lint, treeOf, type Tree } from './lint.ts';

const tree = treeOf(resolve(import.meta.dirname, '../..'));

const good: Record<string, string> = {
  '.github/workflows/ci.yml': `
on: push
jobs:
  call:
    uses: ./.github/workflows/called.yml
    with: { version: "1" }
  it:
    runs-on: ubuntu-24.04
    needs: call
    steps:
      - uses: actions/checkout@v7
        with: { fetch-depth: 0 }
      - { id: kit, uses: $/kit, with: { command: go } }
      - run: echo "$END"
        env: { END: "\${{ steps.kit.outputs.end }}\${{ needs.call.outputs.digest }}" }
`,
  '.github/workflows/called.yml': `
on:
  workflow_call:
    inputs: { version: { type: string, required: true } }
    outputs: { digest: { value: "\${{ jobs.make.outputs.digest }}" } }
jobs:
  make:
    runs-on: ubuntu-24.04
    outputs: { digest: "\${{ steps.s.outputs.digest }}" }
    steps: [{ id: s, run: "echo digest=1 >> $GITHUB_OUTPUT" }]
`,
  'kit/action.yml': `
name: kit
description: a composite
inputs: { command: { description: what to do, required: true } }
outputs: { end: { description: how it ended, value: "\${{ steps.engine.outputs.end }}" } }
runs:
  using: composite
  steps:
    - { id: engine, uses: $/dist, with: { command: "\${{ inputs.command }}" } }
    - { run: "true", shell: bash }
`,
  'dist/action.yml': `
name: engine
description: a program
inputs: { command: { description: what to do, required: true } }
outputs: { end: { description: how it ended } }
runs: { using: node24, main: index.js }
`,
};

/** The good files, with one word of one of them replaced. */
function broken(path: string, from: string, to: string): Tree {
  const text = good[path] ?? '';
  expect(text).toContain(from);
  return new Map(Object.entries({ ...good, [path]: text.replace(from, to) }));
}

describe('workflows and actions of this repository', () => {
  it('are all there', () => {
    expect([...tree.keys()]).toEqual(expect.arrayContaining([
      '.github/workflows/ci.yml', '.github/workflows/release.yml', 'action.yml',
      'deploy-with-backup/action.yml', 'dist/action.yml', 'package-release/action.yml',
      'test-against-prod-copy/action.yml',
    ]));
  });

  it('have nothing that GitHub’s language service complains of', async () => {
    expect(await lint(tree)).toEqual([]);
  });
});

describe('the lint', () => {
  const [ci, called, kit] = ['.github/workflows/ci.yml', '.github/workflows/called.yml',
    'kit/action.yml'] as const;

  it('has nothing to say of good files', async () => {
    expect(await lint(new Map(Object.entries(good)))).toEqual([]);
  });

  it.each([
    ['an unknown need', ci, 'needs: call', 'needs: cal', 'cal'],
    ['an unknown input of an action', ci, 'command: go', 'command: go, commmand: x', 'commmand'],
    ['an unknown input of a foreign action', ci, 'fetch-depth', 'fetch-deep', 'fetch-deep'],
    ['a missing required input', ci, 'with: { command: go }', 'with: {}', 'command'],
    ['an unknown input of a call', ci, 'version: "1"', 'version: "1", x: y', 'x'],
    ['a missing input of a call', ci, 'with: { version: "1" }', 'with: {}', 'version'],
    ['an unknown output of a call', ci, 'outputs.digest', 'outputs.digset', 'digset'],
    ['an unknown output of a step', ci, 'outputs.end', 'outputs.ennd', 'ennd'],
    ['an unknown step', ci, 'steps.kit', 'steps.kitt', 'kitt'],
    ['an unknown action', ci, '$/kit', '$/kat', 'kat'],
    ['a foreign action that nobody listed', ci, 'actions/checkout', 'actions/chekout', 'chekout'],
    ['an unknown key', ci, 'runs-on', 'runs-onn', 'runs-onn'],
    ['an output of no job', called, 'jobs.make', 'jobs.mkae', 'mkae'],
    ['a missing shell', kit, ', shell: bash', '', 'shell'],
    ['an unknown input in a composite', kit, 'inputs.command', 'inputs.comand', 'comand'],
    ['an unknown input of a nested action', kit, 'with: { command', 'with: { comand', 'comand'],
    ['an unknown output of a nested action', kit, 'outputs.end', 'outputs.edn', 'edn'],
    ['an unknown step in a composite', kit, 'steps.engine', 'steps.engin', 'engin'],
  ] as const)('finds %s', async (...[, path, from, to, word]) => {
    expect((await lint(broken(path, from, to))).join('\n')).toContain(word);
  });
});
