import { describe, expect, it } from 'vitest';
import { NotSupported } from './errors.ts';
import { matches, wantsPush } from './filters.ts';
import { onTags, open, TestRepository } from './fixture.ts';
import type { Tree } from './tree.ts';
import { openWorkflows } from './workflows.ts';

const tag = 'refs/tags/v1.2.0';
const branch = 'refs/heads/main';
const push = (filters: Record<string, readonly string[]>): Tree =>
  new Map<string, Tree>([['push', new Map(Object.entries(filters))]]);

describe('filters of refs', () => {
  // Documented by GitHub in "Workflow syntax", filter pattern cheat sheet.
  it.each([
    ['feature/*', 'feature/my-branch', true],
    ['feature/*', 'feature/a/b', false],
    ['feature/**', 'feature/beta-a/my-branch', true],
    ['*', 'main', true],
    ['*', 'releases/mona', false],
    ['**', 'every/branch', true],
    ['*feature', 'mona-feature', true],
    ['v2*', 'v2.0.9', true],
    ['v[12].[0-9]+.[0-9]+', 'v1.10.1', true],
    ['v[12].[0-9]+.[0-9]+', 'v3.0.1', false],
    ['v1.0', 'v1x0', false],
    ['colou?r', 'color', true],
  ])('%s and %s: %s', (pattern, name, is) => {
    expect(matches([pattern], name)).toBe(is);
  });

  it('lets the last pattern that fits decide', () => {
    expect(matches(['releases/**', '!releases/**-alpha'], 'releases/10-alpha')).toBe(false);
    expect(matches(['v*', '!v2', 'v2'], 'v2')).toBe(true);
    expect(matches(['!v2'], 'v1')).toBe(false);
  });

  it('keeps tags from filters of branches, and branches from filters of tags', () => {
    expect(wantsPush(push({ tags: ['v*'] }), tag)).toBe(true);
    expect(wantsPush(push({ tags: ['v*'] }), branch)).toBe(false);
    expect(wantsPush(push({ branches: ['main'] }), tag)).toBe(false);
    expect(wantsPush(push({ branches: ['main'], tags: ['x*'] }), branch)).toBe(true);
    expect(wantsPush(push({ 'tags-ignore': ['*-rc*'] }), 'refs/tags/v1-rc1')).toBe(false);
    expect(wantsPush(push({ 'tags-ignore': ['*-rc*'] }), tag)).toBe(true);
    expect(wantsPush('push', tag)).toBe(true);
    expect(wantsPush(['workflow_dispatch', 'push'], branch)).toBe(true);
    expect(wantsPush('workflow_dispatch', tag)).toBe(false);
  });

  it('refuses filters of paths, which it does not know', () => {
    expect(() => wantsPush(push({ paths: ['src/**'] }), branch)).toThrow(NotSupported);
  });
});

describe('events', () => {
  it('starts nothing for a branch where only tags are asked for', async () => {
    const { github } = open(onTags('it:\n  runs-on: x\n  steps: [{ run: "true" }]'));
    expect(await github.pushAll('refs/heads/main')).toEqual([]);
    expect(await github.pushAll('refs/tags/v1')).toHaveLength(1);
  });

  it('runs the file as it was pushed, at the commit that an annotated tag stands for', async () => {
    const { github, repository, sha } = open(onTags(
      'it:\n  runs-on: x\n  steps: [{ run: "echo $GITHUB_REF $GITHUB_SHA $GITHUB_REF_TYPE" }]'));
    repository.push({ '.github/workflows/ci.yml': 'on: push\njobs: {}\n' });
    const run = await (await github.push('refs/tags/v1')).ended();
    expect(run.job('it').log).toContain(`refs/tags/v1 ${sha} tag`);
  });

  it('dispatches with inputs that the workflow knows', async () => {
    const repository = new TestRepository();
    repository.push({
      '.github/workflows/do.yml': 'on:\n  workflow_dispatch:\n    inputs:\n'
        + '      who: { type: string, required: true }\n'
        + '      hard: { type: boolean, default: true }\n'
        + 'jobs:\n  it: { runs-on: x, steps: [{ run: "echo hello ${{ inputs.who }} '
        + '${{ inputs.hard }}" }] }\n',
    });
    const github = openWorkflows(
      { repository: { owner: 'o', name: 'n', bare: repository.bare } });
    const path = '.github/workflows/do.yml';
    const run = await github.dispatch(path, { ref: 'refs/heads/main', inputs: { who: 'mona' } });
    expect((await run.ended()).job('it').log).toContain('hello mona true');
    await expect(github.dispatch(path, { ref: 'refs/heads/main', inputs: { whom: 'x' } }))
      .rejects.toThrow('Unexpected inputs: whom');
    await expect(github.dispatch(path, { ref: 'refs/heads/main' }))
      .rejects.toThrow("Required input 'who' not provided");
    await github.close();
  });
});
