import { moodOf, tagsOf } from './reading.mjs';

/** The guestbook's records. `input`: { name, message, mood, upload }, `upload` a name or null. */

export function addEntry(database, input) {
  return database.run(
    `INSERT INTO entries (name, message, created, upload, mood, labels)
     VALUES (?, ?, ?, ?, ?, ?)`,
    [input.name, input.message, String(Math.floor(Date.now() / 1000)), input.upload,
      input.mood || moodOf(input.message), JSON.stringify(tagsOf(input.message))],
  ).lastInsertRowid;
}

function readable(entry) {
  return { ...entry, created: new Date(Number(entry.created) * 1000).toISOString() };
}

export function listEntries(database) {
  return database.all('SELECT * FROM entries ORDER BY id DESC').map(readable);
}

/** One record as the template shows it; undefined when there is none. */
export function readEntry(database, id) {
  const entry = database.get('SELECT * FROM entries WHERE id = ?', [id]);
  if (entry === null) return undefined;
  return { ...readable(entry), tags: JSON.parse(entry.labels).sort().join(' ') };
}
