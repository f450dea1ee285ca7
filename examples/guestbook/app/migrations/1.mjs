export function migrate(database) {
  database.exec(`
    CREATE TABLE entries (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      message TEXT NOT NULL,
      created TEXT NOT NULL,
      upload TEXT
    )`);
}
