#!/usr/bin/env python3
"""Notes that people leave: the smallest application with a database that must not be lost."""
import http.server
import json
import os
import sqlite3
import sys

VERSION = "0.0.0"
DATABASE = os.environ.get("NOTES_DATABASE", "/srv/notes/shared/data/notes.sqlite")


def connect():
    return sqlite3.connect(DATABASE)


def migrate():
    """May run any number of times."""
    with connect() as database:
        database.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT)")
        columns = [row[1] for row in database.execute("PRAGMA table_info(notes)")]
        if "words" not in columns:
            database.execute("ALTER TABLE notes ADD COLUMN words INTEGER")
        database.execute("UPDATE notes SET words = length(text) - length(replace(text, ' ', ''))"
                         " + 1 WHERE words IS NULL")


class Notes(http.server.BaseHTTPRequestHandler):
    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with connect() as database:
            if self.path == "/health":
                count, = database.execute("SELECT count(*) FROM notes").fetchone()
                self.answer(200, {"version": VERSION, "notes": count})
                return
            wanted = self.path.removeprefix("/notes/")
            row = database.execute("SELECT text FROM notes WHERE id = ?", (wanted,)).fetchone()
            self.answer(404 if row is None else 200, {"text": None if row is None else row[0]})

    def do_POST(self):
        length = int(self.headers["content-length"])
        text = self.rfile.read(length).decode()
        with connect() as database:
            done = database.execute("INSERT INTO notes (text, words) VALUES (?, ?)",
                                    (text, len(text.split())))
            self.answer(201, {"id": done.lastrowid})


def main():
    if sys.argv[1:] == ["migrate"]:
        migrate()
    elif sys.argv[1:] == ["ids"]:
        with connect() as database:
            for row in database.execute("SELECT id FROM notes"):
                print(row[0])
    elif sys.argv[1:] == ["serve"]:
        address = ("127.0.0.1", int(os.environ["PORT"]))
        http.server.ThreadingHTTPServer(address, Notes).serve_forever()
    else:
        sys.exit("usage: notes.py serve | migrate | ids")


if __name__ == "__main__":
    main()
