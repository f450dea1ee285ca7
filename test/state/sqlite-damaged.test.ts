import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeDatabase } from '../transaction/databases.ts';
import { lacks, shells, why } from '../transaction/sandbox.ts';
import { holding, scene } from './scene.ts';

/** The root page of the one table, in the second page of a file of 4096 bytes a page. */
const at = 4096;
const nonsense = Buffer.alloc(100, 0xff);

function damage(path: string): void {
  const bytes = readFileSync(path);
  const from = bytes.subarray(0, 15).toString() === 'SQLite format 3' ? 0
    : bytes.indexOf('SQLite format 3');
  nonsense.copy(bytes, from + at);
  writeFileSync(path, bytes);
}

function crashWithLog(path: string): void {
  spawnSync('python3', ['-c', `import os, sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("pragma journal_mode=wal"); c.execute("insert into note (body) values ('last')")
os._exit(0)`, path]);
  expect(existsSync(`${path}-wal`)).toBe(true);
}

// Only root sees that nobody has what a crash left open: it copies files and checks them first.
// Anybody else lets SQLite copy it, and checks while it is sent.
describe.skipIf(lacks('python3')).each(shells)('a damaged database, in %s', (shell) => {
  it.each(['that nobody has open', 'that is in use', 'that a crash has left with its log'])(
    '%s is told, and what was sent is no copy', async (name) => {
      const { box, path, verb } = scene(shell, 'data.db');
      makeDatabase(path, 'delete');
      const crashed = name.includes('crash');
      if (crashed) crashWithLog(path);
      damage(path);
      const user = name === 'that is in use'
        ? await holding('import sys; f = open(sys.argv[1])', path) : undefined;
      try {
        const ran = await verb(`copy_sqlite ${path} >"$RUN_DIR/stream"`);
        expect(ran.status).toBe(1);
        expect(why(box)).toMatch(/data\.db is damaged: .*\. Mend it, or copy it from a backup/);
        const received = await verb(`receive_sqlite ${path}2 state1 <"$RUN_DIR/stream"`);
        expect(received.status).toBe(1);
        const checkedFirst = crashed && process.getuid?.() === 0;
        expect(why(box)).toBe(checkedFirst ? 'the stream could not be unpacked whole'
          : 'the stream ended too early');
        expect(readFileSync(join(box.runDirectory, 'stream')).includes('SQLite format'))
          .toBe(!checkedFirst);
      } finally {
        user?.kill('SIGKILL');
      }
    });

  it('is seen where it arrives', async () => {
    const { box, path, verb } = scene(shell, 'data.db');
    makeDatabase(path, 'delete');
    expect((await verb(`copy_sqlite ${path} >"$RUN_DIR/stream"`)).status).toBe(0);
    damage(join(box.runDirectory, 'stream'));
    const received = await verb(`receive_sqlite ${path}2 state1 <"$RUN_DIR/stream"`);
    expect(received.status).toBe(1);
    expect(why(box)).toMatch(/^the copy is damaged: /);
  });
});
