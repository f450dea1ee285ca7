import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PackageConfig, RecipeStep } from '../../src/config/config.ts';
import type { PackageEvent } from '../../src/package/events.ts';
import { Workshop, failureOf, packaged, tarList, tarOutput, type Files } from './fixture.ts';

let workshop: Workshop;
let events: PackageEvent[];
beforeEach(() => {
  workshop = new Workshop();
  events = [];
});
afterEach(() => {
  workshop.remove();
});

function release(files: Files, settings: Partial<PackageConfig>) {
  const { path } = workshop.repository(files);
  return packaged(workshop, { repository: path, package: settings, events });
}

const set = (file: string, name: string, to: string): RecipeStep =>
  ({ kind: 'set', file, target: 'variable', name, to });
const diffs = () => events.flatMap((it) => (it.kind === 'diff' ? [it.text] : []));

describe('copy', () => {
  it('takes files and directories from the top of the repository', async () => {
    const { archive } = await release(
      { 'app/main': '1', 'app/docs/old': '1', 'res/img/a': '2', 'res/img/b/c': '3',
        'x:LICENSE': '4', 'NEWS': '5' },
      { directory: 'app', recipe: [
        { kind: 'copy', from: ['res/img'], to: 'resources/images' },
        { kind: 'copy', from: ['LICENSE', 'NEWS'], to: '.' },
        { kind: 'copy', from: ['NEWS'], to: 'docs/CHANGES' },
        { kind: 'copy', from: ['NEWS'], to: 'docs' },
        { kind: 'copy', from: ['res/img'], to: 'docs' },
      ] });
    expect(tarList(archive).filter((it) => !it.endsWith('/'))).toEqual(['app-1.0/LICENSE',
      'app-1.0/NEWS', 'app-1.0/docs/CHANGES', 'app-1.0/docs/NEWS', 'app-1.0/docs/a',
      'app-1.0/docs/b/c', 'app-1.0/docs/old', 'app-1.0/main', 'app-1.0/resources/images/a',
      'app-1.0/resources/images/b/c']);
    expect(tarOutput('-tvf', archive, 'app-1.0/LICENSE')).toMatch(/^-rwxr-xr-x/);
  });

  it('never leaves the export, by name or by a link, and writes nothing there', async () => {
    const outside = workshop.directory();
    const error = await failureOf(release(
      { 'a': '1', 'd/x': '1', 'out': `->${outside}`, 'hole': `->${outside}/new`,
        'etc': '->/etc/hostname' },
      { recipe: [
        { kind: 'copy', from: ['../../secret'], to: 'x' },
        { kind: 'copy', from: ['/etc/hostname'], to: 'x' },
        { kind: 'copy', from: ['etc'], to: 'x' },
        { kind: 'copy', from: ['a'], to: '../x' },
        { kind: 'copy', from: ['a'], to: 'out/x' },
        { kind: 'copy', from: ['a'], to: 'hole' },
        { kind: 'copy', from: ['a'], to: 'd/../../x' },
        { kind: 'copy', from: ['d'], to: 'd/inner' },
        set('out/x', 'A', '1'),
      ] }));
    expect(error.problems.map((it) => it.place)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]
      .map((it) => `package.recipe[${it}]`));
    expect(() => readFileSync(join(outside, 'new'))).toThrow('ENOENT');
  });
});

describe('set and ensure', () => {
  const settings = 'NAME = "x"\nDEBUG = 1\nDEBUG_MAIL = 1\nPORT = 80\nPORT = 81\nLOG = f(1)\n';

  it('edit one value, and show all edits as one diff', async () => {
    const { archive } = await release({ 's.py': settings }, { recipe: [
      set('s.py', 'NAME', 'app {version}'),
      { kind: 'ensure', file: 's.py', variable: 'DEBUG', accept: ['0', 'False'], otherwise: '0' },
      { kind: 'ensure', file: 's.py', variable: 'DEBUG_MAIL', accept: ['1'], otherwise: '0' },
      { kind: 'set', file: 's.py', target: 'pattern', name: 'PORT = (81)', to: '8080' },
    ] });
    expect(tarOutput('-xOf', archive, 'app-1.0/s.py')).toBe(
      'NAME = "app 1.0"\nDEBUG = 0\nDEBUG_MAIL = 1\nPORT = 80\nPORT = 8080\nLOG = f(1)\n');
    expect(diffs()).toEqual(['--- a/s.py\n+++ b/s.py\n@@ -1,6 +1,6 @@\n-NAME = "x"\n'
      + '+NAME = "app 1.0"\n-DEBUG = 1\n+DEBUG = 0\n DEBUG_MAIL = 1\n PORT = 80\n-PORT = 81\n'
      + '+PORT = 8080\n LOG = f(1)\n']);
  });

  it('tell every problem of all steps at once, with file, lines and place', async () => {
    const error = await failureOf(release({ 's.py': settings }, { recipe: [
      set('s.py', 'PORT', '1'),
      set('s.py', 'MISSING', '1'),
      set('s.py', 'LOG', '1'),
      set('s.py', 'NAME', 'a"b'),
      set('gone.py', 'X', '1'),
      { kind: 'ensure', file: 's.py', variable: 'DEBUG', accept: ['0'], otherwise: undefined },
      { kind: 'set', file: 's.py', target: 'pattern', name: '(', to: '1' },
    ], versions: [{ file: 's.py', pattern: 'NAME = "(.*)"' }] }));
    expect(error.kind).toBe('refused');
    expect(error.problems.map((it) => it.place)).toEqual(['s.py', 's.py', 's.py:6', 's.py:1',
      'gone.py', 's.py:2', 'package.recipe[6]', 's.py:1']);
    expect(error.problems[0]?.message).toBe('PORT = … matches 2 times, not once '
      + '(package.recipe[0])\n  s.py:4: PORT = 80\n  s.py:5: PORT = 81');
  });

  it('keep other encodings and line ends as they are', async () => {
    const latin = Buffer.from('# caf\u00e9\r\nA = 1\r\n', 'latin1');
    const { archive } = await release({ 'a.py': latin }, { recipe: [set('a.py', 'A', '2')] });
    expect(Buffer.from(tarOutput('-xOf', archive, 'app-1.0/a.py'), 'utf8').includes('A = 2\r\n'))
      .toBe(true);
    expect(tarOutput('-tvf', archive, 'app-1.0/a.py')).toMatch(/ 15 /);
  });
});

describe('run', () => {
  it('stands between the steps, in the clean export, and is told line by line', async () => {
    const { archive } = await release({ 'a.py': 'A = 1\n' }, { recipe: [
      set('a.py', 'A', '{version}'),
      { kind: 'run', run: 'cp a.py b.py; printf "made {version}\\nno end"; echo oops >&2' },
      { kind: 'run', run: 'x={{version}}; [ "${#x}" = 9 ]' },
      set('b.py', 'A', '3'),
    ], run: 'echo "$LC_ALL $TZ $SOURCE_DATE_EPOCH" > env' });
    expect(tarOutput('-xOf', archive, 'app-1.0/a.py', 'app-1.0/b.py', 'app-1.0/env'))
      .toBe('A = 1.0\nA = 3\nC UTC 1089000000\n');
    const lines = events.flatMap((it) => (it.kind === 'output' ? [it.line] : []));
    expect(lines.sort()).toEqual(['made 1.0', 'no end', 'oops']);
    expect(diffs().length).toBe(2);
  });

  it('does not start on a tree that is known to be wrong', async () => {
    const error = await failureOf(release({ 'a.py': 'A = 1\n' }, { recipe: [
      set('a.py', 'B', '1'), { kind: 'run', run: 'echo started' }] }));
    expect(error.message).toContain('nothing matches B = …');
    expect(events.some((it) => it.kind === 'output')).toBe(false);
  });

  it.each([
    ['exit 3', 'ended with exit status 3'],
    ['kill -9 $$', 'was killed by a signal'],
    ['false\necho not reached', 'ended with exit status 1'],
    ['no-such-program-here', 'ended with exit status 127'],
  ])('refuses %j with its last lines', async (run, how) => {
    const error = await failureOf(release({ a: '1' }, { run: `echo last words\n${run}` }));
    expect(error.kind).toBe('refused');
    expect(error.message).toContain(how);
    expect(error.message).toContain('| last words');
    expect(error.message).not.toContain('| not reached');
  });

  it('gets no token, no setting of npm or git, and no input', async () => {
    const { path } = workshop.repository({ a: '1' });
    const hidden = { GITHUB_TOKEN: 's', npm_config_registry: 's', NODE_OPTIONS: '', AWS_SECRET: 's',
      GIT_DIR: '/x', INPUT_TOKEN: 's', ACTIONS_RUNTIME_TOKEN: 's', LC_ALL: 'de_DE', TZ: 'Japan',
      PWD: '/', BASH_ENV: '/x', ENV: '/x' };
    await packaged(workshop, { repository: path, events, environment: { ...hidden, CI: 'true' },
      package: { run: 'env; echo "read: $(cat)"; git status 2>&1 || true' } });
    const lines = events.flatMap((it) => (it.kind === 'output' ? [it.line] : []));
    const names = lines.flatMap((it) => /^(\w+)=/.exec(it)?.[1] ?? [])
      .filter((it) => !['_', 'PWD', 'OLDPWD', 'SHLVL'].includes(it));
    expect(names.sort()).toEqual(['CI', 'GIT_CEILING_DIRECTORIES', 'HOME', 'LC_ALL', 'PATH',
      'SOURCE_DATE_EPOCH', 'TZ']);
    expect(lines).toContain('read: ');
    expect(lines.join('\n')).toMatch(/not a git repository/);
  });
});

describe('versions', () => {
  it('must be the tag\'s, in each file, by one match', async () => {
    const files = { 'a.py': 'v = "1.0"\n', 'b.py': '\nv = "0.9"\n', 'c.py': 'v = "1.0"\nv = "1.0"',
      'd.py': '' };
    const pattern = '^v = "(.*)"';
    const versions = Object.keys(files).map((file) => ({ file, pattern }));
    const error = await failureOf(release(files, { versions }));
    expect(error.problems.map((it) => `${it.place}: ${it.message}`)).toEqual([
      'b.py:2: says version "0.9", but the tag says 1.0',
      'c.py: /^v = "(.*)"/ matches 2 times, not once (lines 1, 2)',
      'd.py: /^v = "(.*)"/ matches 0 times, not once',
    ]);
    await release(files, { versions: versions.slice(0, 1) });
  });
});
