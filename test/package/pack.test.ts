import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync, chmodSync, linkSync, lstatSync, mkdirSync, readFileSync, readlinkSync, utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packTree, type Packed } from '../../src/package/pack.ts';
import { createTarGz } from '../../src/package/tar.ts';
import { specialProblem } from '../../src/package/unpackable.ts';
import { walkTree, type Selection } from '../../src/package/walk.ts';
import { Workshop, environment, failureOf, tarList, writeFiles, type Files } from './fixture.ts';

let workshop: Workshop;
beforeEach(() => {
  workshop = new Workshop();
});
afterEach(() => {
  workshop.remove();
});

const everything: Selection = { include: [], exclude: [] };

function tree(files: Files): string {
  const root = workshop.directory();
  writeFiles(root, files);
  return root;
}

async function pack(root: string, selection = everything): Promise<Packed & { file: string }> {
  const file = join(workshop.directory(), 'out.tar.gz');
  const entries = walkTree(root, selection);
  return { ...await packTree({ root, entries, top: 'app-1.0', epoch: 1e9, file }), file };
}

function unpack(file: string): string {
  const into = workshop.directory();
  execFileSync('tar', ['-xf', file, '-C', into], { env: environment });
  return join(into, 'app-1.0');
}

const long = 'n'.repeat(120);
const deep = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(90)}`;
const many: Files = {
  'README': 'read me\n',
  'x:bin/start': '#!/bin/sh\nexit 0\n',
  'empty': '',
  'a:b.txt': 'a drive letter, for some programs',
  'b.txt': 'not the one above',
  'C:evil': 'at the top',
  ' leading and trailing ': 'spaces',
  'café/ñ/日本語.txt': 'not ASCII',
  'a': 'before a/, if names were compared with their slash',
  'a.txt': 'x',
  'b/c': 'x',
  'current': '->bin/start',
  'b/up': '->../README',
  'b/dotted': '->./c',
  [`long/${long}/x`]: 'a directory with a long name',
  [`long/${long}.txt`]: 'a file with a long name',
  [`${deep}/x`]: 'a long path',
  'large': Buffer.alloc(3 * 1024 * 1024 + 17, 'seatrial '),
};

describe('the archive', () => {
  it('gives back every file, right, link and name', async () => {
    const root = tree(many);
    mkdirSync(join(root, 'hollow'));
    const packed = await pack(root);
    const out = unpack(packed.file);
    expect(execFileSync('diff', ['-r', '--no-dereference', root, out], { encoding: 'utf8' }))
      .toBe('');
    expect(lstatSync(join(out, 'hollow')).isDirectory()).toBe(true);
    expect(lstatSync(join(out, 'bin/start')).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(out, 'README')).mode & 0o777).toBe(0o644);
    expect(readlinkSync(join(out, 'b/up'))).toBe('../README');
    expect(readlinkSync(join(out, 'b/dotted'))).toBe('./c');
  });

  it('lists owner 0, the one time, and the order of the bytes', async () => {
    const packed = await pack(tree({ 'b': '1', 'a/z': '2', 'a.b': '3', 'x:Z': '4' }));
    const text = execFileSync('tar', ['--numeric-owner', '-tvf', packed.file],
      { encoding: 'utf8', env: { ...environment, TZ: 'UTC' } });
    const rows = text.trimEnd().split('\n').map((line) => line.split(/\s+/));
    expect(rows.map((row) => row[5])).toEqual(['app-1.0/', 'app-1.0/Z', 'app-1.0/a/',
      'app-1.0/a.b', 'app-1.0/a/z', 'app-1.0/b']);
    expect(new Set(rows.map((row) => row[1]))).toEqual(new Set(['0/0']));
    expect(new Set(rows.map((row) => `${row[3]} ${row[4]}`)))
      .toEqual(new Set(['2001-09-09 01:46']));
    expect(rows.map((row) => row[0])).toEqual(['drwxr-xr-x', '-rwxr-xr-x', 'drwxr-xr-x',
      '-rw-r--r--', '-rw-r--r--', '-rw-r--r--']);
  });

  it('tells the true digest and size of each file, of the tar and of itself', async () => {
    const root = tree(many);
    const packed = await pack(root);
    const sha = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
    const bytes = readFileSync(packed.file);
    expect(packed.archive).toEqual({ bytes: bytes.length, sha256: sha(bytes) });
    expect(packed.tar.sha256).toBe(sha(gunzipSync(bytes)));
    for (const entry of packed.files) {
      if (entry.type !== 'file') continue;
      const content = readFileSync(join(root, entry.path));
      expect(entry).toMatchObject({ bytes: content.length, sha256: sha(content) });
    }
    expect(packed.files.length).toBe(tarList(packed.file).length - 1);
  });

});

describe('the bytes of the archive', () => {
  it('have no machine and no time in the gzip header', async () => {
    const header = readFileSync((await pack(tree({ a: '1' }))).file).subarray(0, 10);
    expect(header.toString('hex')).toBe('1f8b08000000000000ff');
  });

  it('are these: a change of them is a change of every release', async () => {
    const files = { ...many };
    delete (files as Record<string, unknown>)['large'];
    expect((await pack(tree(files))).tar.sha256)
      .toBe('560dc790eb676b817bdc92a025478f481e6a15d2e5f2399fbb1a8a5d147d1cbc');
  });

  it('store hard links as files of their own', async () => {
    const root = tree({ one: 'same' });
    linkSync(join(root, 'one'), join(root, 'two'));
    const packed = await pack(root);
    expect(packed.files).toMatchObject([{ path: 'one', type: 'file' },
      { path: 'two', type: 'file', bytes: 4 }]);
    expect(lstatSync(join(unpack(packed.file), 'two')).nlink).toBe(1);
  });
});

describe('the same bytes', () => {
  it('come from another directory, other clocks, rights and order of creation', async () => {
    const first = tree(many);
    const umask = process.umask(0o077);
    const second = join(workshop.directory(), 'some/where/deeper');
    writeFiles(second, Object.fromEntries(Object.entries(many).reverse()));
    process.umask(umask);
    utimesSync(join(second, 'README'), 1, 2 ** 31 - 2);
    chmodSync(join(second, 'empty'), 0o604);
    chmodSync(join(second, 'bin/start'), 0o700);
    chmodSync(join(second, 'b'), 0o700);
    const [a, b] = [await pack(first), await pack(second)];
    expect(readFileSync(b.file).equals(readFileSync(a.file))).toBe(true);
    expect(b.files).toEqual(a.files);
    // The comparison can fail: one right of one owner is enough.
    chmodSync(join(second, 'empty'), 0o744);
    expect((await pack(second)).archive.sha256).not.toBe(a.archive.sha256);
  });

  it('come whatever the names and contents are', async () => {
    const name = fc.stringMatching(/^[A-Za-z0-9 :;'"$&~#é日-]{1,12}$/);
    const contents = fc.dictionary(name, fc.uint8Array({ maxLength: 3000 }), { minKeys: 1 });
    await fc.assert(fc.asyncProperty(contents, async (made) => {
      const keys = new Set(Object.keys(made).map((it) => it.normalize('NFC').toLowerCase()));
      fc.pre(keys.size === Object.keys(made).length);
      const files = Object.fromEntries(Object.entries(made)
        .map(([key, bytes]) => [`in/${key}`, Buffer.from(bytes)]));
      const root = tree(files);
      const packed = await pack(root);
      const out = unpack(packed.file);
      expect(execFileSync('diff', ['-r', root, out], { encoding: 'utf8' })).toBe('');
    }), { numRuns: 15 });
  });
});

describe('what is packed', () => {
  const files: Files = { 'src/a.js': '1', 'src/b.ts': '2', 'dist/a.js': '3', 'dist/a.js.map': '4',
    'package.json': '5', 'node_modules/x/i.js': '6' };
  const chosen = (selection: Selection): string[] =>
    walkTree(tree(files), selection).map((it) => it.path);

  it('is what is included and not excluded, with the directories above', () => {
    expect(chosen({ include: ['dist/**', 'package.json', 'node_modules'], exclude: ['**/*.map'] }))
      .toEqual(['dist', 'dist/a.js', 'node_modules', 'node_modules/x', 'node_modules/x/i.js',
        'package.json']);
    expect(chosen({ include: [], exclude: ['src', 'node_modules/x', 'dist'] }))
      .toEqual(['node_modules', 'package.json']);
  });

  it('is refused when a glob of include matches nothing, or nothing is left', async () => {
    const error = await failureOf(() => chosen({ include: ['dist/**', 'build/**', '*.md'],
      exclude: [] }));
    expect(error.kind).toBe('refused');
    expect(error.problems.map((it) => it.message))
      .toEqual(['"build/**" matches nothing', '"*.md" matches nothing']);
    expect((await failureOf(() => chosen({ include: [], exclude: ['**'] }))).message)
      .toContain('nothing to be packed');
    expect((await failureOf(() => chosen({ include: ['!x'], exclude: ['/y'] }))).problems.length)
      .toBe(2);
  });
});

describe('what cannot be packed', () => {
  it('is told all at once', async () => {
    const root = tree({ 'good': '1', 'Case': '1', 'case': '2', 'Dir/x': '1', 'dir/y': '2',
      'back\\slash': '1', 'line\nend': '1', 'absolute': '->/etc/passwd', 'escape': '->../../x',
      'sub/escape': '->../../x', 'x:suid': '1', 'clone/.git/HEAD': 'x', 'self': '->.',
      'deep/er/up': '->../..', 'sneaky': '->deep/er/up/../x', 'fine': '->deep/er' });
    chmodSync(join(root, 'suid'), 0o4755);
    execFileSync('mkfifo', [join(root, 'fifo')]);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/bad`), Buffer.from([0xff, 0xfe])]), '1');
    const server = createServer().listen(join(root, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    const error = await failureOf(() => walkTree(root, everything));
    await new Promise((resolve) => server.close(resolve));
    expect(error.kind).toBe('refused');
    const told = error.problems.map((it) => it.place).sort();
    expect(told.filter((it) => !/^(case|dir)$/i.test(it ?? ''))).toEqual(['absolute', 'back\\slash',
      'bad\\xff\\xfe', 'clone/.git', 'escape', 'fifo', 'line\\x0aend', 'sneaky', 'socket',
      'sub/escape', 'suid']);
    expect(told.filter((it) => /^(case|dir)$/i.test(it ?? '')).length).toBe(2);
    expect(error.problems.every((it) => it.fix !== undefined)).toBe(true);
  });

  it('does not matter where it is not taken', async () => {
    const root = tree({ 'keep/a': '1', 'tmp/link': '->/etc/passwd', 'tmp/.git/HEAD': 'x' });
    execFileSync('mkfifo', [join(root, 'tmp/fifo')]);
    expect(walkTree(root, { include: [], exclude: ['tmp'] }).length).toBe(2);
    expect(walkTree(root, { include: ['keep'], exclude: [] }).length).toBe(2);
    expect((await failureOf(() => walkTree(root, everything))).problems.length).toBe(3);
  });

  it('includes devices', () => {
    expect(specialProblem(lstatSync('/dev/null', { bigint: true }))).toBe('is a device');
  });

  it('includes accents written in two ways', async () => {
    const root = tree({ 'caf\u00e9': '1', 'cafe\u0301': '2' });
    expect((await failureOf(() => walkTree(root, everything))).message).toContain('accents');
  });

});

describe('a file that changes while it is read', () => {
  it.each([['small', 10], ['large', 3_000_000]])(
    'is refused when it is %s', async (_, bytes) => {
      const root = tree({ a: 'x', changing: Buffer.alloc(bytes, 'x'), z: 'x' });
      const changes: readonly (() => void)[] = [
        () => appendFileSync(join(root, 'changing'), 'more'),
        () => writeFileSync(join(root, 'changing'), ''),
        () => execFileSync('mv', [join(root, 'changing'), join(root, 'gone')]),
      ];
      for (const change of changes) {
        const entries = walkTree(root, everything);
        change();
        const file = join(workshop.directory(), 'out.tar.gz');
        const work = packTree({ root, entries, top: 'app-1.0', epoch: 0, file });
        expect((await failureOf(work)).problems[0]?.place).toBe('changing');
        writeFileSync(join(root, 'changing'), Buffer.alloc(bytes, 'x'));
      }
    });

  it('is refused when it is rewritten in the middle, to equal size', async () => {
    const root = tree({ big: Buffer.alloc(8_000_000, 'x') });
    const entries = walkTree(root, everything);
    const file = join(workshop.directory(), 'out.tar.gz');
    const work = failureOf(packTree({ root, entries, top: 'app-1.0', epoch: 0, file }));
    setImmediate(() => writeFileSync(join(root, 'big'), Buffer.alloc(8_000_000, 'y')));
    expect((await work).message).toContain('changed while it was being packed');
  });
});

describe('an archive that cannot be written', () => {
  it('is an error, not an end', async () => {
    const root = tree({ a: 'x', big: Buffer.alloc(3_000_000, 'x'), z: 'x' });
    const entries = walkTree(root, everything);
    const file = join(root, 'a');
    const error = await failureOf(packTree({ root, entries, top: 'app-1.0', epoch: 0, file }));
    expect(error.message).toContain('EEXIST');
    expect(readFileSync(file, 'utf8')).toBe('x');
  });

  it('is an error when it breaks in the middle, and later entries are refused too', async () => {
    const file = join(workshop.directory(), 'out');
    const tar = createTarGz(file, 0);
    await tar.add({ type: 'directory', name: 'app-1.0' });
    const broken = function* (): Iterable<Buffer> {
      yield randomBytes(1_000_000);
      throw new Error('the source broke');
    };
    const entry = { type: 'file', mode: 0o644, bytes: 9_000_000 } as const;
    await expect(tar.add({ ...entry, name: 'app-1.0/x', body: broken() }))
      .rejects.toThrow('the source broke');
    await expect(tar.add({ ...entry, name: 'app-1.0/y', body: Buffer.from('y') }))
      .rejects.toThrow('the source broke');
    await tar.abandon();
  });
});
