import { openDatabase } from './lib/database.mjs';

// Prints the id of every entry, one a line, oldest first; works beside a running server.
const database = openDatabase(process.env.DATA, { readOnly: true, fileMustExist: true });
try {
  for (const { id } of database.all('SELECT id FROM entries ORDER BY id')) console.log(id);
} finally {
  database.close();
}
