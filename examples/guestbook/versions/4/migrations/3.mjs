/** Version 3 as it should have been: the tags of the old entries are carried over. */
export function migrate(database) {
  database.exec(`
    ALTER TABLE entries ADD COLUMN labels TEXT;
    UPDATE entries SET created = strftime('%s', created), labels = (
      SELECT json_group_array(tag) FROM tags WHERE tags.entry = entries.id);
    DROP TABLE tags`);
}
