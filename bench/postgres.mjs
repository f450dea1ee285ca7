// npm run bench -- postgres: copies of a PostgreSQL database by Seatrial's verbs and by others, in
// turn, between two servers of this machine. It needs root and the package postgresql.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: {
  rounds: { type: 'string', default: '3' },
  scale: { type: 'string', default: '70' },
} });

const root = mkdtempSync(join(tmpdir(), 'seatrial-bench-pg-'));
const kinds = join(import.meta.dirname, '../src/state/kinds');
const ports = { production: 54871, staging: 54872 };
const postmasters = new Map();

function sh(text, how = {}) {
  const ran = spawnSync('bash', ['-c', `set -o pipefail\n${text}`], { cwd: root, encoding: 'utf8',
    env: { ...process.env, PGUSER: 'postgres', PGHOST: root }, ...how });
  if (ran.status !== 0) throw new Error(`${text}\n${ran.stderr}`);
  return ran.stdout;
}

const programs = sh('ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1').trim();
process.env.PATH = `${programs}:${process.env.PATH}`;

function startServer(name) {
  sh(`chown postgres . && runuser -u postgres -- ${programs}/initdb -D ${root}/${name} -A trust \
-U postgres -E UTF8 --locale=C.UTF-8 >/dev/null
runuser -u postgres -- ${programs}/pg_ctl -D ${root}/${name} -w -l ${root}/${name}.log \
-o '-p ${ports[name]} -k ${root} -c listen_addresses=' start >/dev/null`);
  postmasters.set(name, readFileSync(join(root, name, 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** The database of facts about copies: big tables, jsonb with an index, many small tables. */
function fill() {
  sh(`createdb -p ${ports.production} bench
pgbench -p ${ports.production} -i -q -s ${options.scale} bench >/dev/null 2>&1
psql -X -q -p ${ports.production} -v ON_ERROR_STOP=1 bench >/dev/null <<'SQL'
create index on pgbench_accounts (bid);
create index on pgbench_accounts (abalance, aid);
create table docs (id bigserial primary key, body text, j jsonb, at timestamptz default now());
insert into docs (body, j) select repeat(md5(i::text), 6), jsonb_build_object('a', i, 'tags',
  jsonb_build_array('t' || i % 50, 'u' || i % 7), 'n', md5((i * 7)::text))
from generate_series(1, 400000) i;
create index on docs using gin (j jsonb_path_ops);
create index on docs (at);
select format('create table small_%s (id serial primary key, doc bigint references docs, t text);
insert into small_%s (doc, t) select 1 + i, ''x'' || i from generate_series(1, 200) i;
create index on small_%s (doc)', i, i, i) from generate_series(1, 299) i \\gexec
analyze;
SQL`);
}

/** The verbs as they run in a copy; in the parts that a lay needs, as in a transaction. */
function verbs() {
  const text = ['base', 'postgres', 'postgres-rescue', 'postgres-copy', 'postgres-look',
    'postgres-objects', 'postgres-probe']
    .map((it) => readFileSync(join(kinds, `${it}.sh`), 'utf8'));
  writeFileSync(join(root, 'verbs.sh'), ['set -u', 'export LC_ALL=C', `SCRATCH=${root}/$1`,
    'RUN_DIR=$SCRATCH RUN=bench APP=bench', 'mkdir -p "$SCRATCH"',
    `fail() { printf 'failed: %s\\n' "$*" >&2; return 1; }`, 'say() { printf "%s\\n" "$*" >&2; }',
    ...text, 'shift', '"$@"', ''].join('\n'));
}

const spec = (name) => `"$(printf 'database=bench\\thost=${root}\\tport=${ports[name]}')"`;
const call = (name, ...words) => `sh verbs.sh ${name} ${words.join(' ')}`;
const fresh = `dropdb --if-exists -p ${ports.staging} other && createdb -p ${ports.staging} other`;
const analyze = `psql -X -q -p ${ports.staging} -c analyze other`;

const ways = [
  { title: 'Seatrial: copy, receive, ANALYZE', before: call('staging', 'discard_postgres',
    spec('staging')), run: `${call('production', 'copy_postgres', spec('production'))} |
${call('staging', 'receive_postgres', spec('staging'), 'state1')}` },
  { title: 'pg_dump \\| psql -1, ANALYZE', before: fresh,
    run: `pg_dump -p ${ports.production} bench |
psql -X -q -1 -p ${ports.staging} other >/dev/null; ${analyze}` },
  { title: 'pg_dump -Fc \\| pg_restore, ANALYZE', before: fresh,
    run: `pg_dump -Fc -p ${ports.production} bench |
pg_restore -p ${ports.staging} -d other; ${analyze}` },
  { title: 'pgcopydb clone, 2 and 2 jobs', program: 'pgcopydb', before: fresh,
    run: `rm -rf copydb; pgcopydb clone --table-jobs 2 --index-jobs 2 --dir copydb \
--source 'postgres:///bench?host=${root}&port=${ports.production}&user=postgres' \
--target 'postgres:///other?host=${root}&port=${ports.staging}&user=postgres' >/dev/null 2>&1` },
  { title: 'createdb -T of the copy', before: `dropdb --if-exists -p ${ports.staging} other`,
    pristine: true,
    run: `createdb -p ${ports.staging} --strategy=file_copy -T bench_pristine other` },
  { title: 'Seatrial: lay the copy', before: `dropdb --if-exists -p ${ports.staging} bench
dropdb --if-exists -p ${ports.staging} other`, pristine: true,
  run: call('staging', 'lay_postgres', spec('staging'), 'state1') },
];

/** CPU seconds of both servers with their ended backends, and of what this process waited for. */
function cpuSeconds() {
  const ticks = Number(sh('getconf CLK_TCK'));
  const of = (pid, from, to) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '')
    .split(' ').slice(from, to).reduce((sum, it) => sum + Number(it), 0);
  return ([...postmasters.values()].reduce((sum, pid) => sum + of(pid, 11, 15), 0)
    + of('self', 13, 15)) / ticks;
}

function measure(way) {
  sh(way.before);
  if (way.pristine && !sh(`psql -XAtl -p ${ports.staging}`).includes('bench_pristine')) {
    sh(`${ways[0].run} && ${call('staging', 'keep_postgres', spec('staging'), 'state1')}`);
  }
  sh(`sync; psql -X -q -p ${ports.staging} -d postgres -c checkpoint`);
  const cpu = cpuSeconds();
  const start = process.hrtime.bigint();
  sh(way.run);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return { seconds, cpu: cpuSeconds() - cpu, load: loadavg()[0] };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

try {
  for (const name of Object.keys(ports)) startServer(name);
  fill();
  verbs();
  const chosen = ways.filter(({ program }) => program === undefined
    || spawnSync('sh', ['-c', `command -v ${program}`]).status === 0);
  const found = new Map(chosen.map((it) => [it.title, []]));
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const way of chosen) {
      const one = measure(way);
      found.get(way.title).push(one);
      console.error(`${way.title}: ${one.seconds.toFixed(1)} s, ${one.cpu.toFixed(1)} CPU-s, `
        + `load ${one.load.toFixed(1)}`);
    }
  }
  const bytes = sh(`psql -XAt -p ${ports.production} -d bench \
-c 'select pg_database_size(current_database())'`);
  console.log(`${Math.round(Number(bytes) / 1e6)} MB\n\n| way | least s | median s | least CPU-s |`
    + ' median CPU-s |\n|---|---|---|---|---|');
  for (const [title, all] of found) {
    const numbers = ['seconds', 'cpu'].flatMap((key) => [
      Math.min(...all.map((it) => it[key])), median(all.map((it) => it[key]))]);
    console.log(`| ${title} | ${numbers.map((it) => it.toFixed(1)).join(' | ')} |`);
  }
  console.log(`\nload ${found.values().next().value.map((it) => it.load.toFixed(0)).join(', ')}`);
} finally {
  for (const name of postmasters.keys()) {
    sh(`runuser -u postgres -- ${programs}/pg_ctl -D ${root}/${name} -m immediate stop >/dev/null`);
  }
  rmSync(root, { recursive: true, force: true });
}
