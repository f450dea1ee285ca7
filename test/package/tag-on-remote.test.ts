import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workshop, environment, failureOf, git, packaged, tarList, tarOutput } from './fixture.ts';

let workshop: Workshop;
beforeEach(() => {
  workshop = new Workshop();
});
afterEach(() => {
  workshop.remove();
});

/** A bare remote with tag v1.0, and a clone of it. */
function remoteAndClone(...cloneOptions: string[]) {
  const origin = workshop.repository({ 'a.txt': 'one' });
  const bare = workshop.directory();
  git(bare, 'clone', '--quiet', '--bare', origin.path, '.');
  git(bare, 'config', 'uploadpack.allowFilter', 'true');
  const clone = workshop.directory();
  git(clone, 'clone', '--quiet', ...cloneOptions, `file://${bare}`, '.');
  const push = (...refs: string[]) => git(origin.path, 'push', '--quiet', '--force', bare, ...refs);
  return { origin, bare, clone, push };
}

/** Every file of a repository with its time and size: nothing may have touched it. */
function inventory(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort().map((name) => {
    const stat = statSync(join(directory, name));
    return `${name} ${stat.size} ${stat.mtimeMs}`;
  });
}

describe('the tag', () => {
  it('is taken from the remote, annotated or not, without touching the repository', async () => {
    const { origin, clone, push } = remoteAndClone();
    const commit = origin.commit({ 'a.txt': 'two' });
    git(origin.path, 'tag', '--annotate', '--message=two', 'v2.0');
    push('v2.0');
    const before = inventory(clone);
    const made = await packaged(workshop, { repository: clone, tag: 'v2.0' });
    expect(made.manifest).toMatchObject({ commit, version: '2.0', tag: 'v2.0' });
    expect(tarOutput('-xOf', made.archive, 'app-2.0/a.txt')).toBe('two');
    expect(inventory(clone)).toEqual(before);
  });

  it('works in shallow and partial clones, bare repositories and linked work trees', async () => {
    const { bare, clone } = remoteAndClone();
    const shallow = remoteAndClone('--depth=1').clone;
    const partial = remoteAndClone('--filter=blob:none', '--no-checkout').clone;
    const linked = join(workshop.directory(), 'linked');
    git(clone, 'worktree', 'add', '--quiet', '--detach', linked);
    const digests = new Set<string>();
    for (const repository of [bare, clone, shallow, partial, linked]) {
      const made = await packaged(workshop, { repository });
      digests.add(made.manifest.archive.sha256);
    }
    expect(digests.size).toBe(1);
  });

});

describe('what is no tag', () => {
  it.each(['-v1', '--upload-pack=touch x', 'v1;touch x', 'v1 $(touch x)', '', 'HEAD^', 'v1:x'])(
    'is refused: %j never reaches git', async (tag) => {
      const { path } = workshop.repository({ a: '1' });
      const error = await failureOf(packaged(workshop, { repository: path, tag }));
      expect(error.kind).toBe('bad-input');
    });

  it('is refused: nothing, a branch, a branch too', async () => {
    const { origin, clone, push } = remoteAndClone();
    const absent = await failureOf(packaged(workshop, { repository: clone, tag: 'v9' }));
    expect(absent.message).toContain('there is no tag v9');
    const branch = await failureOf(packaged(workshop, { repository: clone, tag: 'main' }));
    expect(branch.message).toContain('main is a branch, not a tag');
    git(origin.path, 'branch', 'v1.0');
    push('refs/heads/v1.0');
    const both = await failureOf(packaged(workshop, { repository: clone }));
    expect(both.message).toContain('v1.0 is a branch and a tag');
    expect(both.kind).toBe('refused');
  });

  it('is refused: a name of no commit', async () => {
    const { path } = workshop.repository({ a: '1' });
    git(path, 'tag', 'v3', 'HEAD:a');
    expect((await failureOf(packaged(workshop, { repository: path, tag: 'v3' }))).message)
      .toContain('not a readable commit');
  });

});

describe('a tag', () => {
  it('that differs between here and the remote is refused with both commits', async () => {
    const { origin, clone, push } = remoteAndClone();
    const old = git(clone, 'rev-parse', 'v1.0');
    const moved = origin.commit({ 'a.txt': 'moved' });
    git(origin.path, 'tag', '--force', 'v1.0');
    push('v1.0');
    const error = await failureOf(packaged(workshop, { repository: clone }));
    expect(error.message).toContain(old);
    expect(error.message).toContain(moved);
    expect(error.problems[0]?.fix).toContain('git fetch --force');
  });

  it('that moves while it is packaged is refused, and nothing is written', async () => {
    const { origin, bare, clone } = remoteAndClone();
    const output = join(workshop.directory(), 'out');
    const commit = origin.commit({ 'a.txt': 'moved' });
    const mirror = `git --git-dir=${bare} fetch -q ${origin.path} ${commit} && `
      + `git --git-dir=${bare} update-ref refs/tags/v1.0 ${commit}`;
    const work = packaged(workshop, { repository: clone, output, package: { run: mirror } });
    expect((await failureOf(work)).message).toContain(commit);
    expect(readdirSync(output)).toEqual([]);
  });

  it('is asked for at the remote that is named', async () => {
    const { clone } = remoteAndClone();
    const other = remoteAndClone();
    const commit = other.origin.commit({ 'a.txt': 'other' });
    git(other.origin.path, 'tag', 'v5');
    other.push('v5');
    git(clone, 'remote', 'add', 'second', other.bare);
    for (const remote of ['second', other.bare]) {
      const made = await packaged(workshop, { repository: clone, tag: 'v5', remote });
      expect(made.manifest.commit).toBe(commit);
    }
    const wrong = packaged(workshop, { repository: clone, remote: '--upload-pack=x' });
    expect((await failureOf(wrong)).kind).toBe('bad-input');
    const gone = packaged(workshop, { repository: clone, remote: '/nowhere/at/all' });
    expect((await failureOf(gone)).message).toContain('ls-remote');
  });
});

describe('the branch', () => {
  it('must hold the commit where branches are configured', async () => {
    const { origin, clone, push } = remoteAndClone('--depth=1');
    git(origin.path, 'checkout', '--quiet', '-b', 'side');
    origin.commit({ 'a.txt': 'side' });
    origin.tag('v2.0');
    git(origin.path, 'checkout', '--quiet', 'main');
    origin.commit({ 'a.txt': 'later' });
    push('main', 'side', 'v2.0');
    const on = (tag: string, branches: string[]) =>
      packaged(workshop, { repository: clone, tag, package: { branches } });
    expect((await on('v1.0', ['main'])).manifest.tag).toBe('v1.0');
    expect((await on('v2.0', ['stable', 'side'])).manifest.tag).toBe('v2.0');
    const error = await failureOf(on('v2.0', ['main', 'stable']));
    expect(error.kind).toBe('refused');
    expect(error.message).toContain('is not on main or stable');
    expect((await failureOf(on('v1.0', ['--x']))).kind).toBe('bad-input');
  });
});

describe('the export', () => {
  it('is the committed bytes, whatever attributes and settings say', async () => {
    const repository = workshop.repository({});
    const { path } = repository;
    repository.commit({
      '.gitattributes': '*.bat text eol=crlf\n*.id ident export-subst\nhidden export-ignore\n'
        + '*.f filter=shout\n',
      'a.bat': 'x\ny\n', 'b.id': '$Id$ $Format:%H$\n', 'hidden': '1', 'c.f': 'quiet\n',
    });
    git(path, 'tag', 'v2');
    git(path, 'config', 'core.autocrlf', 'true');
    git(path, 'config', 'filter.shout.smudge', 'tr a-z A-Z');
    writeFileSync(join(path, 'hidden'), 'changed in the work tree');
    writeFileSync(join(path, 'untracked'), '1');
    const { archive } = await packaged(workshop, { repository: path, tag: 'v2' });
    expect(tarList(archive)).toEqual(['app-2/', 'app-2/.gitattributes', 'app-2/a.bat',
      'app-2/b.id', 'app-2/c.f', 'app-2/hidden']);
    expect(tarOutput('-xOf', archive, 'app-2/a.bat', 'app-2/b.id', 'app-2/c.f', 'app-2/hidden'))
      .toBe('x\ny\n$Id$ $Format:%H$\nquiet\n1');
  });

  it('refuses submodules, and LFS pointers that are packed, all at once', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n';
    const repository = workshop.repository({ 'a.bin': pointer, 'media/b.bin': pointer, 'c': '1' });
    const { path } = repository;
    const lfs = await failureOf(packaged(workshop, { repository: path }));
    expect(lfs.problems.map((it) => it.place)).toEqual(['a.bin', 'media/b.bin']);
    const some = packaged(workshop, { repository: path, package: { exclude: ['media'] } });
    expect((await failureOf(some)).problems.map((it) => it.place)).toEqual(['a.bin']);
    const none = await packaged(workshop,
      { repository: path, package: { exclude: ['**/*.bin', 'media'] } });
    expect(tarList(none.archive)).toEqual(['app-1.0/', 'app-1.0/c']);
    const head = git(path, 'rev-parse', 'HEAD');
    git(path, 'update-index', '--add', '--cacheinfo', `160000,${head},vendor/one`);
    git(path, 'update-index', '--add', '--cacheinfo', `160000,${head},vendor/two`);
    git(path, 'commit', '--quiet', '--message=submodules');
    repository.tag('v2');
    const error = await failureOf(packaged(workshop, { repository: path, tag: 'v2' }));
    expect(error.problems.map((it) => it.place)).toEqual(['vendor/one', 'vendor/two']);
  });

  it('needs a repository and git', async () => {
    const nothing = packaged(workshop, { repository: workshop.directory() });
    expect((await failureOf(nothing)).message).toContain('could not read the repository');
    const { path } = workshop.repository({ a: '1' });
    const bare = packaged(workshop, { repository: path, environment: { PATH: '/nonexistent' } });
    expect((await failureOf(bare)).message).toContain('git is not on the PATH');
  });
});

describe('credentials', () => {
  it('reach git through a private file that is gone before a build runs', async () => {
    const { path } = workshop.repository({ a: '1' });
    git(path, 'config', 'http.https://example.org/.extraheader', 'AUTHORIZATION: basic c2VjcmV0');
    const scratch = join(workshop.root, 'seen');
    const run = `cat ../git/config > ${scratch} 2>&1 || true; ls ../git >> ${scratch}`;
    await packaged(workshop, { repository: path, package: { run } });
    const seen = readFileSync(scratch, 'utf8');
    expect(seen).toContain('export');
    expect(seen).not.toContain('c2VjcmV0');
    expect(existsSync(join(path, '.git'))).toBe(true);
  });
});

it('git and tar are here: without them this whole file proves nothing', () => {
  for (const tool of ['git', 'tar']) {
    expect(execFileSync(tool, ['--version'], { env: environment, encoding: 'utf8' }))
      .toMatch(/\d/);
  }
});
