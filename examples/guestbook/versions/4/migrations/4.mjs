/**
 * Nobody posts the same message twice. On its author's machine no two messages were the same; in
 * production they are, and there this fails.
 */
export function migrate(database) {
  database.exec('CREATE UNIQUE INDEX entries_message ON entries (message)');
}
