import { moodOf, tagsOf } from './reading.mjs';

/** The guestbook's records. `input`: { name, message, mood, upload }, `upload` a name or null. */

export function addEntry(database, input) {
  const id = database.run(
    'INSERT INTO entries (name, message, created, upload, mood) VALUES (?, ?, ?, ?, ?)',
    [input.name, input.message, new Date().toISOString(), input.upload,
      input.mood || moodOf(input.message)],
  ).lastInsertRowid;
  for (const tag of tagsOf(input.message)) {
    database.run('INSERT INTO tags (entry, tag) VALUES (?, ?)', [id, tag]);
  }
  return id;
}

export function listEntries(database) {
  return database.all('SELECT * FROM entries ORDER BY id DESC');
}

/** One record as the template shows it; undefined when there is none. */
export function readEntry(database, id) {
  const entry = database.get('SELECT * FROM entries WHERE id = ?', [id]);
  if (entry === null) return undefined;
  const rows = database.all('SELECT tag FROM tags WHERE entry = ? ORDER BY tag', [id]);
  return { ...entry, tags: rows.map((row) => row.tag).join(' ') };
}
