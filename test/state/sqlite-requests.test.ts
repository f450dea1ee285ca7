import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeDatabase } from '../transaction/databases.ts';
import { lacks, why } from '../transaction/sandbox.ts';
import { scene } from './scene.ts';

it.skipIf(lacks('python3'))(
  'a database that is opened for each request, for a moment, is copied while it is used',
  async () => {
    const { box, path, verb } = scene('dash', 'data.db');
    makeDatabase(path, 'wal');
    // Ten times as long closed as open, and never quiet for as long as a copy of the files takes.
    const writer = spawn('python3', ['-c', `
import sqlite3, sys, time
while True:
    c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
    c.execute("begin immediate"); c.execute("insert into note (body) values ('a')")
    c.execute("insert into note (body) values ('b')"); c.execute("commit")
    c.close(); print(flush=True); time.sleep(0.05)`, path],
    { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise((resolve) => writer.stdout.once('data', resolve));
      writer.stdout.resume();
      for (let round = 0; round < 3; round += 1) {
        const ran = await verb(`SQLITE_TRIES_MAX=2; copy_sqlite ${path} >"$RUN_DIR/stream" &&
receive_sqlite ${path}2 state1 <"$RUN_DIR/stream"`);
        expect([ran.status, why(box)], ran.output).toEqual([0, '']);
        const copy = join(box.root, 'live/.seatrial-fake/incoming-data.db2/database');
        const found = spawnSync('python3', ['-c', 'import sqlite3, sys; c = sqlite3.connect(' +
          'sys.argv[1])\nprint(c.execute("select sum(body = \'a\') = sum(body = \'b\'), ' +
          'sum(body = \'a\') > 0 from note").fetchone(), ' +
          'c.execute("pragma integrity_check").fetchone())', copy], { encoding: 'utf8' });
        expect(found.stdout.trim()).toBe("(1, 1) ('ok',)");
      }
      // It could go on all the time.
      expect(writer.exitCode).toBe(null);
    } finally {
      writer.kill('SIGKILL');
    }
  });
