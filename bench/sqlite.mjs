// npm run bench -- sqlite: a SQLite database of 500 MB that is written 20 times a second comes to
// another place, by Seatrial (through its runner, proven on both sides) and by other means.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, existsSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { spread, table } from './numbers.mjs';

const { values: options } = parseArgs({ options: {
  rounds: { type: 'string', default: '3' },
  megabytes: { type: 'string', default: '500' },
  build: { type: 'string', default: join(import.meta.dirname, '../.tmp/build') },
} });
const secondsMax = 60;

const root = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'seatrial-bench-sqlite-'));
const live = join(root, 'production/data.db');
const scratch = join(root, 'scratch.db');
const copy = join(root, 'copy.db');

/** Status 137: it was killed, with all that it had started, after so many seconds. */
function sh(text, seconds = 600) {
  return spawnSync('timeout', ['-s', 'KILL', String(seconds), 'bash', '-c', text],
    { cwd: root, encoding: 'utf8' });
}

function fill() {
  for (const it of ['production', 'staging']) mkdirSync(join(root, it), { recursive: true });
  const rows = Math.round(Number(options.megabytes) * 1450);
  const ran = sh(`sqlite3 ${live} "pragma journal_mode=wal;
create table a (id integer primary key, name text, body text);
create table b (id integer primary key, body text);
with n(i) as (select 1 union all select i + 1 from n where i < ${rows})
  insert into a select i, 'name ' || i, hex(randomblob(250)) from n;
create index a_name on a (name); create index a_body on a (substr(body, 1, 40));
create table writes (id integer primary key, body text);"`);
  if (ran.status !== 0) throw new Error(ran.stderr);
}

/** Another process that commits 20 times a second, and tells the longest wait. */
async function startWriter() {
  const child = spawn('python3', ['-c', `
import sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
longest = count = 0
try:
    while True:
        began = time.time()
        c.execute("insert into writes (body) values (hex(randomblob(100)))")
        longest = max(longest, time.time() - began); count += 1
        if count == 1: print(flush=True)
        time.sleep(0.05)
except KeyboardInterrupt:
    print(longest)`, live], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return async () => {
    let text = '';
    child.stdout.on('data', (chunk) => { text += chunk; });
    child.kill('SIGINT');
    await new Promise((resolve) => child.on('close', resolve));
    return Number(text);
  };
}

async function seatrial() {
  const load = async (file) => import(pathToFileURL(join(resolve(options.build), 'src', file)));
  if (!existsSync(options.build)) throw new Error(`${options.build} is not there: npm run build`);
  const { copyToStaging } = await load('copy/copy.js');
  const { openLocal } = await load('host/local.js');
  const { parseConfig, parseStagingConfig } = await load('config/parse.js');
  const text = `application: bench
hosts: { production: local, staging: local }
records: ${root}/production/records
install: { replaces: [{ path: ${root}/production/code, from: code }] }
service: []
maintenance: { none: bench }
state: [{ sqlite: ${live} }]
checks: [{ command: "true" }]
staging: { same-host: bench, isolation: { none: bench },
  instead: [{ of: ${root}/production, use: ${root}/staging }] }
`;
  mkdirSync(join(root, 'production/code'), { recursive: true });
  const local = openLocal();
  const side = (config) => ({ config, transport: local, host: { name: 'local', open: openLocal } });
  return {
    copy: async () => {
      await copyToStaging({ production: { ...side(parseConfig(text, 'f')), machine: 'm',
        release: '', installed: 'i' }, staging: side(parseStagingConfig(text, 'f')), run: 'bench',
      report: () => undefined, cancel: new AbortController().signal, clock: () => Date.now(),
      fresh: true, readFile: async () => '' });
      return join(root, 'staging/.seatrial-bench/pristine-data.db/database');
    },
    close: async () => await local.close(),
  };
}

const byHand = (text) => async () => {
  const ran = sh(`rm -f ${scratch}* ${copy}*; ${text}`, secondsMax);
  if (ran.status === 137 || ran.signal === 'SIGKILL') return undefined;
  if (ran.status !== 0) throw new Error(ran.stderr);
  return copy;
};

function proven(path) {
  const ran = sh(`sqlite3 'file:${path}?mode=ro&immutable=1' 'pragma quick_check(1); ` +
    `select count(*) > 0 from writes'`);
  return ran.stdout === 'ok\n1\n' ? 'whole' : 'TORN OR EMPTY';
}

const tool = await seatrial();
const ways = [
  { title: 'Seatrial: one-step copy, checked, streamed, checked, kept', copy: tool.copy },
  { title: 'VACUUM INTO, quick_check, cp',
    copy: byHand(`sqlite3 ${live} "vacuum into '${scratch}'" ` +
    `&& sqlite3 ${scratch} 'pragma quick_check(1)' && cp ${scratch} ${copy} && sync ${copy}`) },
  { title: 'sqlite3 .backup, cp', copy: byHand(`sqlite3 ${live} ".backup ${scratch}" ` +
    `&& cp ${scratch} ${copy} && sync ${copy}`) },
  { title: 'cp of the live file (not a copy of one instant)',
    copy: byHand(`cp ${live} ${copy} && sync ${copy}`) },
];

try {
  fill();
  const found = ways.map(() => ({ seconds: [], waits: [], end: '' }));
  for (let round = 0; round <= Number(options.rounds); round += 1) {
    for (const [at, way] of ways.entries()) {
      // What never ends is not waited for in each round.
      if (found[at].end.startsWith('never')) continue;
      const stop = await startWriter();
      const began = performance.now();
      const path = await way.copy();
      const seconds = (performance.now() - began) / 1000;
      const wait = await stop();
      found[at].end = path === undefined
        ? `never ended: killed after ${secondsMax} s` : proven(path);
      if (round > 0 || path === undefined) found[at].seconds.push(seconds);
      if (round > 0) found[at].waits.push(wait);
    }
  }
  console.log(`${(statSync(live).size / 1e6).toFixed(0)} MB, load ${loadavg()[0].toFixed(1)}`);
  const head = ['way', 'seconds, minimum', 'median', 'longest commit of the writer, s', 'end'];
  console.log(table([head, ...ways.map(({ title }, at) => {
      const { min, median } = spread(found[at].seconds);
      const waited = Math.max(0, ...found[at].waits);
      return [title, min.toFixed(1), median.toFixed(1), waited.toFixed(2), found[at].end];
    })]));
} finally {
  await tool.close();
  rmSync(root, { recursive: true, force: true });
}
