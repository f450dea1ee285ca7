import { createServer } from 'node:http';
import { readFileSync, rmSync } from 'node:fs';
import { demandSchema, inTransaction, openDatabase } from './lib/database.mjs';
import { addEntry, listEntries, readEntry } from './lib/entries.mjs';
import { page } from './lib/page.mjs';
import { readEntryRequest, Refusal } from './lib/request.mjs';
import { describeUpload, readUpload, writeUpload } from './lib/uploads.mjs';

const { DATA: data, HOST: host = '127.0.0.1', PORT: port = '8080', PIDFILE: pidfile } = process.env;
const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const drainMs = 10_000;
const html = { 'content-type': 'text/html; charset=utf-8' };

const database = openDatabase(data);
try {
  demandSchema(database);
} catch (error) {
  console.error(`guestbook: ${error.message}`);
  database.close();
  process.exit(1);
}

function find(id) {
  const entry = readEntry(database, Number(id));
  if (entry === undefined) throw new Refusal(404, 'no such entry');
  return entry;
}

function list() {
  const rows = listEntries(database).map((entry) => page('row', entry)).join('');
  return { headers: html, body: page('list', { version, rows }) };
}

function show(id) {
  const entry = find(id);
  return { headers: html, body: page('entry', { ...entry, file: describeUpload(data, entry) }) };
}

function download(id) {
  const entry = find(id);
  if (entry.upload === null) throw new Refusal(404, 'this entry has no upload');
  const headers = {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${entry.upload}"`,
  };
  return { headers, body: readUpload(data, entry) };
}

function health() {
  const entries = database.get('SELECT count(*) AS count FROM entries').count;
  const headers = { 'content-type': 'application/json', 'guestbook-pid': String(process.pid) };
  return { headers, body: `${JSON.stringify({ version, entries })}\n` };
}

/** Answers only after the record and its file are on disk. */
async function add(request) {
  const { fields, upload } = await readEntryRequest(request);
  const id = inTransaction(database, () => {
    const added = addEntry(database, { ...fields, upload: upload?.name ?? null });
    if (upload !== undefined) writeUpload(data, added, upload);
    return added;
  });
  const location = `/entries/${id}`;
  const wantsJson = (request.headers['content-type'] ?? '').startsWith('application/json');
  return wantsJson
    ? { status: 201, headers: { location, 'content-type': 'application/json' },
        body: `${JSON.stringify({ id })}\n` }
    : { status: 303, headers: { location }, body: '' };
}

const routes = [
  ['GET', /^\/$/, list],
  ['GET', /^\/health$/, health],
  ['GET', /^\/entries\/(\d+)$/, (_, id) => show(id)],
  ['GET', /^\/entries\/(\d+)\/upload$/, (_, id) => download(id)],
  ['POST', /^\/entries$/, add],
];

async function answer(request) {
  const { pathname } = new URL(request.url, 'http://guestbook');
  for (const [method, pattern, work] of routes) {
    const match = pattern.exec(pathname);
    if (match !== null && request.method === method) return work(request, match[1]);
  }
  throw new Refusal(404, 'no such page');
}

function failure(error) {
  if (error instanceof Refusal) return { status: error.status, body: `${error.message}\n` };
  console.error(error.stack);
  return { status: 500, body: 'internal error\n' };
}

const server = createServer(async (request, response) => {
  const { status = 200, headers = {}, body } = await answer(request).catch(failure);
  response.writeHead(status, headers).end(body);
  console.log(`${new Date().toISOString()} ${request.method} ${request.url} ${status}`);
});

function removePidfile() {
  try {
    if (readFileSync(pidfile, 'utf8').trim() === String(process.pid)) rmSync(pidfile);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

/** Lets requests in hand end, then closes the database, which also gives its lock back. */
function stop(signal) {
  console.log(`${new Date().toISOString()} stopping on ${signal}`);
  server.close(() => {
    database.close();
    if (pidfile !== undefined) removePidfile();
    process.exit(0);
  });
  setTimeout(() => server.closeAllConnections(), drainMs).unref();
}

process.once('SIGTERM', stop);
process.once('SIGINT', stop);
server.on('error', (error) => {
  console.error(`guestbook: ${error.message}`);
  database.close();
  process.exit(1);
});
server.listen(Number(port), host, () => {
  console.log(`${new Date().toISOString()} guestbook ${version} on http://${host}:${port}/`);
});
