// npm run bench -- mysql: copies of a MariaDB database by Seatrial's verbs and by others, in turn,
// between two servers of this machine. It needs mariadb-server; as root they run as user mysql.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync }
  from 'node:fs';
import { loadavg, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { spread, table } from './numbers.mjs';

const { values: options } = parseArgs({ options: {
  rounds: { type: 'string', default: '3' },
  rows: { type: 'string', default: '1000000' },
  build: { type: 'string', default: join(import.meta.dirname, '../.tmp/build') },
} });
const smallTables = Array.from({ length: 150 }, (_, at) => `small_${at + 1}`);

if (!existsSync(options.build)) throw new Error(`${options.build} is not there: npm run build`);
const { copyText } = await import(pathToFileURL(join(resolve(options.build), 'src/copy/text.js')));

const root = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'seatrial-bench-my-'));
const sides = ['production', 'staging'];
const servers = new Map();

function sh(text, how = {}) {
  const ran = spawnSync('bash', ['-c', `set -o pipefail\n${text}`], { cwd: root, encoding: 'utf8',
    ...how });
  if (ran.status !== 0) throw new Error(`${text}\n${ran.stderr}`);
  return ran.stdout;
}

const there = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const socket = (side) => join(root, side, 'socket');
const client = (side) => `--defaults-extra-file=${root}/${side}.cnf`;
const sql = (side, text, database = '') =>
  sh(`mariadb ${client(side)} --batch --skip-column-names --raw ${database}`, { input: text });

/** The settings are those of MariaDB, but for the memory: what is committed is on the disk. */
async function startServer(side) {
  const user = process.getuid() === 0 ? 'mysql' : userInfo().username;
  const place = join(root, side);
  mkdirSync(place);
  if (process.getuid() === 0) sh(`chown mysql ${place}`);
  sh(`mariadb-install-db --no-defaults --user=${user} --datadir=${place}/data \
--auth-root-authentication-method=normal --skip-test-db`);
  writeFileSync(`${place}.cnf`, `[client]\nsocket=${socket(side)}\nuser=root\n`, { mode: 0o600 });
  servers.set(side, spawn('mariadbd', ['--no-defaults', `--user=${user}`,
    `--datadir=${place}/data`, `--socket=${socket(side)}`, `--pid-file=${place}/pid`,
    `--log-error=${place}/log`, '--skip-networking', '--innodb-buffer-pool-size=512M',
    '--max-allowed-packet=64M'], { stdio: 'ignore' }));
  for (let tries = 0; spawnSync('mariadb', [client(side), '-e', 'select 1']).status !== 0;
    tries += 1) {
    if (tries > 150) throw new Error(`no server:\n${readFileSync(join(place, 'log'), 'utf8')}`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

async function stopServer(server) {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((done) => server.once('close', done));
  server.kill('SIGKILL');
  await ended;
}

/** One big table with three secondary indexes, and many small ones. */
function fill() {
  sql('production', `create database bench character set utf8mb4;
use bench;
create table orders (id bigint auto_increment primary key, customer int not null,
  at datetime not null, email varchar(60) not null, body text);
insert into orders (customer, at, email, body) select seq * 7919 % 50000,
  '2020-01-01' + interval seq * 37 % 150000000 second, concat(md5(seq), '@example.org'),
  repeat(md5(seq * 3), 8) from seq_1_to_${options.rows};
alter table orders add key by_customer (customer), add key by_time (at, customer),
  add key by_email (email);
${smallTables.map((it) => `create table ${it} (id int auto_increment primary key, item bigint,
  t varchar(30), key by_item (item));
insert into ${it} (item, t) select seq * 3, concat('x', seq) from seq_1_to_200;`).join('\n')}`);
}

/** The verbs with all that is around them in a copy. */
function writeVerbs() {
  for (const side of sides) {
    mkdirSync(join(root, `${side}-records`));
    const site = { application: 'bench', records: join(root, `${side}-records`), run: 'bench' };
    writeFileSync(join(root, `seatrial-copy-${side}.sh`), `${copyText(site, ['mysql'])}\n"$@"\n`);
  }
}

const spec = (side) => `"$(printf 'database=bench\\tdefaults=${root}/${side}.cnf')"`;
const read = `sh seatrial-copy-production.sh read_from live copy_mysql ${spec('production')}`;
const staging = (verb) => `sh seatrial-copy-staging.sh write_to ${verb}_mysql ${spec('staging')}`;
const fresh = `mariadb ${client('staging')} -e 'drop database if exists other;
create database other character set utf8mb4'`;

const ways = [
  { title: 'Seatrial: copy, receive, compare the schema, ANALYZE, keep',
    before: `${staging('discard')} state1`,
    run: `${read} | ${staging('receive')} state1 && ${staging('keep')} state1`,
    database: () => sh(`${staging('place')} state1 pristine`).trim() },
  { title: 'mariadb-dump --single-transaction \\| mariadb', before: fresh,
    run: `mariadb-dump ${client('production')} --single-transaction bench |
mariadb ${client('staging')} other`, database: () => 'other' },
  { title: 'mydumper and myloader, 2 threads each', program: 'mydumper', before: `rm -rf dump
${fresh}`, run: `mydumper -v 1 -t 2 -r 100000 -u root -S ${socket('production')} -B bench -o dump &&
myloader -v 1 -t 2 -u root -S ${socket('staging')} -d dump -s bench -B other`,
  database: () => 'other' },
  { title: 'Seatrial: lay the copy, ANALYZE', before: `mariadb ${client('staging')} \
-e 'drop database if exists bench; drop database if exists other'`,
  run: `${staging('lay')} state1`, database: () => 'bench' },
];

/** All that must be the same afterwards: the rows of each table, and the columns of each index. */
function shape(side, database) {
  return sql(side, `${['orders', ...smallTables].map((it) =>
    `select '${it}', count(*) from ${it};`).join('\n')}
select table_name, index_name, seq_in_index, column_name, non_unique
from information_schema.statistics where table_schema = '${database}'
order by table_name, index_name, seq_in_index;`, database);
}

/** CPU seconds of both servers, and of all that this process waited for. */
function cpuSeconds(ticks) {
  const of = (pid, from, to) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '')
    .split(' ').slice(from, to).reduce((sum, it) => sum + Number(it), 0);
  return ([...servers.values()].reduce((sum, { pid }) => sum + of(pid, 11, 13), 0)
    + of('self', 13, 15)) / ticks;
}

function measure(way, { ticks, expected }) {
  sh(`${way.before}\nsync`);
  const cpu = cpuSeconds(ticks);
  const start = performance.now();
  sh(way.run);
  const seconds = (performance.now() - start) / 1000;
  const found = { seconds, cpu: cpuSeconds(ticks) - cpu, load: loadavg()[0] };
  if (shape('staging', way.database()) !== expected) {
    throw new Error(`${way.title}: not what was in production`);
  }
  return found;
}

try {
  chmodSync(root, 0o755);
  for (const side of sides) await startServer(side);
  fill();
  writeVerbs();
  const known = { ticks: Number(sh('getconf CLK_TCK')), expected: shape('production', 'bench') };
  const chosen = ways.filter(({ program }) => program === undefined || there(program));
  for (const { title, program } of ways.filter((it) => !chosen.includes(it))) {
    console.error(`left out: ${title}. apt-get install --yes ${program}`);
  }
  const found = new Map(chosen.map((it) => [it.title, []]));
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const way of chosen) {
      const one = measure(way, known);
      found.get(way.title).push(one);
      console.error(`${way.title}: ${one.seconds.toFixed(1)} s, ${one.cpu.toFixed(1)} CPU-s, `
        + `load ${one.load.toFixed(1)}`);
    }
  }
  sql('production', 'analyze table orders', 'bench');
  const size = sql('production', `select sum(data_length + index_length)
from information_schema.tables where table_schema = 'bench'`);
  const { min, max } = spread([...found.values()].flat().map((it) => it.load));
  console.log(`${Math.round(Number(size) / 1e6)} MB, load ${min.toFixed(0)} to ${max.toFixed(0)}`);
  console.log(table([['way', 'seconds, least', 'most', 'CPU seconds, least', 'most'],
    ...[...found].map(([title, all]) => [title, ...['seconds', 'cpu'].flatMap((key) => {
      const of = spread(all.map((it) => it[key]));
      return [of.min.toFixed(1), of.max.toFixed(1)];
    })])]));
} finally {
  for (const server of servers.values()) await stopServer(server);
  rmSync(root, { recursive: true, force: true });
}
