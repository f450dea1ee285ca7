// npm run bench: one deployment of a 20 MB tree by each peer in turn. docs/benchmarks.md
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Lab } from './lab.mjs';
import { measure, prepareHost, stopDaemon } from './measure.mjs';
import { peers, writeConfig } from './peers.mjs';
import { makeReleases } from './releases.mjs';
import { report } from './report.mjs';

const usage = `npm run bench -- [options]
  --rounds N       rounds; the first is for warming up and is not counted (default 5)
  --ways LIST      loopback,distant (default both)
  --only LIST      these peers: ${peers.map(({ name }) => name).join(',')}
  --delay MS       one way, each direction, of the distant host (default 20)
  --cli PATH       the tool (default dist/main/index.js: npm run build)
  --json           print every measurement as JSON as well
  --require-all    fail where a peer is not installed`;

const { values: options } = parseArgs({ options: {
  rounds: { type: 'string', default: '5' },
  ways: { type: 'string', default: 'loopback,distant' },
  only: { type: 'string', default: peers.map(({ name }) => name).join(',') },
  delay: { type: 'string', default: '20' },
  cli: { type: 'string', default: join(import.meta.dirname, '../dist/main/index.js') },
  json: { type: 'boolean', default: false },
  'require-all': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} });

function isInstalled({ program }) {
  return spawnSync('sh', ['-c', 'command -v -- "$1"', 'sh', program]).status === 0;
}

/** The peers that can run; says which are missing, and how to install them. */
function choosePeers() {
  const asked = peers.filter(({ name }) => options.only.split(',').includes(name));
  const missing = asked.filter((peer) => !isInstalled(peer));
  if (missing.length > 0) {
    console.error(`not installed: ${missing.map(({ title }) => title).join(', ')}; install with\n`
      + `  apt-get install --yes ${missing.map((peer) => peer.package).join(' ')}`);
    if (options['require-all']) process.exit(1);
  }
  return asked.filter((peer) => !missing.includes(peer));
}

/** What each peer says of itself, in its first line. */
function versionsOf(chosen) {
  return chosen.flatMap(({ version }) => {
    if (version === undefined) return [];
    const { stdout, stderr } = spawnSync(version[0], version.slice(1), { encoding: 'utf8' });
    return `${stdout}${stderr}`.trim().split('\n')[0];
  });
}

/** Peers in turn within each round, so that a slow minute of the machine meets all of them. */
async function measureWay(lab, { way, chosen, releases, cli }) {
  const hosts = new Map();
  const results = new Map(chosen.map((peer) => [peer, []]));
  try {
    for (const peer of chosen) hosts.set(peer, await prepareHost(lab, { peer, way, cli }));
    for (const [round, release] of releases.entries()) {
      for (const peer of chosen) {
        const run = { ...hosts.get(peer), ...release, name: `${Date.now()}` };
        const result = await measure(lab, peer, run);
        console.error(`${way} round ${round}${round === 0 ? ' (not counted)' : ''}  `
          + `${peer.name}: ${result.seconds.toFixed(2)} s`);
        if (round > 0) results.get(peer).push(result);
      }
    }
  } finally {
    for (const host of hosts.values()) stopDaemon(host);
  }
  return { way, results };
}

async function main() {
  if (options.help) return console.log(usage);
  const cli = resolve(options.cli);
  if (!existsSync(cli)) throw new Error(`${cli} is not there: npm run build`);
  const rounds = Number(options.rounds);
  if (!(rounds >= 2)) throw new Error('--rounds must be 2 or more: the first is not counted');
  const chosen = choosePeers();
  const lab = await Lab.open(Number(options.delay));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => { lab.close().finally(() => process.exit(130)); });
  }
  try {
    console.error('packaging the releases');
    const config = writeConfig({ way: 'no', peer: 'package', port: 22, target: '/srv/harbour',
      appPort: 8080 }, lab, '');
    const releases = makeReleases(lab, { count: rounds, cli, config });
    const measured = [];
    for (const way of options.ways.split(',')) {
      measured.push(await measureWay(lab, { way, chosen, releases, cli }));
    }
    console.log(report(measured,
      { chosen, versions: versionsOf(chosen), load: loadavg()[1], options }));
  } finally {
    await lab.close();
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
