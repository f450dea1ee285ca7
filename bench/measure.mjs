import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync }
  from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './lab.mjs';
import { countSsh, downMs, partsOf } from './numbers.mjs';
import { environmentOf } from './peers.mjs';

const settleMs = 300;
const releasesMax = 5;

/** What a host has before the first deployment: settings, data, a port of the daemon's own. */
export async function prepareHost(lab, { peer, way, cli }) {
  const target = join(lab.folder, 'srv', way, peer.name);
  const appPort = await freePort();
  mkdirSync(join(target, 'releases'), { recursive: true });
  for (const name of ['data', 'run']) mkdirSync(join(target, 'shared', name), { recursive: true });
  writeFileSync(join(target, 'shared/settings'), `NODE=${process.execPath}\nPORT=${appPort}\n`);
  for (let index = 0; index < 20; index += 1) {
    writeFileSync(join(target, 'shared/data', `${index}.txt`), `note ${index}\n`.repeat(500));
  }
  const host = { peer: peer.name, way, cli, target, appPort, port: String(lab.ports[way]) };
  peer.prepare?.(host, lab);
  return host;
}

/** One deployment; throws unless the new version serves and five releases at most are kept. */
export async function measure(lab, peer, run) {
  const prober = await lab.startHelper('prober.mjs', run.appPort);
  const logBefore = lab.log().length;
  const { argv, cwd, stdin, environment } = peer.start(run, lab);
  const from = Date.now();
  const { status, output } = await runTool(argv, {
    cwd: cwd ?? lab.folder, env: { ...environmentOf(run, lab), ...environment }, stdin });
  const to = Date.now();
  if (status !== 0) throw new Error(`${peer.name} ended with ${status}:\n${output.slice(-4000)}`);
  await assertServes(run);
  if (peer.after !== undefined) {
    await runTool(peer.after(run, lab).argv, { cwd: lab.folder, env: lab.environment });
  }
  const probes = await probesOf(prober.child);
  await sleep(settleMs);
  return {
    seconds: (to - from) / 1000,
    ...countSsh(lab.log().slice(logBefore)),
    downMs: downMs(probes),
    parts: partsIn(run, { from, to }),
  };
}

function partsIn(run, times) {
  const runs = join(run.target, 'records/runs');
  if (!existsSync(runs)) return undefined;
  const newest = readdirSync(runs).sort().at(-1);
  return partsOf(readFileSync(join(runs, newest, 'journal'), 'utf8'), times);
}

async function runTool(argv, { cwd, env, stdin }) {
  const child = spawn(argv[0], argv.slice(1), { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => { output += chunk; });
  }
  child.stdin.on('error', () => undefined);
  if (stdin === undefined) child.stdin.end();
  else createReadStream(stdin).pipe(child.stdin);
  const [status, signal] = await once(child, 'close');
  return { status: status ?? signal, output };
}

async function probesOf(child) {
  let text = '';
  child.stdout.on('data', (chunk) => { text += chunk; });
  child.stdin.end();
  await once(child, 'close');
  return JSON.parse(text);
}

async function assertServes({ peer, appPort, version, target }) {
  const served = await fetch(`http://127.0.0.1:${appPort}/`)
    .then(async (reply) => `${reply.status} ${(await reply.text()).trim()}`, () => 'nothing');
  if (served !== `200 ${version}`) {
    throw new Error(`${peer}: ${version} was deployed, but ${served} is served`);
  }
  const kept = readdirSync(join(target, 'releases'));
  if (kept.length > releasesMax) throw new Error(`${peer} keeps ${kept.join(' ')}`);
}

/** Ends the daemon that serves on a host. */
export function stopDaemon({ target }) {
  const pidfile = join(target, 'shared/run/app.pid');
  if (!existsSync(pidfile)) return;
  try {
    process.kill(Number(readFileSync(pidfile, 'utf8')));
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
