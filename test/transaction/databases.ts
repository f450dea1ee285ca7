import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lacks, which } from './sandbox.ts';

/** Nothing that could leave a database as a crash does. */
export const lacksSqlite = which('sqlite3') === undefined && lacks('python3');
const ownSqlite = join(import.meta.dirname, '../../examples/guestbook/sqlite3.cjs');

export type Journal = 'delete' | 'wal' | 'hot-journal';

/**
 * A real database, left as a process that was killed leaves it: with `-wal` and `-shm` where
 * `wal`, with a rollback journal of a half-written transaction where `hot-journal`.
 */
export function makeDatabase(path: string, kind: Journal): void {
  const text = [
    `pragma journal_mode=${kind === 'wal' ? 'wal' : 'delete'};`,
    'create table note (id integer primary key, body text);',
    'insert into note (body) values (hex(randomblob(400)));',
    ...Array.from({ length: 8 }, () =>
      'insert into note (body) select hex(randomblob(400)) from note;'),
    ...(kind === 'hot-journal' ? ['pragma cache_size=2;', 'begin immediate;',
      'update note set body = \'half of an update\';'] : []),
  ];
  if (kind === 'delete' && lacksSqlite) {
    spawnSync(process.execPath, [ownSqlite, path], { input: text.join('\n') });
  } else if (which('sqlite3') !== undefined) {
    const end = kind === 'delete' ? '' : '\n.shell kill -s KILL $PPID\n';
    spawnSync('sqlite3', ['-batch', path], { input: text.join('\n') + end });
  } else {
    spawnSync('python3', ['-c', python, path], { input: text.join('\n') });
  }
  const beside = kind === 'wal' ? '-wal' : kind === 'hot-journal' ? '-journal' : '';
  if (!existsSync(path + beside)) {
    throw new Error(`no ${kind} database could be made: the tests need sqlite3 or python3`);
  }
}

const python = `
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin.read().split("\\n"): connection.execute(line)
os._exit(0)`;

/** Overwrites pages in the middle: it opens, and the quick check sees it. */
export function corrupt(path: string): void {
  spawnSync('dd',
    ['if=/dev/urandom', `of=${path}`, 'bs=4096', 'seek=2', 'count=6', 'conv=notrunc']);
}
