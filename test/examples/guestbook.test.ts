import { createServer } from 'node:http';
import {
  existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../fakes/free-port.ts';
import { Guestbook, run } from './guestbook.ts';

let book: Guestbook;
const picture = Buffer.from([0, 255, 10, 13, 0, 7]);
const pictureDigest = createHash('sha256').update(picture).digest('hex');

beforeEach(async () => {
  book = new Guestbook(await freePort());
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) await book.make(version);
});

afterEach(() => book.remove('1.0.0'));

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${relative(directory, path)} ${sha256(path)}`).sort();
}

/** Version 1 running, with three entries, the second with an upload. */
async function startWithEntries(): Promise<void> {
  await book.must('1.0.0', 'migrate');
  await book.must('1.0.0', 'start');
  await book.add({ name: 'Ann', message: 'Lovely #harbour and #boats!' });
  const upload = { name: '../sea.bin', base64: picture.toString('base64') };
  await book.add({ name: 'Bob <b>', message: 'A picture', upload });
  await book.add({ name: 'Cleo', message: 'Quiet.' });
}

async function upgrade(from: string, to: string): Promise<void> {
  await book.must(from, 'stop');
  await book.must(to, 'migrate');
  await book.must(to, 'start');
}

describe('the generator', () => {
  it('writes the same bytes each time, and a version in each', async () => {
    const again = new Guestbook(book.port);
    try {
      await again.make('2.0.0');
      expect(listing(again.release('2.0.0'))).toEqual(listing(book.release('2.0.0')));
    } finally {
      await again.remove('2.0.0');
    }
    const about = readFileSync(join(book.release('3.0.0'), 'package.json'), 'utf8');
    expect(JSON.parse(about)).toMatchObject({ name: 'guestbook', version: '3.0.0' });
  });

  it('refuses a version that does not exist, and a directory that is taken', async () => {
    await expect(book.make('5.0.0')).rejects.toThrow("no version '5.0.0'");
    await expect(book.make('1.0.0')).rejects.toThrow('holds a release already');
  });
});

describe('version 1', () => {
  it('keeps entries and uploads, and answers only with what is there', async () => {
    await startWithEntries();
    expect(await (await book.get('/health')).json()).toEqual({ version: '1.0.0', entries: 3 });
    expect(await book.text('/')).toContain('Bob &lt;b&gt;');
    expect(await book.text('/entries/2')).toContain(`sea.bin, 6 bytes, sha256 ${pictureDigest}`);
    const file = await (await book.get('/entries/2/upload')).arrayBuffer();
    expect(Buffer.from(file)).toEqual(picture);
    expect((await book.get('/entries/4')).status).toBe(404);
    expect((await book.get('/entries/1/upload')).status).toBe(404);
    await expect(book.add({ name: 'Nobody' })).rejects.toThrow("'message' is missing");
    expect(await book.must('1.0.0', 'ids')).toBe('1\n2\n3\n');
  });

  it('takes a form with a file, as a browser sends it', async () => {
    await book.must('1.0.0', 'migrate');
    await book.must('1.0.0', 'start');
    const body = new FormData();
    body.set('name', 'Dora');
    body.set('message', 'From a form');
    body.set('upload', new File([picture], 'form.bin'));
    const url = `http://127.0.0.1:${book.port}/entries`;
    const response = await fetch(url, { method: 'POST', body, redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/entries/1']);
    expect(await book.text('/entries/1')).toContain(pictureDigest);
  });

  it('fails on an entry whose upload is gone', async () => {
    await startWithEntries();
    const uploads = join(book.data, 'uploads');
    expect(readdirSync(uploads)).toEqual(['2-_sea.bin']);
    writeFileSync(join(uploads, '2-_sea.bin'), '');
    expect(await book.text('/entries/2')).toContain('0 bytes');
    await book.script('1.0.0', "database.run(`UPDATE entries SET upload = 'gone' WHERE id = 2`)");
    expect((await book.get('/entries/2')).status).toBe(500);
  });
});

describe('migrations', () => {
  it('bring version 1 to version 2 with nothing lost, and change nothing the second time',
    async () => {
      await startWithEntries();
      await upgrade('1.0.0', '2.0.0');
      expect(await (await book.get('/health')).json()).toEqual({ version: '2.0.0', entries: 3 });
      const first = await book.text('/entries/1');
      expect(first).toContain('Mood: cheerful');
      expect(first).toContain('Tags: boats harbour');
      expect(await book.text('/entries/2')).toContain(pictureDigest);
      expect(await book.text('/entries/3')).toContain('Mood: calm');
      await book.add({ name: 'Eve', message: 'New #tag', mood: 'curious' });
      expect(await book.text('/entries/4')).toMatch(/Mood: curious[^]*Tags: tag/);
      await book.must('2.0.0', 'stop');
      const before = sha256(join(book.data, 'guestbook.sqlite'));
      expect(await book.must('2.0.0', 'migrate')).toContain('of version 2 already');
      expect(sha256(join(book.data, 'guestbook.sqlite'))).toBe(before);
    });

  it('of version 3 start well and break what was written before', async () => {
    await startWithEntries();
    await upgrade('1.0.0', '2.0.0');
    expect((await book.get('/entries/1')).status).toBe(200);
    await upgrade('2.0.0', '3.0.0');
    expect(await (await book.get('/health')).json()).toEqual({ version: '3.0.0', entries: 3 });
    expect((await book.get('/')).status).toBe(200);
    expect(readFileSync(book.log, 'utf8')).not.toContain('TypeError');
    for (const id of [1, 2, 3]) expect((await book.get(`/entries/${id}`)).status).toBe(500);
    expect(readFileSync(book.log, 'utf8')).toMatch(/TypeError: .*\n {4}at readEntry /);
    const id = await book.add({ name: 'Fay', message: 'After #three' });
    expect(await book.text(`/entries/${id}`)).toContain('Tags: three');
  });

  it('never go backwards, and no older or newer program starts on the data', async () => {
    expect((await book.command('1.0.0', 'start')).output).toContain('run `guestbook migrate`');
    await startWithEntries();
    await upgrade('1.0.0', '2.0.0');
    await book.must('2.0.0', 'stop');
    const back = await book.command('1.0.0', 'migrate');
    expect(back.code).toBe(1);
    expect(back.output).toContain('database is of a newer version (2, this release knows 1)');
    const old = await book.command('1.0.0', 'start');
    expect(old.code).toBe(1);
    expect(old.output).toContain('cannot go backwards');
    const early = await book.command('3.0.0', 'start');
    expect([early.code, existsSync(join(book.root, 'run/guestbook.pid'))]).toEqual([1, false]);
  });
});

describe('the start script', () => {
  it('says whether it runs, starts once, and stops with every entry written', async () => {
    expect((await book.command('1.0.0', 'status')).code).toBe(3);
    await startWithEntries();
    const pid = book.pid();
    expect(await book.must('1.0.0', 'status')).toContain(`process ${pid}`);
    expect(await book.must('1.0.0', 'start')).toContain(`runs already, process ${pid}`);
    const acknowledged: number[] = [];
    const writers = [1, 2, 3, 4].map(async (writer) => {
      for (;;) acknowledged.push(await book.add({ name: `writer ${writer}`, message: 'x' }));
    });
    const ended = Promise.allSettled(writers);
    await expect.poll(() => acknowledged.length).toBeGreaterThan(10);
    await book.must('1.0.0', 'stop');
    expect((await book.command('1.0.0', 'status')).code).toBe(3);
    expect(readdirSync(book.data).sort()).toEqual(['guestbook.sqlite', 'uploads']);
    expect(existsSync(join(book.root, 'run/guestbook.pid'))).toBe(false);
    const kept = (await book.must('1.0.0', 'ids')).trim().split('\n').map(Number);
    await ended;
    expect(acknowledged.filter((id) => !kept.includes(id))).toEqual([]);
  });

  it('refuses a second server on the same data, and a migration beside a running one', async () => {
    await startWithEntries();
    const elsewhere = { ...book.environment, PORT: String(await freePort()) };
    const program = join(book.release('1.0.0'), 'bin/guestbook');
    const second = await run(program, ['start'], elsewhere);
    expect(second.code).toBe(1);
    expect(second.output).toContain('does not answer on port');
    const migration = await book.command('2.0.0', 'migrate');
    expect(migration.code).toBe(1);
    expect(migration.output).toContain('stop it first');
    expect((await book.get('/entries/1')).status).toBe(200);
  });

  it('fails, and leaves nothing running, when another program has the port', async () => {
    await book.must('1.0.0', 'migrate');
    const other = createServer((_, response) => response.end('somebody else'));
    await new Promise<void>((done) => other.listen(book.port, '127.0.0.1', done));
    try {
      const { code, output } = await book.command('1.0.0', 'start');
      expect([code, output.includes('EADDRINUSE')]).toEqual([1, true]);
      expect((await book.command('1.0.0', 'status')).code).toBe(3);
    } finally {
      other.closeAllConnections();
      await new Promise((done) => other.close(done));
    }
  });
});

describe('in an installation with releases', () => {
  it('finds its data through the links to shared, also when they lead nowhere yet', async () => {
    for (const name of ['data', 'run']) {
      symlinkSync(`../shared/${name}`, join(book.release('1.0.0'), name));
    }
    symlinkSync('1.0.0', join(book.root, 'current'));
    const environment = { ...book.environment, DATA: undefined, RUN: undefined };
    const program = join(book.root, 'current/bin/guestbook');
    expect((await run(program, ['migrate'], environment)).code).toBe(0);
    expect((await run(program, ['start'], environment)).code).toBe(0);
    try {
      await book.add({ name: 'Ann', message: 'kept' });
      expect((await run(program, ['ids'], environment)).output).toBe('1\n');
      expect(readdirSync(join(book.root, 'shared/run'))).toContain('guestbook.pid');
    } finally {
      expect((await run(program, ['stop'], environment)).code).toBe(0);
    }
    expect(readdirSync(join(book.root, 'shared/data'))).toEqual(['guestbook.sqlite', 'uploads']);
  });
});

describe('after kill -9', () => {
  /** A transaction far larger than the cache, so that half of it is in the file when killed. */
  const killedInside = `
    database.exec('PRAGMA cache_size = 5');
    database.exec('BEGIN IMMEDIATE');
    for (let n = 0; n < 500; n += 1) {
      database.run('INSERT INTO entries (name, message, created) VALUES (?, ?, ?)',
        ['half', 'x'.repeat(500), '']);
    }
    database.exec("UPDATE entries SET name = 'half'");
    process.kill(process.pid, 'SIGKILL');`;

  it('the start removes the lock that nobody holds, and half a transaction is undone', async () => {
    await startWithEntries();
    process.kill(book.pid(), 'SIGKILL');
    await expect.poll(async () => (await book.command('1.0.0', 'status')).code).toBe(3);
    await book.script('1.0.0', killedInside);
    const left = ['guestbook.sqlite', 'guestbook.sqlite-journal', 'guestbook.sqlite.lock'];
    expect(readdirSync(book.data)).toEqual([...left, 'uploads']);
    expect(await book.must('1.0.0', 'start')).toContain('removing the lock');
    expect(await (await book.get('/health')).json()).toMatchObject({ entries: 3 });
    expect(await book.text('/entries/1')).toContain('Ann');
    expect(readdirSync(book.data)).toEqual(['guestbook.sqlite', 'uploads']);
  });

  it('the lock stays while a program of ours works on the data', async () => {
    await startWithEntries();
    mkdirSync(join(book.data, 'guestbook.sqlite.lock'));
    expect((await book.command('1.0.0', 'migrate')).code).toBe(1);
    expect(readdirSync(book.data)).toContain('guestbook.sqlite.lock');
  });
});
