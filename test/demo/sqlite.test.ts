import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withSqlite } from '../../src/demo/sqlite.ts';
import { scene } from '../state/scene.ts';
import { crashShims, temporary, toolbox, which, why } from '../transaction/sandbox.ts';
import type { World } from '../../src/run.ts';

const tools = ['awk', 'basename', 'cat', 'chmod', 'chown', 'cmp', 'cp', 'cut', 'date', 'dd', 'df',
  'dirname', 'du', 'env', 'find', 'getconf', 'getent', 'grep', 'head', 'id', 'ls', 'mkdir',
  'mktemp', 'mv', 'od', 'readlink', 'rm', 'sed', 'sh', 'sha256sum', 'sleep', 'sort', 'stat', 'tail',
  'tar', 'touch', 'tr', 'uname', 'wc', 'xargs'];

/** A machine with Node.js alone: what the demonstration brings along. */
function bare(): string {
  const path = toolbox(tools);
  const world = { environment: { PATH: path } } as unknown as World;
  const brought = withSqlite(world, temporary(), process.execPath)['PATH'] ?? '';
  expect(brought).toMatch(/\/bin:/);
  return [crashShims, brought].join(':');
}

const statements = ['create table note (id integer primary key, body text unique not null)',
  'create table of_note (note references note (id), odd blob, check (odd <> 1))',
  'create index by_odd on of_note (odd)',
  "insert into note (body) values ('one'), ('Ä' || char(9) || 'b'), ('')",
  "insert into of_note values (1, x'00ff'), (2, 1.5), (null, null)"];

describe('where only Node.js is', () => {
  it('the guestbook\'s own sqlite3 looks into a database, copies it and receives it', async () => {
    const { box, path, verb } = scene('dash', 'data.db');
    const host = { path: bare() };
    const made = spawnSync('sqlite3', [path], { env: { PATH: host.path },
      input: statements.join('\n'), encoding: 'utf8' });
    expect([made.status, made.stderr]).toEqual([0, '']);
    const look = (place: string) => verb(`objects_sqlite - ${place} && rows_sqlite - ${place} -`,
      host);
    const before = await look(path);
    expect([before.status, why(box)], before.output).toEqual([0, '']);
    expect(before.output.replaceAll(/\b[0-9a-f]{64}\b/g, 'DIGEST').trimEnd().split('\n')).toEqual([
      'column\tnote.body\tTEXT not null', 'column\tnote.id\tINTEGER primary key 1',
      'column\tof_note.note\t', 'column\tof_note.odd\tBLOB', 'constraint\tnote.unique\tbody',
      'constraint\tof_note.check\todd <> 1', 'constraint\tof_note.foreign key\tnote references ' +
      'note.id on update NO ACTION on delete NO ACTION',
      'index\tby_odd\tCREATE INDEX by_odd on of_note (odd)', 'setting\tencoding\tUTF-8',
      'table\tnote\ttable', 'table\tof_note\ttable', 'rows\tnote\t3\tDIGEST',
      'rows\tof_note\t3\tDIGEST']);
    // So the guestbook's library locks it.
    mkdirSync(`${path}.lock`);
    setTimeout(() => { rmdirSync(`${path}.lock`); }, 1500);
    const probed = await verb(`probe_sqlite ${path} state1`, host);
    expect(probed.output).toMatch(/\tschema\t[0-9a-f]{64}\n/);
    expect(existsSync(`${path}.lock`)).toBe(false);
    const copied = await verb(`copy_sqlite ${path} >"$RUN_DIR/stream" &&
receive_sqlite ${path}2 state1 <"$RUN_DIR/stream"`, host);
    expect([copied.status, why(box)], copied.output).toEqual([0, '']);
    const after = await look(join(box.root, 'live/.seatrial-fake/incoming-data.db2'));
    expect(after.output).toBe(before.output);
    for (const other of ['sqlite3', 'python3']) {
      if (which(other) === undefined) continue;
      const seen = await verb(`SQLITE_CLIENT=${other}; objects_sqlite - ${path} && ` +
        `rows_sqlite - ${path} -`);
      expect(seen.output, other).toBe(before.output);
    }
  });
});
