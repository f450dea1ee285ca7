// As much of the `sqlite3` command as Seatrial asks for, on the WebAssembly that the guestbook has:
//   sqlite3 OPTIONS FILE|file:PATH?mode=ro [SQL]
// Statements also come on standard input, one a line; rows are printed with a TAB between columns.
const { readFileSync } = require('node:fs');
const { Database } = require('node-sqlite3-wasm');

const withValue = ['-init', '-separator', '-cmd'];
const rest = [];
for (let words = process.argv.slice(2); words.length > 0; words = words.slice(1)) {
  if (withValue.includes(words[0])) words = words.slice(1);
  else if (!words[0].startsWith('-')) rest.push(words[0]);
}
const [place = ':memory:', sql] = rest;
const [, inUri, query = ''] = /^file:([^?]*)(?:\?(.*))?$/.exec(place) ?? [];
const path = inUri === undefined ? place : decodeURIComponent(inUri);
const database = new Database(path, /mode=ro/.test(query) ? { readOnly: true } : {});
const patienceMs = 60_000;

function shown(value) {
  if (value === null) return '';
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
}

function rowsOf(text) {
  const statement = database.prepare(text);
  try {
    return statement.all();
  } finally {
    statement.finalize();
  }
}

/** The guestbook may write just now. */
function patiently(act, until = Date.now() + patienceMs) {
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (!/locked|busy/i.test(error.message) || Date.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

function ask(text) {
  for (const row of patiently(() => rowsOf(text))) {
    process.stdout.write(`${Object.values(row).map(shown).join('\t')}\n`);
  }
}

try {
  const texts = sql === undefined ? readFileSync(0, 'utf8').split('\n') : [sql];
  for (const text of texts.filter((it) => it.trim() !== '')) ask(text);
} catch (error) {
  process.stderr.write(`Error: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  database.close();
}
