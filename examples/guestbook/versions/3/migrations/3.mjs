/**
 * Tags become a list on the entry itself, and times become seconds. What its author forgot, and
 * what a demonstration needs: to carry the tags of the old entries over before dropping the table.
 */
export function migrate(database) {
  database.exec('ALTER TABLE entries ADD COLUMN labels TEXT');
  database.exec("UPDATE entries SET created = strftime('%s', created)");
  database.exec('DROP TABLE tags');
}
