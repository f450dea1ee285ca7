import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync }
  from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { corrupt, lacksSqlite, makeDatabase } from './databases.ts';
import { crashShims, lacks, makeBox, need, run, runIn, shells, temporary, toolbox, which, why,
  write, type Box } from './sandbox.ts';

const makeOne = (): Box => makeBox(join(temporary(), 'box'));
const usual = ['awk', 'cat', 'cmp', 'cut', 'date', 'df', 'dirname', 'du', 'env', 'find', 'grep',
  'head', 'id', 'readlink', 'sed', 'sh', 'sort', 'stat', 'tail', 'tr', 'wc', 'sha256sum'];

function rescued(box: Box): string[] {
  const path = join(box.base, 'rescues', run);
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}

const rescue = (path: string): string => `rescue_sqlite '${path}' state1 there`;

describe.each(shells)('a rescue copy of a database, in %s', (shell) => {
  it('is refused while a process has it open, by whatever name; the process is named', async () => {
    const box = makeOne();
    const path = join(box.root, 'live/data.db');
    makeDatabase(path, 'delete');
    symlinkSync(join(box.root, 'live'), join(box.root, 'by-link'));
    const reader = spawn('sh', ['-c', `exec 7<>'${path}'; exec sleep 60`]);
    try {
      spawnSync('sleep', ['0.3']);
      for (const name of ['live', 'by-link']) {
        const ran = await runIn(box, { shell,
          text: `rm -f "$RUN_DIR/why"; ${rescue(join(box.root, name, 'data.db'))}` });
        expect(ran.status).toBe(1);
        expect(why(box)).toMatch(new RegExp(`is still open in process ${reader.pid}\\b`));
      }
      expect(rescued(box)).toEqual([]);
    } finally {
      reader.kill('SIGKILL');
    }
  });

  it.skipIf(lacksSqlite)('is refused where it changed while it was copied', async () => {
    const box = makeOne();
    const path = join(box.root, 'live/data.db');
    makeDatabase(path, 'wal');
    // A writer that nobody stopped comes in the middle of the copy.
    const shims = temporary();
    write(join(shims, 'cp'), `#!/bin/sh\n${need('cp')} "$@"; status=$?\n` +
      `case "$*" in *data.db-wal*) echo torn >>'${path}-wal' ;; esac\nexit $status\n`, 0o755);
    const ran = await runIn(box, { shell, text: rescue(path),
      path: [shims, crashShims, process.env.PATH].join(delimiter) });
    expect([ran.status, why(box)]).toEqual([1, `${path}-wal changed while it was copied`]);
    expect(rescued(box)).toEqual([]);
    await runIn(box, { shell, text: `restore_sqlite '${path}' state1` });
    expect(readdirSync(join(box.root, 'live/.seatrial-fake'))).toEqual([]);
  });
});

const withBoth = describe.skipIf(lacks('sqlite3', 'python3'));
withBoth.each(shells)('the proof of a database, in %s', (shell) => {
  const clients = [
    ['sqlite3', ['sqlite3']], ['python3', ['python3']], ['neither', []],
  ] as const;
  it.each(clients)('is opened with %s, and refused where it does not open', async (name, more) => {
    if (more.some((it) => which(it) === undefined)) throw new Error(`the tests need ${name}`);
    const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'],
      { encoding: 'utf8' }).stdout.trim();
    const box = makeOne();
    const tools = toolbox([...usual, ...more.filter((it) => it !== 'python3')]);
    if (more.some((it) => it === 'python3')) symlinkSync(python, join(tools, 'python3'));
    const path = [crashShims, tools].join(delimiter);
    const good = join(box.root, 'live/good.db');
    const bad = join(box.root, 'live/bad.db');
    const none = write(join(box.root, 'live/none.db'), 'no database at all, and not short');
    makeDatabase(good, 'hot-journal');
    makeDatabase(bad, 'delete');
    corrupt(bad);
    expect((await runIn(box, { shell, path, text: rescue(good) })).status).toBe(0);
    expect(rescued(box)[0]).toMatch(/^sqlite\t/);
    const second = async (file: string): Promise<string> => {
      await runIn(box, { shell, path,
        text: `rm -f "$RUN_DIR/why"; rescue_sqlite ${file} state2 there` });
      return why(box);
    };
    expect(await second(none)).toMatch(/^the rescue copy does not open: /);
    if (name === 'neither') return;
    expect(await second(bad)).toMatch(/^the rescue copy does not open: /);
  });

  it('keeps its bytes: proving it merges nothing', async () => {
    const box = makeOne();
    const path = join(box.root, 'live/data.db');
    makeDatabase(path, 'wal');
    await runIn(box, { shell, text: rescue(path) });
    const copy = join(box.root, `live/.seatrial-fake/rescue-${run}-state1`);
    for (const suffix of ['', '-wal', '-shm']) {
      expect(readFileSync(join(copy, `database${suffix}`)).equals(readFileSync(path + suffix)))
        .toBe(true);
    }
    expect(readdirSync(copy).sort()).toEqual(['database', 'database-shm', 'database-wal']);
  });
});

describe.each(shells)('a rescue copy of a directory, in %s', (shell) => {
  it('is refused where it is not equal, and nothing of it counts', async () => {
    const box = makeOne();
    const state = join(box.root, 'live/state');
    write(join(state, 'one'), 'x');
    const shims = temporary();
    write(join(shims, 'cp'), `#!/bin/sh\n${need('cp')} "$@"; status=$?\n` +
      `echo torn >>'${state}/one'\nexit $status\n`, 0o755);
    const ran = await runIn(box, { shell, text: `rescue_directory ${state} state1 there`,
      path: [shims, crashShims, process.env.PATH].join(delimiter) });
    expect([ran.status, why(box)]).toEqual(
      [1, expect.stringContaining(`the copy of ${state} is not equal to it`)]);
    expect(rescued(box)).toEqual([]);
  });

  it('is refused where there is nothing to copy', async () => {
    const box = makeOne();
    const ran = await runIn(box, { shell,
      text: `rescue_directory ${box.root}/live/none state1 there` });
    expect([ran.status, why(box)]).toEqual([1, expect.stringContaining(`${box.root}/live/none `)]);
  });

  it('that is gone is told: the old code must not start on what the new one left', async () => {
    const box = makeOne();
    const state = join(box.root, 'live/state');
    const database = join(box.root, 'live/data.db');
    const code = join(box.root, 'live/code');
    write(join(state, 'one'), 'old');
    write(join(code, 'main'), 'old');
    write(join(box.root, 'new/main'), 'new');
    makeDatabase(database, 'delete');
    await runIn(box, { shell, text: `rescue_directory ${state} state1 there
rescue_sqlite ${database} state2 there; stage ${code} ${box.root}/new code1; replace ${code} - code1
rm -rf ${box.root}/live/.seatrial-fake` });
    for (const undo of [`restore_directory ${state} state1`, `restore_sqlite ${database} state2`,
      `put_back ${code} - code1`]) {
      const ran = await runIn(box, { shell, text: `rm -f "$RUN_DIR/why"; ${undo}` });
      expect([ran.status, why(box)]).toEqual([1, expect.stringMatching(/ is gone$/)]);
    }
  });

  it('keeps what the failed release made of the state, whole', async () => {
    const box = makeOne();
    const state = join(box.root, 'live/state');
    write(join(state, 'one'), 'old');
    await runIn(box, { shell, text: `rescue_directory ${state} state1 there` });
    writeFileSync(join(state, 'one'), 'written by a user of the new release');
    await runIn(box, { shell, text: `restore_directory ${state} state1` });
    expect(readFileSync(join(state, 'one'), 'utf8')).toBe('old');
    expect(readFileSync(join(box.base, 'failed', run, 'state-state1/one'), 'utf8'))
      .toBe('written by a user of the new release');
  });
});

describe.each(shells)('what is unpacked, linked and recorded, in %s', (shell) => {
  it('is refused where the bytes are not those that were packaged', async () => {
    const box = makeOne();
    write(join(box.runDirectory, 'release.tar.gz'), 'other bytes');
    const ran = await runIn(box, { shell,
      text: `unpack_release ${'a'.repeat(64)} ${box.root}/live/releases/2` });
    expect([ran.status, why(box).startsWith('the tarball arrived as ')]).toEqual([1, true]);
    expect(existsSync(join(box.root, 'live/releases'))).toBe(false);
  });

  it('is refused where the release hides what is shared, or nothing is shared', async () => {
    const box = makeOne();
    write(join(box.root, 'live/2/uploads/x'), '');
    mkdirSync(join(box.root, 'live/shared/uploads'), { recursive: true });
    const link = (name: string): string =>
      `rm -f "$RUN_DIR/why"; link_shared ${box.root}/live/2 ${box.root}/live/shared ${name}`;
    expect((await runIn(box, { shell, text: link('uploads') })).status).toBe(1);
    expect(why(box)).toContain('brings its own uploads');
    expect((await runIn(box, { shell, text: link('.env') })).status).toBe(1);
    expect(why(box)).toContain('does not exist');
  });

  it('is no switch where a directory stands in the place of the link', async () => {
    const box = makeOne();
    mkdirSync(join(box.root, 'live/current'));
    const ran = await runIn(box, { shell, text: `switch_link ${box.root}/live/current /x` });
    expect([ran.status, why(box)]).toEqual([1, `${box.root}/live/current is not a symbolic link`]);
  });

  it('is refused where somebody deployed since', async () => {
    const box = makeOne();
    expect((await runIn(box, { shell, text: 'expect_installed none' })).status).toBe(0);
    write(join(box.base, 'installed.json'), '{}');
    expect((await runIn(box, { shell, text: 'expect_installed none' })).status).toBe(1);
  });

  it('has no digest where a part of the code cannot be read', async () => {
    const box = makeOne();
    write(join(box.root, 'live/code/a'), 'x');
    const digest = (paths: string): Promise<number | undefined> =>
      runIn(box, { shell, text: `digest_code ${paths}` }).then((it) => it.status);
    expect(await digest(`${box.root}/live/code`)).toBe(0);
    expect(readFileSync(join(box.runDirectory, 'code-digest'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
    expect(await digest(`${box.root}/live/code ${box.root}/live/none`)).toBe(1);
    expect(why(box)).toContain('is not there');
  });
});

/** P9: what failed never pushes out what is good, and a clock decides nothing. */
describe.each(shells)('retention, in %s', (shell) => {
  it('keeps the newest good releases, the running one, and nobody else\'s', async () => {
    const box = makeOne();
    const releases = join(box.root, 'live/releases');
    const entry = (id: string, name: string): string =>
      write(join(box.base, 'history', `${id}.json`), `{"release":"${releases}/${name}"}\n`);
    const ids = ['1', '2', '3', '4', '5'].map((it) => `2027010${it}T000000Z-aaaaaa`);
    ids.forEach((id, index) => entry(id, `r${index + 1}`));
    // The clock of the machine that deployed last is a year behind.
    entry(run, 'running');
    write(join(box.base, 'installed.json'), `{"release":"${releases}/running"}\n`);
    for (const name of ['r1', 'r2', 'r3', 'r4', 'r5', 'running', 'made-by-hand']) {
      write(join(releases, name, 'x'), '');
    }
    for (const id of [...ids, run]) write(join(box.base, 'runs', id, 'journal'), '');
    for (const failed of ['20270201T000000Z-ffffff', '20270202T000000Z-ffffff']) {
      write(join(box.base, 'failed', failed, 'release/x'), '');
    }
    const ran = await runIn(box, { shell, head: { RELEASES: releases, KEEP_FAILED: 1 },
      text: 'housekeeping' });
    expect(ran.output).toBe('');
    expect(readdirSync(releases).sort()).toEqual(['made-by-hand', 'r3', 'r4', 'r5', 'running']);
    expect(readdirSync(join(box.base, 'failed'))).toEqual(['20270202T000000Z-ffffff']);
    expect(existsSync(box.runDirectory)).toBe(true);
  });
});
