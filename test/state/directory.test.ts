import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, readlinkSync, lstatSync,
  symlinkSync, truncateSync, writeFileSync, chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Box } from '../transaction/sandbox.ts';
import { conformance } from './conformance.ts';
import { countingWriter, type Bench, type Site, type Writer } from './bench.ts';

/** Everything below a directory that a user could read, one line each. */
function textOf(root: string, below = ''): string {
  if (!existsSync(root)) return '';
  return readdirSync(join(root, below)).sort().map((name) => {
    const path = join(below, name);
    const found = lstatSync(join(root, path));
    const head = `${JSON.stringify(path)} ${found.mode.toString(8)}`;
    if (found.isSymbolicLink()) return `${head} -> ${readlinkSync(join(root, path))}\n`;
    if (found.isDirectory()) return `${head}\n${textOf(root, path)}`;
    const bytes = readFileSync(join(root, path));
    return `${head} ${found.mtimeMs} ${bytes.toString('base64').slice(0, 80)} ${bytes.length}\n`;
  }).join('');
}

/** Each unit is a directory with two files that comes into being by one rename. */
const writing = `
n=0
while [ ! -e "$1/../stop" ]; do
  mkdir "$1/.new" && printf '%s' "$n" >"$1/.new/a" && printf '%s' "$n" >"$1/.new/b" &&
    mv -T "$1/.new" "$1/unit-$n" || exit 1
  printf '%s' "$n" >"$1/latest"
  n=$((n + 1))
  echo "$n"
  # As people do: now and then a moment of quiet.
  [ $((n % 4)) != 0 ] || sleep 0.6
done`;

function write(root: string): Writer {
  const child: ChildProcess = spawn('sh', ['-c', writing, 'writer', root],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const writer = countingWriter(child);
  return {
    reached: writer.reached,
    async stop() {
      writeFileSync(join(root, '../stop'), '');
      const status = await writer.ended();
      rmSync(join(root, '../stop'));
      if (status !== 0) throw new Error(`the writer ended with ${status}`);
      return writer.told();
    },
  };
}

function site(box: Box): Site {
  const root = join(box.root, 'live/up loads');
  return {
    spec: `path=${root}\texclude=cache/**\\n**/*.pid`,
    fill() {
      mkdirSync(join(root, 'sub/empty'), { recursive: true });
      writeFileSync(join(root, 'sub/with a\nline\ttab'), 'strange');
      writeFileSync(join(root, '-dash'), 'x');
      writeFileSync(join(root, 'big'), Buffer.alloc(300_000, 'b'));
      linkSync(join(root, 'big'), join(root, 'second name'));
      symlinkSync('../nowhere', join(root, 'dangling'));
      writeFileSync(join(root, 'sparse'), '');
      truncateSync(join(root, 'sparse'), 1_000_000);
      writeFileSync(join(root, 'read only'), 'r');
      chmodSync(join(root, 'read only'), 0o400);
    },
    read: () => textOf(root),
    spoil() {
      writeFileSync(join(root, '-dash'), 'changed');
      rmSync(join(root, 'sub'), { recursive: true, force: true });
      writeFileSync(join(root, 'new'), 'new');
    },
    startWriting: () => write(root),
    units() {
      const names = readdirSync(root).filter((it) => it.startsWith('unit-'));
      for (const name of names) {
        const [a, b] = ['a', 'b'].map((it) => readFileSync(join(root, name, it), 'utf8'));
        if (a !== b || a !== name.slice('unit-'.length)) throw new Error(`${name} is torn`);
      }
      // What was written before what is there must be there.
      names.forEach((_, at) => {
        if (!existsSync(join(root, `unit-${at}`))) throw new Error(`unit-${at} is missing`);
      });
      return names.length;
    },
    aside: () => textOf(join(box.root, 'live/.seatrial-fake/before-up loads')),
    close: () => undefined,
  };
}

const bench: Bench = {
  kind: 'directory', site, dropsPlaces: false, programs: ['tar'], copiesLive: true,
};

// A rescue that is killed anywhere: test/transaction/verbs.ts.
conformance(bench, { without: ['crash'] });
