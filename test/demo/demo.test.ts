import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync }
  from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it, type TestContext } from 'vitest';
import { requireLinux } from '../../src/demo/demo.ts';
import { loadMaker } from '../../src/demo/examples.ts';
import { SeatrialError } from '../../src/errors.ts';
import { perform, type Direction, type Performance } from './fixture.ts';

const timeoutMs = 600_000;
const screenLines = 50;
const screenColumns = 80;

interface Sqlite {
  readonly Database: new (path: string, options: object) => {
    all(sql: string): Record<string, unknown>[];
    close(): void;
  };
}

/** Rows of a database that nobody writes; by another program than the demonstration looks with. */
function rows(path: string, sql: string): Record<string, unknown>[] {
  const { Database } = createRequire(import.meta.url)('node-sqlite3-wasm') as Sqlite;
  const database = new Database(path, { readOnly: true });
  try {
    return database.all(sql);
  } finally {
    database.close();
  }
}

const directories: string[] = [];
afterAll(() => {
  for (const path of directories) rmSync(path, { recursive: true, force: true });
});

async function performed(direction?: Direction): Promise<Performance> {
  const performance = await perform(direction);
  directories.push(performance.directory);
  return performance;
}

function failureOf({ error }: Performance): SeatrialError {
  if (error instanceof SeatrialError) return error;
  throw new Error('it was expected to fail', { cause: error });
}

/** All at once: each has its own directory and ports, and waits most of the time. */
describe.concurrent('the demonstration', { timeout: timeoutMs }, () => {
  it('holds what it says, and leaves no process behind', async ({ expect }) => {
    const { text, error, directory, left, events } = await performed();
    expect(error).toBeUndefined();
    expect(left).toEqual([]);
    for (const end of [/^1 .* DONE +[\d.ms ]+$/m, /^2 .* DONE +[\d.ms ]+$/m,
      /^3 .* REFUSED +[\d.ms ]+$/m, /^4 .* RESTORED +[\d.ms ]+$/m, /^5 .* REFUSED +[\d.ms ]+$/m,
      /^6 .* UNCHANGED +[\d.ms ]+$/m]) expect(text).toMatch(end);
    expect(text).toContain('but record 1 answers 500, not 200');
    expectKept({ expect, directory, text });
    const lines = text.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.length).toBeLessThanOrEqual(screenLines);
    expect(lines.filter((line) => line.length > screenColumns)).toEqual([]);
    // Whatever else it tells is for the live line of a terminal.
    expect(new Set(events.map((it) => it.kind))).toEqual(new Set(['activity']));
    expect(events.at(-1)).toEqual({ kind: 'activity', text: '' });
  });

  it('tells the same as JSON, and all of each deployment when asked to', async ({ expect }) => {
    const { text, events, left } = await performed({ arguments: ['--json', '--verbose'] });
    expect(left).toEqual([]);
    expect(text.trimEnd().split('\n')).toHaveLength(1);
    const told = JSON.parse(text) as { acts: { end: string; facts: { entries: number } }[] };
    expect(told.acts.map((act) => [act.end, act.facts.entries]))
      .toEqual([['done', 25], ['done', 30], ['refused', 30], ['restored', 30], ['refused', 30],
        ['unchanged', 30]]);
    const kinds = new Set(events.map((it) => it.kind));
    expect([...kinds]).toEqual(expect.arrayContaining(['step', 'milestone', 'verdict', 'output']));
  });

  it('fails where version 3 breaks nothing', async ({ expect }) => {
    const performance = await performed({ spoil: (version, tree) => {
      if (version !== '3.0.0') return;
      appendFileSync(join(tree, 'migrations/3.mjs'), `
        const broken = migrate;
        export { whole as migrate };
        function whole(database) {
          broken(database);
          database.exec("UPDATE entries SET labels = '[]'");
        }`);
      replaceIn(join(tree, 'migrations/3.mjs'), 'export function migrate', 'function migrate');
    } });
    const failure = failureOf(performance);
    // The tags are lost all the same, and that is what the rehearsal then refuses for.
    expect(failure.message).toContain('not so: the report names a record that broke');
    expect(failure.message).toContain('table tags was dropped');
    expect(performance.text).not.toMatch(/^3 /m);
    expect(performance.left).toEqual([]);
  });

  it('fails where an upgrade changes what somebody wrote', async ({ expect }) => {
    const performance = await performed({ spoil: (version, tree) => {
      if (version !== '2.0.0') return;
      replaceIn(join(tree, 'migrations/2.mjs'), 'for (const { id, message }',
        `database.run('UPDATE entries SET message = ? WHERE id = 7', ['lost']);
        for (const { id, message }`);
    } });
    expect(failureOf(performance).message).toContain('not so: the upgrade passes its rehearsal');
    expect(failureOf(performance).message).toContain('the rows of entries have another content');
    expect(performance.left).toEqual([]);
  });

  it('ends the guestbook when it is cancelled in the window', async ({ expect }) => {
    const performance = await performed({ cancelAt: (event) =>
      event.kind === 'activity' && /act 2: Migrate: /.test(event.text) });
    expect(failureOf(performance).kind).toBe('cancelled');
    expect(performance.left).toEqual([]);
    const records = join(performance.directory, 'production/var/lib/seatrial/guestbook');
    expect(existsSync(join(records, 'unfinished'))).toBe(false);
  });
});

describe('the demonstration refuses', () => {
  it('another system than Linux', ({ expect }) => {
    expect(() => requireLinux('linux')).not.toThrow();
    expect(() => requireLinux('darwin')).toThrow('darwin cannot be deployed to');
  });

  it('to begin without the guestbook, or without its SQLite', async ({ expect }) => {
    const empty = mkdtempSync(join(tmpdir(), 'seatrial-empty-'));
    directories.push(empty);
    await expect(loadMaker(empty)).rejects.toThrow('examples/guestbook, which is not there');
  });
});

function replaceIn(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
  writeFileSync(path, text.replace(from, to));
}

/** Looks by itself at what is kept: production, the rescue copy, the failed bundle, the report. */
function expectKept({ expect, directory, text }: Pick<TestContext, 'expect'> & {
  directory: string; text: string;
}): void {
  for (const name of ['reports/act-3-rehearsal.html', 'reports/act-4.md', 'rescue-copy',
    'failed-bundle']) {
    expect(text).toContain(`  ${directory}/${name}\n`);
  }
  const columns = (path: string): unknown[] =>
    rows(path, 'SELECT name FROM pragma_table_info(\'entries\')').map((row) => row['name']);
  const count = (path: string): unknown =>
    rows(path, 'SELECT count(*) AS n FROM entries')[0]?.['n'];
  const live = join(directory, 'production/srv/guestbook/shared/data/guestbook.sqlite');
  const rescue = join(directory, 'rescue-copy/database/database');
  const failed = join(directory, 'failed-bundle/state-state1');
  expect([live, rescue, failed].map(count)).toEqual([30, 25, 30]);
  expect(columns(rescue)).not.toContain('mood');
  expect(columns(live)).toContain('mood');
  expect(columns(live)).not.toContain('labels');
  expect(columns(failed)).toContain('labels');
  expect(rows(live, 'SELECT count(*) AS n FROM tags')).not.toEqual([{ n: 0 }]);
  expect(existsSync(join(directory, 'rescue-copy/uploads/5-photo-5.bin'))).toBe(true);
  const report = readFileSync(join(directory, 'reports/act-4.md'), 'utf8');
  expect(report).toContain('RESTORED');
  expect(report).toContain('record 1 answered 500');
}
