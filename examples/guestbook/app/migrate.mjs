import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inTransaction, newer, openDatabase, schema, schemaOf } from './lib/database.mjs';

// Brings the database in DATA to this release's schema; each migration is one transaction together
// with its number. Running it again changes nothing.
const data = process.env.DATA;
mkdirSync(join(data, 'uploads'), { recursive: true });
const database = openDatabase(data);
try {
  const found = schemaOf(database);
  if (found > schema) throw newer(found);
  for (let next = found + 1; next <= schema; next += 1) {
    const { migrate } = await import(`./migrations/${next}.mjs`);
    inTransaction(database, () => {
      migrate(database);
      database.exec(`PRAGMA user_version = ${next}`);
    });
    console.log(`guestbook: the database is now of version ${next}`);
  }
  if (found === schema) console.log(`guestbook: the database is of version ${schema} already`);
} catch (error) {
  console.error(`guestbook: ${error.message}`);
  process.exitCode = 1;
} finally {
  database.close();
}
