/** The guestbook's records. `input`: { name, message, upload }, `upload` a file name or null. */

export function addEntry(database, input) {
  return database.run(
    'INSERT INTO entries (name, message, created, upload) VALUES (?, ?, ?, ?)',
    [input.name, input.message, new Date().toISOString(), input.upload],
  ).lastInsertRowid;
}

export function listEntries(database) {
  return database.all('SELECT * FROM entries ORDER BY id DESC');
}

/** One record as the template shows it; undefined when there is none. */
export function readEntry(database, id) {
  return database.get('SELECT * FROM entries WHERE id = ?', [id]) ?? undefined;
}
