import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync,
  writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quote } from '../../src/command/quote.ts';
import { stateText } from '../../src/state/text.ts';
import { makeDatabase, type Journal } from '../transaction/databases.ts';
import { crashShims, lacks, need, run, shells, temporary, toolbox, why }
  from '../transaction/sandbox.ts';
import { holding, scene } from './scene.ts';

/** What only files can do to a copy: each is met here by the verbs of directories and of SQLite. */
const usual = ['awk', 'cat', 'chmod', 'chown', 'cmp', 'comm', 'cp', 'cut', 'date', 'dd', 'df',
  'dirname', 'du', 'env', 'find', 'grep', 'head', 'id', 'ls', 'mkdir', 'mv', 'od', 'paste',
  'readlink', 'rm',
  'sed', 'sh', 'sleep', 'sort', 'stat', 'sync', 'tail', 'tar', 'tr', 'uname', 'wc', 'xargs',
  'sha256sum', 'mktemp', 'getconf', 'getent', 'basename'];

describe.each(shells)('a directory, in %s', (shell) => {
  it('that never stands still is refused, with what changes and what helps', async () => {
    const { box, path, verb } = scene(shell, 'state');
    mkdirSync(path);
    const writer = spawn('sh', ['-c', 'n=0; while :; do n=$((n+1)); echo $n >"$1/busy"; done',
      'sh', path]);
    try {
      const ran = await verb(`COPY_PASSES_MAX=3; copy_directory ${path} >/dev/null`);
      expect(ran.status).toBe(1);
      expect(why(box)).toMatch(/never stands still, after 3 passes: \.\/busy\. /);
      expect(why(box)).toMatch(/copy-from.*exclude.*quieter hour/);
      expect((await verb(`copy_directory 'path=${path}\texclude=busy' >/dev/null`)).status).toBe(0);
    } finally {
      writer.kill('SIGKILL');
    }
  });

  it('that changes while it is sent is sent again, where size and time tell nothing', async () => {
    const { box, path, verb } = scene(shell, 'state');
    mkdirSync(join(path, 'old'), { recursive: true });
    for (const name of ['gone', 'old/inside', 'quiet', 'turns']) {
      writeFileSync(join(path, name), 'first');
    }
    // A writer that comes once the whole of it was sent, before anybody looks again.
    const shims = temporary();
    writeFileSync(join(shims, 'tar'), `#!/bin/sh
${need('tar')} "$@"; status=$?
case "$*" in *rhS*) ;; *) exit $status ;; esac
[ ! -e ${box.root}/came ] || exit $status
touch ${box.root}/came
cd ${path} && touch -r quiet ../time && printf other >quiet && touch -r ../time quiet
rm -r gone old turns && mkdir turns && echo new >turns/new && ln -s turns link
exit $status
`, { mode: 0o755 });
    // Nothing counts as just changed.
    spawnSync('sleep', ['0.2']);
    const ran = await verb(`copy_directory ${path} >"$RUN_DIR/stream" && receive_directory \
${path}2 state1 <"$RUN_DIR/stream"`,
    { path: [shims, process.env.PATH].join(delimiter) });
    expect([ran.status, why(box)], ran.output).toEqual([0, '']);
    expect(existsSync(join(box.root, 'came'))).toBe(true);
    const copy = join(box.root, 'live/.seatrial-fake/incoming-state2');
    expect(readdirSync(copy).sort()).toEqual(['link', 'quiet', 'turns']);
    expect(readFileSync(join(copy, 'quiet'), 'utf8')).toBe('other');
    expect(readFileSync(join(copy, 'link/new'), 'utf8')).toBe('new\n');
  });

  it.each([
    { what: 'a directory where something is excluded', name: '.', exclude: 'own', status: 0 },
    { what: 'a directory where nothing is', name: '.', exclude: '', status: 1 },
    { what: 'a file', name: './a', exclude: 'own', status: 1 },
  ])('of $what: tar tells a change that no listing shows', async ({ name, exclude, status }) => {
    const { box, path, verb } = scene(shell, 'state');
    mkdirSync(path);
    writeFileSync(join(path, 'a'), 'x');
    const shims = temporary();
    writeFileSync(join(shims, 'tar'), `#!/bin/sh
${need('tar')} "$@" || exit
case "$*" in *rhS*) echo "tar: ${name}: file changed as we read it" >&2; exit 1 ;; esac
`, { mode: 0o755 });
    spawnSync('sleep', ['0.2']);
    const ran = await verb(`copy_directory '${exclude === '' ? path
      : `path=${path}\texclude=${exclude}`}' >/dev/null`,
    { path: [shims, process.env.PATH].join(delimiter) });
    expect(ran.status, ran.output).toBe(status);
    if (status !== 0) expect(why(box)).toContain(`tar: ${name}: file changed as we read it`);
  });

  it('in which a process writes to a deleted file is refused, but not for what is excluded',
    async () => {
      const { box, path, verb } = scene(shell, 'state');
      mkdirSync(path);
      const holder = await holding('import os, sys; f = open(sys.argv[1], "w"); ' +
        'os.unlink(sys.argv[1])', join(path, 'gone.db'));
      try {
        expect((await verb(`copy_directory ${path} >/dev/null`)).status).toBe(1);
        expect(why(box)).toContain(`process ${holder.pid} writes to ${path}/gone.db, which was ` +
          'deleted');
        const probe = await verb(`probe_directory ${path} state1`);
        expect(probe.output).toMatch(/\tproblem\tprocess [0-9]+ writes to .*gone\.db/);
        expect((await verb(`copy_directory 'path=${path}\texclude=*.db' >/dev/null`)).status)
          .toBe(0);
      } finally {
        holder.kill('SIGKILL');
      }
    });

  it('that is written through memory is refused: a listing does not see it', async () => {
    const { box, path, verb } = scene(shell, 'state');
    mkdirSync(path);
    const holder = await holding('import mmap, sys; f = open(sys.argv[1], "w+b"); ' +
      'f.write(b"x" * 4096); f.flush(); m = mmap.mmap(f.fileno(), 4096)', join(path, 'map'));
    try {
      expect((await verb(`copy_directory ${path} >/dev/null`)).status).toBe(1);
      expect(why(box)).toContain(`${path}/map is written through memory`);
      expect((await verb(`COPY_FROM=last-saved; copy_directory ${path} >/dev/null`)).status)
        .toBe(0);
    } finally {
      holder.kill('SIGKILL');
    }
  });

  it('with a socket and a pipe says that they are left out', async () => {
    const { box, path, verb } = scene(shell, 'state');
    mkdirSync(path);
    spawnSync('mkfifo', [join(path, 'pipe')]);
    const ran = await verb(`copy_directory ${path} >/dev/null`);
    expect([ran.status, why(box)]).toEqual([0, '']);
    expect(ran.output).toContain(`${path}: 1 sockets, pipes or devices are not copied`);
  });

  it('keeps what is excluded where it is, at every swap', async () => {
    const { box, path, verb } = scene(shell, 'state');
    const spec = quote(`path=${path}\texclude=cache/**\\n**/*.pid`);
    const put = (name: string, text: string): void => {
      mkdirSync(join(path, name, '..'), { recursive: true });
      writeFileSync(join(path, name), text);
    };
    const read = (name: string): string => readFileSync(join(path, name), 'utf8');
    put('data', 'old');
    put('cache/deep/one', 'old cache');
    put('sub/app.pid', '1');
    const must = async (text: string): Promise<void> => {
      const ran = await verb(text);
      expect([ran.status, why(box)], ran.output).toEqual([0, '']);
    };
    await must(`rescue_directory ${spec} state1 there`);
    const side = join(box.root, 'live/.seatrial-fake');
    expect(readdirSync(join(side, `rescue-${run}-state1/cache`))).toEqual([]);
    put('data', 'new');
    put('cache/deep/two', 'new cache');
    await must(`restore_directory ${spec} state1`);
    expect([read('data'), read('cache/deep/one'), read('cache/deep/two'), read('sub/app.pid')])
      .toEqual(['old', 'old cache', 'new cache', '1']);
    expect(existsSync(join(box.base, 'failed', run, 'state-state1/cache/deep'))).toBe(false);
    await must(`copy_directory ${spec} >"$RUN_DIR/stream" && receive_directory ${spec} state1 \
<"$RUN_DIR/stream" && keep_directory ${spec} state1`);
    put('data', 'newer');
    await must(`lay_directory ${spec} state1 && lay_directory ${spec} state1`);
    expect([read('data'), read('cache/deep/two'), read('sub/app.pid')])
      .toEqual(['old', 'new cache', '1']);
    const looked =
      await verb(`objects_directory ${spec} ${path}; rows_directory ${spec} ${path} -`);
    expect(looked.output).not.toMatch(/pid|deep/);
    expect(looked.output).toMatch(/^rows\t\.\t1\t[0-9a-f]{64}$/m);
  });

  it('that is one file is copied too, since settings are code', async () => {
    const { box, path, verb } = scene(shell, '.env');
    writeFileSync(path, 'SECRET=1', { mode: 0o600 });
    const ran = await verb(`copy_directory ${path} >"$RUN_DIR/stream" && receive_directory ${path} \
code1 <"$RUN_DIR/stream" && keep_directory ${path} code1 && echo 2 >${path} && \
lay_directory ${path} code1 && stat -c %a ${path}`);
    expect([ran.status, why(box)]).toEqual([0, '']);
    expect([ran.output.trim(), readFileSync(path, 'utf8')]).toEqual(['600', 'SECRET=1']);
    expect(readFileSync(join(box.root, 'live/.seatrial-fake/before-.env'), 'utf8')).toBe('2\n');
  });
});

describe('a directory that may not be read', () => {
  it('is refused with all that may not', () => {
    const { box, path } = scene('dash', 'state');
    mkdirSync(join(path, 'closed'), { recursive: true });
    for (const name of ['one', 'two']) writeFileSync(join(path, name), 'x', { mode: 0 });
    chmodSync(join(path, 'closed'), 0);
    // The user who may read everything is asked as one who may not.
    spawnSync('chmod', ['o+x', join(box.root, '..')]);
    const program = join(box.root, 'as-nobody.sh');
    writeFileSync(program, ['set -u', 'export LC_ALL=C APP=fake', stateText(['directory']),
      'fail() { echo "failed: $*"; return 1; }', 'SCRATCH=$(mktemp -d)',
      `copy_directory ${path}`, 'rm -r "$SCRATCH"', ''].join('\n'));
    const ran = process.getuid?.() === 0
      ? spawnSync('runuser', ['-u', 'nobody', '--', 'sh', program], { encoding: 'utf8' })
      : spawnSync('sh', [program], { encoding: 'utf8' });
    chmodSync(join(path, 'closed'), 0o700);
    expect(ran.stdout).toMatch(/cannot read 3 entries of .*: /);
    for (const name of ['./one', './two', './closed']) expect(ran.stdout).toContain(name);
  });
});

const without = lacks('sqlite3', 'python3');
const python = without ? '' : spawnSync('python3', ['-c', 'import sys; print(sys.executable)'],
  { encoding: 'utf8' }).stdout.trim();

function toolsWith(name: 'sqlite3' | 'python3' | 'neither'): string {
  const box = toolbox(name === 'sqlite3' ? [...usual, 'sqlite3'] : usual);
  if (name === 'python3') symlinkSync(python, join(box, 'python3'));
  return [crashShims, box].join(delimiter);
}

const withBoth = describe.skipIf(without);
withBoth.each(['sqlite3', 'python3', 'neither'] as const)('a database, with %s', (tool) => {
  it.each<Journal>(['wal', 'delete', 'hot-journal'])('that was left alone (%s) is copied by its '
    + 'files, and production stays as it is', async (kind) => {
    const { box, path, verb } = scene('dash', 'data.db');
    makeDatabase(path, kind);
    // Only root sees who has it open. Anybody else must ask as a reader of SQLite, who notes in the
    // shared index (-shm) that he reads; what he reads stays as it is.
    const isIndex = (name: string): boolean => process.getuid?.() !== 0 && name.endsWith('-shm');
    const files = (): string[][] => readdirSync(join(box.root, 'live')).map((it) => [it,
      isIndex(it) ? '' : readFileSync(join(box.root, 'live', it)).toString('base64')]);
    const before = files();
    const ran = await verb(`copy_sqlite ${path} >"$RUN_DIR/stream"`, { path: toolsWith(tool) });
    expect([ran.status, why(box)], ran.output).toEqual([0, '']);
    expect(files()).toEqual(before);
    const there = join(box.root, 'live/there.db');
    const received = await verb(`receive_sqlite ${there} state1 <"$RUN_DIR/stream"`,
      { path: toolsWith(tool) });
    expect([received.status, why(box)], received.output).toEqual([0, '']);
    const copy = join(box.root, 'live/.seatrial-fake/incoming-there.db/database');
    const count = spawnSync('python3', ['-c',
      'import sqlite3, sys; c = sqlite3.connect(sys.argv[1])\n' +
      'print(c.execute("select count(*), sum(body like \'half%\') from note").fetchall(), ' +
      'c.execute("pragma integrity_check").fetchone())', copy], { encoding: 'utf8' });
    expect(count.stdout.trim()).toBe("[(256, 0)] ('ok',)");
  });

  it('that is written is copied by the tool that is there, or as files in a quiet moment',
    async () => {
      const { box, path, verb } = scene('dash', 'data.db');
      makeDatabase(path, 'delete');
      const writer = spawn('python3', ['-c', `
import sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
c.execute("pragma journal_mode=wal")
while True:
    for _ in range(5):
        c.execute("begin immediate"); c.execute("insert into note (body) values ('a')")
        c.execute("insert into note (body) values ('b')"); c.execute("commit")
        time.sleep(0.02)
    print(flush=True); time.sleep(${tool === 'neither' ? '0.8' : '0.02'})`, path],
      { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        await new Promise((resolve) => writer.stdout.once('data', resolve));
        const ran = await verb(`copy_sqlite ${path} >"$RUN_DIR/stream" && receive_sqlite \
${path}2 state1 <"$RUN_DIR/stream"`, { path: toolsWith(tool) });
        expect([ran.status, why(box)], ran.output).toEqual([0, '']);
        expect(ran.output.includes('way\tlogical')).toBe(tool === 'sqlite3');
      } finally {
        writer.kill('SIGKILL');
      }
      const copy = join(box.root, 'live/.seatrial-fake/incoming-data.db2/database');
      const found = spawnSync('python3', ['-c', 'import sqlite3, sys; c = sqlite3.connect(' +
        'sys.argv[1])\nprint(c.execute("select sum(body = \'a\') = sum(body = \'b\') from note")' +
        '.fetchone(), c.execute("pragma integrity_check").fetchone(), ' +
        'c.execute("pragma journal_mode").fetchone())', copy], { encoding: 'utf8' });
      expect(found.stdout.trim()).toBe("(1,) ('ok',) ('wal',)");
    });
});

withBoth('rows of a database', () => {
  it('are told alike by both tools, in any order on the disk, and cast where asked', async () => {
    const { box, path, verb } = scene('dash', 'data.db');
    const make = (file: string, statements: string): void => {
      spawnSync('python3', ['-c', 'import sqlite3, sys; sqlite3.connect(sys.argv[1])' +
        '.executescript(sys.argv[2])', file, statements]);
    };
    make(path, 'create table t (a, b text collate nocase); create index i on t (b);' +
      "insert into t values (1, 'x'), (2, 'X'), (2.5, char(10)), (null, x'00')");
    make(`${path}2`, 'create table t (b text collate nocase, a, c);' +
      "insert into t (a, b) values (null, x'00'), (2, 'X'), (2.5, char(10)), ('1', 'x')");
    writeFileSync(join(box.root, 'shared'), 't\ta\ttext\nt\tb\t-\n');
    const rows = async (file: string, tool: 'sqlite3' | 'python3'): Promise<string> => {
      const ran = await verb(`rows_sqlite ${file} ${file} ${box.root}/shared`,
        { path: toolsWith(tool) });
      expect(ran.status, ran.output).toBe(0);
      return ran.output;
    };
    const first = await rows(path, 'python3');
    expect(first).toMatch(/^rows\tt\t4\t[0-9a-f]{64}\n$/);
    expect(await rows(path, 'sqlite3')).toBe(first);
    expect(await rows(`${path}2`, 'sqlite3')).toBe(first);
    make(`${path}2`, "update t set b = 'x' where b = 'X' collate binary");
    expect(await rows(`${path}2`, 'python3')).not.toBe(first);
  });
});
