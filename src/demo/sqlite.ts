import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { repository } from './examples.ts';
import type { World } from '../run.ts';

/**
 * To look into the guestbook's database a host needs sqlite3 or python3. On a machine with
 * neither, the demonstration brings a `sqlite3` of its own (examples/guestbook/sqlite3.cjs).
 */
export function withSqlite(world: World, directory: string, node: string): World['environment'] {
  const path = world.environment['PATH'] ?? '';
  const has = (program: string, ...words: string[]): boolean =>
    spawnSync(program, words, { env: { PATH: path }, stdio: 'ignore' }).status === 0;
  if (has('python3', '-c', 'import sqlite3; sqlite3.Connection.backup')
    || has('sqlite3', '-batch', ':memory:', 'select 1')) return world.environment;
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  const program = join(repository, 'examples/guestbook/sqlite3.cjs');
  writeFileSync(join(bin, 'sqlite3'), `#!/bin/sh\nexec '${node}' '${program}' "$@"\n`,
    { mode: 0o755 });
  return { ...world.environment, PATH: `${bin}${delimiter}${path}` };
}
