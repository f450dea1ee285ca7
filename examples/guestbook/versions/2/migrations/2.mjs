import { moodOf, tagsOf } from '../lib/reading.mjs';

/** A mood on every entry and a table of tags, both filled in for the entries that are there. */
export function migrate(database) {
  database.exec("ALTER TABLE entries ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'");
  database.exec(`
    CREATE TABLE tags (
      entry INTEGER NOT NULL REFERENCES entries (id),
      tag TEXT NOT NULL,
      PRIMARY KEY (entry, tag)
    )`);
  for (const { id, message } of database.all('SELECT id, message FROM entries')) {
    database.run('UPDATE entries SET mood = ? WHERE id = ?', [moodOf(message), id]);
    for (const tag of tagsOf(message)) {
      database.run('INSERT INTO tags (entry, tag) VALUES (?, ?)', [id, tag]);
    }
  }
}
