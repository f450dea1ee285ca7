import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const { Database } = require('../vendor/node-sqlite3-wasm/dist/node-sqlite3-wasm.js');

const busyTimeoutMs = 5000;
const migrations = join(import.meta.dirname, '..', 'migrations');

/** The schema that this release works with: the number of its last migration. */
export const schema = Math.max(...readdirSync(migrations).map((name) => parseInt(name, 10)));

/** Opens `<data>/guestbook.sqlite`; the caller closes it, or the lock outlives the process. */
export function openDatabase(data, options = {}) {
  const database = new Database(join(data, 'guestbook.sqlite'), options);
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  return database;
}

export function schemaOf(database) {
  return database.get('PRAGMA user_version').user_version;
}

/** Throws when the database is not of exactly this release's schema. */
export function demandSchema(database) {
  const found = schemaOf(database);
  if (found < schema) {
    throw new Error(`the database is of version ${found}, this release of ${schema}: `
      + 'run `guestbook migrate` first');
  }
  if (found > schema) throw newer(found);
}

export function newer(found) {
  return new Error(`the database is of a newer version (${found}, this release knows ${schema}), `
    + 'cannot go backwards');
}

/** Runs `work` in one transaction; all of it is on disk when this returns, or nothing. */
export function inTransaction(database, work) {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
