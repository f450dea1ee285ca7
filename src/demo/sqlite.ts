import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { repository } from './examples.ts';
import type { World } from '../run.ts';

/**
 * To look into the guestbook's database a host needs sqlite3 or python3. On a machine with
 * neither, the demonstration brings a `sqlite3` of its own: the WebAssembly that the guestbook has.
 */
export function withSqlite(world: World, directory: string): World['environment'] {
  const path = world.environment['PATH'] ?? '';
  const has = (program: string, ...words: string[]): boolean =>
    spawnSync(program, words, { env: { PATH: path }, stdio: 'ignore' }).status === 0;
  if (has('python3', '-c', 'import sqlite3; sqlite3.Connection.backup')
    || has('sqlite3', '-batch', ':memory:', 'select 1')) return world.environment;
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  const module = createRequire(join(repository, 'package.json')).resolve('node-sqlite3-wasm');
  writeFileSync(join(bin, 'sqlite3'), programText(module), { mode: 0o755 });
  return { ...world.environment, PATH: `${bin}${delimiter}${path}` };
}

/** As much of the command as Seatrial asks for: `sqlite3 OPTIONS FILE [SQL]`, rows with a TAB. */
function programText(module: string): string {
  return `#!${process.execPath}
const { Database } = require(${JSON.stringify(module)});
const { readFileSync } = require('node:fs');
const words = process.argv.slice(2);
const taken = { '-init': 1, '-separator': 1, '-cmd': 1 };
const rest = [];
for (let at = 0; at < words.length; at += 1) {
  if (words[at] in taken) at += taken[words[at]];
  else if (!words[at].startsWith('-')) rest.push(words[at]);
}
const [place = ':memory:', sql = readFileSync(0, 'utf8')] = rest;
const [, file = place, query = ''] = /^file:([^?]*)(?:\\?(.*))?$/.exec(place) ?? [];
const path = place.startsWith('file:') ? decodeURIComponent(file) : place;
const readOnly = /mode=ro/.test(query);
const database = new Database(path, readOnly ? { readOnly } : {});
const shown = (value) => value === null ? '' : value instanceof Uint8Array
  ? Buffer.from(value).toString('latin1') : String(value);
const ask = (text) => {
  const statement = database.prepare(text);
  try {
    for (const row of statement.all()) {
      process.stdout.write(Object.values(row).map(shown).join('\\t') + '\\n');
    }
  } finally { statement.finalize(); }
};
try {
  for (const text of rest.length > 1 ? [sql] : sql.split('\\n')) if (text.trim() !== '') ask(text);
} catch (error) {
  process.stderr.write('Error: ' + error.message + '\\n');
  process.exitCode = 1;
} finally { database.close(); }
`;
}
