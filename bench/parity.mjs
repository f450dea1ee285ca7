// npm run bench -- parity: what it costs to ask one host what it is like. docs/benchmarks.md
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Lab } from './lab.mjs';
import { shown, spread, table } from './numbers.mjs';

const { values: options } = parseArgs({ options: {
  rounds: { type: 'string', default: '8' },
  build: { type: 'string', default: join(import.meta.dirname, '../.tmp/build') },
  delay: { type: 'string', default: '20' },
  'require-all': { type: 'boolean', default: false },
} });

const config = `application: harbour
hosts: { production: deploy@www.example.org, staging: deploy@stage.example.org }
install: { directory: /srv/harbour, shared: [uploads] }
service: { systemd: ssh.service }
maintenance: { none: the bench }
state: [{ directory: /srv/harbour/shared/uploads }]
checks: [{ log: /var/log/harbour.log }]
`;

async function programs() {
  const load = async (file) => import(pathToFileURL(join(resolve(options.build), 'src', file)));
  if (!existsSync(options.build)) throw new Error(`${options.build} is not there: npm run build`);
  const { parityCommand, newSalt } = await load('facts/parity.js');
  const { speedCommand } = await load('facts/speed.js');
  const { parseParity, unpackParity } = await load('facts/parse-parity.js');
  const { parseConfig } = await load('config/parse.js');
  const parsed = parseConfig(config, 'seatrial.yml');
  const count = (output) => {
    const facts = parseParity(unpackParity(output) ?? '', output.length);
    if (facts === undefined) throw new Error('the host did not come to its end');
    return [...facts.items.values()].reduce((sum, items) => sum + items.size, 0);
  };
  return { parity: parityCommand(parsed, newSalt()).stdin,
    speed: speedCommand(parsed, 'staging').stdin, count };
}

function ways(lab, { parity, speed, count }) {
  const ssh = (port, word) => ['ssh', '-F', 'none', '-i', lab.key, '-p', String(port),
    '-o', 'BatchMode=yes', '-o', `UserKnownHostsFile=${lab.knownHosts}`,
    `${lab.user}@127.0.0.1`, word];
  const ansible = (port, module) => ({ argv: ['ansible', 'all', '--inventory', '127.0.0.1,',
    '--user', lab.user, '--private-key', lab.key, '--extra-vars', `ansible_port=${port}`,
    '--module-name', module], environment: {
    ANSIBLE_CONFIG: join(import.meta.dirname, 'peers/ansible/ansible.cfg'),
    ANSIBLE_SSH_ARGS: `-o ControlMaster=no -o UserKnownHostsFile=${lab.knownHosts}` } });
  return [
    { title: 'an empty command over ssh', start: (port) => ({ argv: ssh(port, 'true') }) },
    { title: 'parity', count, start: (port) => ({ argv: ssh(port, '/bin/sh -s'), stdin: parity }) },
    { title: 'probe of speed',
      start: (port) => ({ argv: ssh(port, '/bin/sh -s'), stdin: speed }) },
    { title: 'ansible -m setup', needs: 'ansible', start: (port) => ansible(port, 'setup') },
    { title: 'ansible -m package_facts', needs: 'ansible',
      start: (port) => ansible(port, 'package_facts') },
  ];
}

async function run(lab, { argv, stdin, environment }) {
  const from = process.hrtime.bigint();
  const child = spawn(argv[0], argv.slice(1), { env: { ...lab.environment, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'] });
  const chunks = [];
  child.stdout.on('data', (chunk) => { chunks.push(chunk); });
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin ?? '');
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${argv[0]} ended with ${status}`);
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  return { seconds, output: Buffer.concat(chunks) };
}

function chosen(all) {
  return all.filter(({ title, needs }) => {
    const there = needs === undefined
      || spawnSync('sh', ['-c', 'command -v -- "$1"', 'sh', needs]).status === 0;
    if (!there) {
      console.error(`${title} is left out: apt-get install --yes ansible-core`);
      if (options['require-all']) throw new Error(`${needs} is not installed`);
    }
    return there;
  });
}

/** All in turn within each round, so that a slow minute of the machine meets all of them. */
async function measure(lab, port, all) {
  const results = new Map(all.map((way) => [way, []]));
  for (let round = 0; round <= Number(options.rounds); round += 1) {
    for (const way of all) {
      const { seconds, output } = await run(lab, way.start(port));
      console.error(`round ${round}  ${way.title}: ${seconds.toFixed(2)} s`);
      const items = way.count?.(output) ?? '';
      // The first is for warming up.
      if (round > 0) results.get(way).push({ seconds, bytes: output.length, items });
    }
  }
  return results;
}

function report(results) {
  const [empty] = results.values();
  const floor = spread(empty.map((it) => it.seconds));
  return table([
    ['', 'seconds (min · median · max)', 'above the empty command (min · median)', 'kB received',
      'items'],
    ...[...results].map(([{ title }, runs]) => {
      const own = spread(runs.map((it) => it.seconds));
      const above = ['min', 'median'].map((which) => (own[which] - floor[which]).toFixed(2));
      return [title, shown(runs.map((it) => it.seconds), 2), above.join(' · '),
        (spread(runs.map((it) => it.bytes)).median / 1000).toFixed(1),
        String(runs[0]?.items ?? '')];
    }),
  ]);
}

const lab = await Lab.open(Number(options.delay));
try {
  const all = chosen(ways(lab, await programs()));
  for (const [way, port] of Object.entries(lab.ports)) {
    const results = await measure(lab, port, all);
    console.log(`## ${way}\n\n${report(results)}\n`);
  }
  console.log(`${options.rounds} counted rounds; load of the machine over five minutes: `
    + `${loadavg()[1].toFixed(1)}.`);
} finally {
  await lab.close();
}
