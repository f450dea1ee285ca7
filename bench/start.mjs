// npm run bench -- start [--rounds N]: how long a step takes until it does its first work, beside
// the floor (node with nothing to do) and a peer: the same libraries in one bundle that loads them
// when it starts, as actions commonly are built.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { shown, spread, table } from './numbers.mjs';

const root = resolve(import.meta.dirname, '..');
const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const rounds = Number(options.rounds);
const megabyte = 1_000_000;

const eager = `
import * as core from '@actions/core';
import * as exec from '@actions/exec';
import { DefaultArtifactClient } from '@actions/artifact';
import { Octokit } from '@octokit/rest';
import { TarArchive } from 'archiver';
core.getInput('command');
if (process.env.NEVER) console.log(exec, DefaultArtifactClient, Octokit, TarArchive);
`;

/** Bundled beside this repository's modules, by the same bundler with the same words. */
function bundlePeer() {
  const folder = mkdtempSync(join(root, '.tmp', 'bench-start-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'eager.js'), eager);
  const ncc = createRequire(import.meta.url).resolve('@vercel/ncc/dist/ncc/cli.js');
  execFileSync(process.execPath, [ncc, 'build', join(folder, 'eager.js'), '--out',
    join(folder, 'out'), '--no-cache', '--minify', '--quiet'], { stdio: 'ignore' });
  return folder;
}

/** A step that is refused as soon as it has read its inputs, its job and its configuration. */
const environment = {
  PATH: process.env.PATH, INPUT_COMMAND: 'package', INPUT_TAG: 'v1', INPUT_CONFIG: '/none.yml',
  'INPUT_GITHUB-TOKEN': 'none', GITHUB_REPOSITORY: 'a/b', GITHUB_RUN_ID: '1',
  GITHUB_ACTIONS: 'true', GITHUB_STATE: '/dev/null', GITHUB_OUTPUT: '/dev/null',
};

function seconds(words, expected) {
  const from = performance.now();
  const { status, stdout } = spawnSync(process.execPath, words, { env: environment });
  const took = (performance.now() - from) / 1000;
  if (status !== expected) throw new Error(`${words.join(' ')} ended with ${status}:\n${stdout}`);
  return took;
}

const sizeOf = (folder) => readdirSync(folder).filter((it) => it.endsWith('.js'))
  .reduce((all, name) => all + statSync(join(folder, name)).size, 0) / megabyte;

const peer = bundlePeer();
try {
  const ours = join(root, 'dist', 'main');
  const ways = [
    { title: 'node with nothing to do', words: ['--eval', '0'], expected: 0, size: 0 },
    { title: 'Seatrial', words: [join(ours, 'index.js')], expected: 2, size: sizeOf(ours) },
    { title: 'the same libraries, loaded at the start', words: [join(peer, 'out', 'index.js')],
      expected: 0, size: sizeOf(join(peer, 'out')) },
  ].map((way) => ({ ...way, times: [] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const way of ways) {
      const took = seconds(way.words, way.expected);
      if (round > 0) way.times.push(took);
    }
  }
  const floor = spread(ways[0].times);
  console.log(`${rounds} counted rounds, in turn; min · median · max; Node.js ${process.version}; `
    + `load ${loadavg()[1].toFixed(1)}.\n`);
  console.log(table([
    ['a step until its first work', 'seconds', 'ratio to the floor (min · median)', 'bundle, MB'],
    ...ways.map(({ title, times, size }) => [title, shown(times, 2),
      ['min', 'median'].map((it) => (spread(times)[it] / floor[it]).toFixed(1)).join(' · '),
      size === 0 ? '-' : size.toFixed(2)]),
  ]));
} finally {
  rmSync(peer, { recursive: true, force: true });
}
