import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRelease } from '../../src/package/release.ts';
import { Workshop, failureOf, packaged, tarList, tarOutput } from './fixture.ts';

let workshop: Workshop;
beforeEach(() => {
  workshop = new Workshop();
});
afterEach(() => {
  workshop.remove();
});

const dist = 'indico/code/dist';
const settings = {
  directory: 'indico/code/code',
  recipe: [
    { kind: 'copy', from: ['indico/code/resources/images'], to: 'resources/images' },
    { kind: 'copy', to: '.', from: ['README', 'MANIFEST.in', 'setup.py', 'MaKaCConfig.src']
      .map((it) => `${dist}/${it}`) },
    { kind: 'ensure', file: 'MaKaC/common/general.py', variable: 'DEBUG_ERRORS',
      accept: ['1', 'True'], otherwise: '1' },
    { kind: 'set', file: 'setup.py', target: 'argument', name: 'version',
      to: '{version}' },
    { kind: 'run', run: 'sh ../../../makedist.sh' },
  ] as const,
  archive: 'dist/MaKaC-{version}.tar',
};

const contents = ['', 'MANIFEST.in', 'MaKaC/', 'MaKaC/__init__.py',
  'MaKaC/common/', 'MaKaC/common/__init__.py', 'MaKaC/common/general.py', 'MaKaCConfig.src',
  'PKG-INFO', 'README', 'resources/', 'resources/images/', 'resources/images/back.txt',
  'resources/images/logo.txt', 'setup.py'];

const diff = `\
--- a/MaKaC/common/general.py
+++ b/MaKaC/common/general.py
@@ -1,7 +1,7 @@
 """Settings that are decided when a release is made."""
 
 # DEBUG_ERRORS = 2 prints the trace into the page: never in a release.
-DEBUG_ERRORS = 0
+DEBUG_ERRORS = 1
 
 # How long a page may be kept by the browser, in seconds
 CACHE_SECONDS = 300
--- a/setup.py
+++ b/setup.py
@@ -2,7 +2,7 @@
 
 setup(name = "MaKaC",
       # version = "0.2.9" was the last one made by hand
-      version = "0.3.0",
+      version = "0.4.0",
       description = "Make a Conference",
       packages = ["MaKaC", "MaKaC.common"],
       data_files = [("images", ["resources/images/logo.txt"])])
`;

describe('the recipe of 2004', () => {
  it('is one command, from the tag to the tarball', async () => {
    const repository = workshop.caseRepository('indico-2004', 'v0.4.0').path;
    const events: { kind: string; text?: string }[] = [];
    const job = { repository, tag: 'v0.4.0', application: 'indico', package: settings };
    const made = await packaged(workshop, { ...job, onEvent: (event) => void events.push(event) });
    const top = 'indico-0.4.0';
    expect(tarList(made.archive)).toEqual(contents.map((it) => `${top}/${it}`));
    expect(tarOutput('-xOf', made.archive, `${top}/setup.py`))
      .toContain('\n      version = "0.4.0",');
    expect(tarOutput('-xOf', made.archive, `${top}/PKG-INFO`)).toBe('Version: 0.4.0\n');
    expect(events.filter((it) => it.kind === 'diff').map((it) => it.text)).toEqual([diff]);
    expect(made.manifest.archive.tarSha256)
      .toBe('e0c2551a2313149ce36f276bec48a0d693584cba359481d989b1de4d88f0c1f9');
    const again = await packaged(workshop, job);
    expect(readFileSync(again.archive)).toEqual(readFileSync(made.archive));
    expect((await readRelease(made.archive)).fileCount).toBe(14);
  });

  it('fails when a source is gone, a version stands twice, a flag is computed', async () => {
    const changed = {
      'indico/code/code/MaKaC/common/general.py': 'DEBUG_ERRORS = int(os.environ["D"])\n',
      [`${dist}/setup.py`]: 'setup(version = "0.3.0",\n  x = f(1, version = "2"))\n',
    };
    const { path } = workshop.caseRepository('indico-2004', 'v0.4.0', changed);
    const [, ...rest] = settings.recipe;
    const recipe = [{ kind: 'copy', from: ['indico/code/images'], to: 'resources/images' } as const,
      { ...rest[0], from: [`${dist}/README`, `${dist}/setup.py`, `${dist}/CHANGES`] },
      ...rest.slice(1)];
    const error = await failureOf(packaged(workshop, { repository: path, tag: 'v0.4.0',
      package: { ...settings, recipe } }));
    expect(error.problems.map((it) => it.message.split('\n')[0])).toEqual([
      'indico/code/images is not in the tagged commit',
      `${dist}/CHANGES is not in the tagged commit`,
      'the value is an expression, not a plain one: int(os.environ["D"])',
      'version=… in a call matches 2 times, not once (package.recipe[3])',
    ]);
    expect(error.message).toContain('setup.py:1: setup(version = "0.3.0",\n'
      + '  setup.py:2: x = f(1, version = "2"))');
  });
});
