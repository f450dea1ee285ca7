import { execFile, execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync }
  from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/**
 * nektos/act, and the Node 24 that it has to find on PATH: it runs every action with `node`. What
 * the machine has is taken; what it lacks is made once, and kept under the temporary directory.
 */
const actModule = 'github.com/nektos/act';
const actVersion = '0.2.89';
const nodeVersion = '24.21.0';
/** A module cache that is empty, and two slow cores. */
const buildTimeoutMs = 900_000;

export interface Tools {
  /** Path of the program. */
  readonly act: string;
  readonly node24: string;
}

/** Why there can be no act here; a server that checks changes must have it, a laptop need not. */
export function missingAct(environment: NodeJS.ProcessEnv): string | undefined {
  if (ownAct(environment) !== undefined || existsSync(builtAct(environment))) return undefined;
  if (onPath('go', environment) !== undefined) return undefined;
  const message = 'act is not here, and neither is Go, which builds it: install one of them, or ' +
    'name act by SEATRIAL_ACT';
  if ((environment['CI'] ?? '') !== '') throw new Error(message);
  return message;
}

export async function findTools(environment: NodeJS.ProcessEnv): Promise<Tools> {
  return { act: ownAct(environment) ?? await buildAct(environment),
    node24: await findNode24(environment) };
}

function ownAct(environment: NodeJS.ProcessEnv): string | undefined {
  const named = environment['SEATRIAL_ACT'] ?? '';
  return named === '' ? onPath('act', environment) : named;
}

const builtAct = (environment: NodeJS.ProcessEnv): string =>
  join(cache(`act-${actVersion}`, environment), 'act');

async function buildAct(environment: NodeJS.ProcessEnv): Promise<string> {
  const built = builtAct(environment);
  await makeOnce(built, async (scratch) => {
    await promisify(execFile)('go', ['install', `${actModule}@v${actVersion}`], {
      env: { ...environment, GOBIN: scratch }, timeout: buildTimeoutMs });
  });
  return built;
}

/** The Node.js that runners run actions with, which may be newer than the test's own. */
export async function findNode24(environment: NodeJS.ProcessEnv): Promise<string> {
  const named = environment['SEATRIAL_NODE24'] ?? '';
  if (named !== '') return named;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const modules = join(cache(`node-${nodeVersion}`, environment), 'node_modules');
  await makeOnce(modules, async (scratch) => {
    await promisify(execFile)('npm', ['install', '--no-save', '--no-audit', '--no-fund',
      '--prefix', scratch, `${name}@${nodeVersion}`], { env: environment,
      timeout: buildTimeoutMs });
  });
  const node = join(modules, name, 'bin/node');
  execFileSync(node, ['--version']);
  return node;
}

/** Of this user alone: what lies there is run, maybe as root. */
function cache(name: string, environment: NodeJS.ProcessEnv): string {
  const own = `seatrial-test-${name}-${process.getuid?.() ?? 0}`;
  const directory = join(environment['TMPDIR'] ?? tmpdir(), own);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(directory);
  if (uid !== process.getuid?.() || (mode & 0o22) !== 0) {
    throw new Error(`${directory} can be written by somebody else: remove it`);
  }
  return directory;
}

/** Two at once make it twice, and one of them is kept. */
async function makeOnce(path: string, make: (scratch: string) => Promise<void>): Promise<void> {
  if (existsSync(path)) return;
  const scratch = mkdtempSync(join(dirname(path), 'scratch-'));
  try {
    await make(scratch);
    if (!existsSync(path)) renameSync(join(scratch, path.slice(dirname(path).length)), path);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function onPath(program: string, { PATH = '' }: NodeJS.ProcessEnv): string | undefined {
  return PATH.split(delimiter).map((it) => join(it, program)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}
