import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scene, type Scene } from './scene.ts';
import { lacks, need, type Box } from '../transaction/sandbox.ts';
import { countingWriter, type Bench, type Site, type Writer } from './bench.ts';
import { conformance } from './conformance.ts';

/** All rows and the schema of a database, opened as a copy so that it stays as it is. */
const reading = `
import shutil, sqlite3, sys, tempfile, os
d = tempfile.mkdtemp()
for suffix in ("", "-wal", "-journal"):
    if os.path.exists(sys.argv[1] + suffix): shutil.copy(sys.argv[1] + suffix, d + "/x" + suffix)
c = sqlite3.connect(d + "/x")
for name, sql in c.execute("select name, sql from sqlite_master order by name").fetchall():
    print(name, sql)
    if sql and sql.startswith("CREATE TABLE"):
        for row in c.execute('select * from "%s" order by 1' % name): print(row)
shutil.rmtree(d)`;

const writing = `
import os, sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
n = 0
while not os.path.exists(sys.argv[1] + ".stop"):
    c.execute("begin immediate")
    c.execute("insert into unit_a values (?)", (n,))
    c.execute("insert into unit_b values (?)", (n,))
    c.execute("commit")
    n += 1
    print(n, flush=True)
    time.sleep(0.02)`;

const counting = `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
a = [r[0] for r in c.execute("select n from unit_a order by n")]
b = [r[0] for r in c.execute("select n from unit_b order by n")]
assert a == b == list(range(len(a))), "torn"
assert c.execute("pragma integrity_check").fetchone()[0] == "ok"
print(len(a))`;

function python(text: string, ...words: readonly string[]): string {
  const ran = spawnSync(need('python3'), ['-c', text, ...words], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return ran.stdout;
}

function sql(path: string, text: string): void {
  python('import sqlite3, sys\nsqlite3.connect(sys.argv[1]).executescript(sys.argv[2])', path,
    text);
}

function write(path: string): Writer {
  const child: ChildProcess = spawn(need('python3'), ['-c', writing, path],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const writer = countingWriter(child);
  return {
    reached: writer.reached,
    async stop() {
      writeFileSync(`${path}.stop`, '');
      const status = await writer.ended();
      rmSync(`${path}.stop`);
      if (status !== 0) throw new Error(`the writer ended with ${status}`);
      return writer.told();
    },
  };
}

function site(mode: 'wal' | 'delete'): (box: Box) => Site {
  return (box) => {
    const path = join(box.root, "live/my 'data'#1%.db");
    return {
      spec: path,
      fill() {
        sql(path, `pragma journal_mode=${mode};
          create table note (id integer primary key, body text collate nocase, odd blob);
          create table unit_a (n int unique); create table unit_b (n int check (n >= 0));
          create table loose (a, b references note (id));
          create index by_body on note (body);
          create view short as select substr(body, 1, 3) from note;
          create trigger gone after delete on note begin delete from loose where b = old.id; end;
          insert into note (body, odd) values ('Ä' || char(0) || 'x', x'00ff'), ('a', null),
            ('A', 1.5);
          insert into note (body) select hex(randomblob(500)) from note a, note b, note c, note d;
          insert into loose select id % 3, id from note;
          insert into loose values (1, 1), (1.0, 1);`);
      },
      read: () => (existsSync(path) ? python(reading, path) : ''),
      spoil() {
        sql(path, 'create table if not exists more (x); insert into more values (1); \
          create table if not exists note (id integer, body); delete from note where id % 2 = 0;');
      },
      startWriting: () => write(path),
      units: () => Number(python(counting, path)),
      aside() {
        const there = join(box.root, "live/.seatrial-fake/before-my 'data'#1%.db/database");
        return existsSync(there) ? python(reading, there) : '';
      },
      close: () => undefined,
    };
  };
}

for (const mode of lacks('python3') ? [] : ['wal', 'delete'] as const) {
  const bench: Bench = {
    kind: 'sqlite', site: site(mode), dropsPlaces: false, programs: [], copiesLive: true,
  };
  // A rescue that is killed anywhere: test/transaction/verbs.ts. It goes by files, in both modes.
  conformance(bench, { without: mode === 'wal' ? ['crash']
    : ['crash', 'rescue', 'bring', 'look'] });
}

describe.skipIf(lacks('python3', 'sqlite3'))('the schema of a database', () => {
  const each = it.each(['python3', 'sqlite3']);
  const probed = async (it: Scene, client: string): Promise<string> =>
    (await it.verb(`SQLITE_CLIENT=${client}; probe_sqlite ${it.path} state1`)).output;

  each('is read with %s when who writes has ended', async (client) => {
    const one = scene('dash', 'data.db');
    sql(one.path, 'create table t (a)');
    const free = await probed(one, client);
    expect(free).toMatch(/\tschema\t[0-9a-f]{64}\n/);
    const writer = spawn(need('python3'), ['-c', `import sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute("begin exclusive")
print(flush=True); time.sleep(1)`, one.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    const schema = (text: string): string | undefined => /schema\t(\w+)/.exec(text)?.[1];
    expect(schema(await probed(one, client))).toBe(schema(free));
  });

  each('that %s cannot read is told, and is no schema', async (client) => {
    const one = scene('dash', 'data.db');
    writeFileSync(one.path, 'no database at all, and not short');
    const told = await probed(one, client);
    expect(told).toMatch(/problem\tthe schema of .*data\.db could not be read: .*not a database/);
    expect(told).not.toMatch(/\tschema\t/);
  });
});

it.skipIf(lacks('python3')).each(['UTF-8', 'UTF-16le', 'UTF-16be'])(
  'an encoding is told of the file, whatever program looks: %s', async (encoding) => {
    const { path, verb } = scene('dash', 'data.db');
    sql(path, `pragma encoding = '${encoding}'; create table t (a); insert into t values ('Ä')`);
    expect((await verb(`objects_sqlite - ${path}`)).output)
      .toContain(`setting\tencoding\t${encoding}\n`);
  });
