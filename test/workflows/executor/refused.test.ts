import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InvalidWorkflow, NotSupported } from './errors.ts';
import { onTags, open, ran, steps, TestRepository, type Files } from './fixture.ts';
import { openWorkflows } from './workflows.ts';

const job = (more: string): Files =>
  onTags(`it:\n  runs-on: x\n  ${more}\n  steps: [{ run: "true" }]`);

describe('what the executor leaves out', () => {
  it.each([
    ['a container', job('container: debian:12')],
    ['services', job('services: { db: { image: postgres } }')],
    ['pre of an action', { ...steps('- uses: $/a'), 'a/action.yml':
      'name: a\ndescription: d\nruns: { using: node24, pre: p.js, main: m.js }' }],
    ['a docker action', { ...steps('- uses: $/a'), 'a/action.yml':
      'name: a\ndescription: d\nruns: { using: docker, image: Dockerfile }' }],
    ['a docker image', steps('- uses: docker://alpine')],
    ['pwsh', steps('- { run: x, shell: pwsh }')],
    ['hashFiles', steps("- run: echo ${{ hashFiles('x') }}")],
    ['an input of a stand-in', steps('- { uses: actions/checkout@v7, with: { lfs: true } }')],
    ['an unknown input of a stand-in', steps('- { uses: actions/checkout@v7, with: { x: y } }')],
    ['a matrix of calls', { '.github/workflows/c.yml': 'on: workflow_call\njobs: { a: { runs-on: x,'
      + ' steps: [{ run: a }] } }', ...onTags('it:\n  strategy: { matrix: { a: [1] } }\n'
      + '  uses: ./.github/workflows/c.yml') }],
  ])('%s: it says so and does not go on', async (_, files) => {
    await expect(ran(files)).rejects.toThrow(NotSupported);
  });
});

describe('what GitHub refuses', () => {
  it.each([
    // GitHub knows these; its parser keeps them behind a flag, and so they cannot be overlooked.
    ['a background step', steps('- { run: sleep 1, background: true }'), 'background'],
    ['an unknown key', job('nope: 1'), 'nope'],
    ['an unknown need', onTags('a: { runs-on: x, steps: [{ run: x }] }\n'
      + 'b: { runs-on: x, needs: nobody, steps: [{ run: x }] }'), 'nobody'],
    ['a context that is not there', steps('- run: echo ${{ nope.x }}'), 'nope'],
    ['secrets in an if', steps('- { if: secrets.X, run: "true" }'), 'secrets'],
    ['needs in a circle', onTags('c: { runs-on: x, steps: [{ run: x }] }\n'
      + 'a: { runs-on: x, needs: b, steps: [{ run: x }] }\n'
      + 'b: { runs-on: x, needs: a, steps: [{ run: x }] }'), 'cycl'],
  ])('%s: no job starts', async (_, files, word) => {
    const { github } = open(files);
    const pushed = github.push('refs/tags/v1');
    await expect(pushed).rejects.toThrow(InvalidWorkflow);
    await expect(pushed).rejects.toThrow(word);
  });

  it('a link to nowhere in the repository: "Set up job" fails', async () => {
    const repository = new TestRepository();
    symlinkSync('nowhere', join(repository.tree, 'link'));
    repository.push(steps('- run: "true"'), 'v1');
    const github = openWorkflows(
      { repository: { owner: 'o', name: 'n', bare: repository.bare } });
    await expect(github.push('refs/tags/v1')).rejects.toThrow('Could not find file');
    await github.close();
  });
});
