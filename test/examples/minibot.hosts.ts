import { spawn } from 'node:child_process';
import {
  copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { freePort } from '../fakes/free-port.ts';
import { run, type Outcome } from './guestbook.ts';

/**
 * The application of test/cases/twisted alone, without Seatrial: it behaves as the mail of 2004
 * says, so that what Seatrial is shown to prevent is what really happens. Needs python3-twisted.
 */
const source = resolve(import.meta.dirname, '../cases/twisted');
const buildsMade = 3;
let root: string;
let home: string;
let port: number;

const inRun = (name: string): string => join(home, 'run', name);
const log = (): string => readFileSync(inRun('twistd.log'), 'utf8');
const sha256 = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex');

function environment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', MINIBOT_PORT: String(port) };
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'minibot-'));
  home = join(root, 'srv');
  port = await freePort();
  const made = await run(join(source, 'setup.sh'), [String(buildsMade), home], environment());
  expect(made).toMatchObject({ code: 0 });
});

afterEach(async () => {
  await end('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

function pid(): number | undefined {
  return existsSync(inRun('twistd.pid'))
    ? Number(readFileSync(inRun('twistd.pid'), 'utf8')) : undefined;
}

function lives(process: number): boolean {
  return existsSync(`/proc/${process}`) && readFileSync(`/proc/${process}/cmdline`).length > 0;
}

/** Sends the signal, if the daemon lives, and waits until it does no longer. */
async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const number = pid();
  if (number === undefined || !lives(number)) return;
  process.kill(number, signal);
  await expect.poll(() => lives(number), { timeout: 20_000 }).toBe(false);
}

async function install(release: number): Promise<void> {
  const made = join(root, `release-${release}`);
  expect(await run(join(source, 'make.sh'), [String(release), made], environment()))
    .toMatchObject({ code: 0 });
  copyFileSync(join(made, 'minibot/minibot.py'), join(home, 'code/minibot.py'));
}

function start(): Promise<Outcome> {
  return run(join(home, 'minibot-start'), [], environment());
}

/** What the administrator of 2004 does: kill, copy the code over, empty the log, start. */
async function upgradeTo(release: number): Promise<Outcome> {
  await end('SIGTERM');
  await install(release);
  writeFileSync(inRun('twistd.log'), '');
  return start();
}

async function get(path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return `${response.status} ${(await response.text()).trim()}`;
}

async function build(): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/builds`, { method: 'POST' });
  expect(response.status).toBe(201);
}

describe('minibot', () => {
  it('keeps its history over a stop, and listens where this start says', async () => {
    expect(await get('/')).toBe('200 minibot release 1, 3 builds');
    expect(await get('/builds')).toBe('200 0\n1\n2');
    expect(await get('/build/0')).toBe('200 log of build 0');
    expect(await get('/build/3')).toMatch(/^404/);
    await end('SIGTERM');
    const before = port;
    port = await freePort();
    expect((await start()).code).toBe(0);
    expect(await get('/')).toBe('200 minibot release 1, 3 builds');
    await expect(fetch(`http://127.0.0.1:${before}/`)).rejects.toThrow();
  });

  it('is started once: not a second time, nor on another port beside itself', async () => {
    const first = pid();
    expect(await start()).toMatchObject({ code: 0 });
    expect(pid()).toBe(first);
    const publicPort = port;
    port = await freePort();
    const second = await start();
    port = publicPort;
    expect(second.code).toBe(1);
    expect(second.output).toContain(`process ${first} runs, but does not answer`);
    expect(await get('/')).toMatch(/^200/);
  });

  it('does not take a foreign or stale pidfile for itself', async () => {
    await end('SIGTERM');
    const other = spawn('sleep', ['60']);
    writeFileSync(inRun('twistd.pid'), `${other.pid}`);
    expect(await start()).toMatchObject({ code: 0 });
    expect(pid()).not.toBe(other.pid);
    expect(other.kill()).toBe(true);
  });

  it('writes its state as it stops, over the state that was there', async () => {
    const before = sha256(inRun('minibot-shutdown.tap'));
    await build();
    expect(sha256(inRun('minibot-shutdown.tap'))).toBe(before);
    await end('SIGTERM');
    expect(sha256(inRun('minibot-shutdown.tap'))).not.toBe(before);
  });

  it('loses what came after the last stop when it is killed', async () => {
    await build();
    expect(await get('/')).toContain('4 builds');
    await end('SIGKILL');
    expect((await start()).code).toBe(0);
    expect(await get('/')).toContain('3 builds');
  });
});

describe('release 2', () => {
  it('upgrades every old build', async () => {
    expect((await upgradeTo(2)).code).toBe(0);
    await build();
    expect(await get('/')).toBe('200 minibot release 2, 4 builds');
    for (const id of [0, 1, 2]) {
      expect(await get(`/build/${id}`)).toBe(`200 log of build ${id} on (unknown)`);
    }
    expect(await get('/build/3')).toBe('200 log of build 3 on w1');
    expect(log()).not.toMatch(/Traceback|AttributeError/);
  });

  it('leaves a state that release 1 refuses', async () => {
    await upgradeTo(2);
    const back = await upgradeTo(1);
    expect(back.code).toBe(1);
    expect(back.output).toContain("can't go backwards in time");
    expect(pid()).toBeUndefined();
  });
});

describe('release 3', () => {
  it('starts and lists, and fails on the first old build that somebody looks at', async () => {
    expect((await upgradeTo(3)).code).toBe(0);
    expect(await get('/')).toBe('200 minibot release 3, 3 builds');
    expect(await get('/builds')).toBe('200 0\n1\n2');
    expect(log()).not.toMatch(/Traceback|AttributeError/);
    expect(await get('/build/0')).toMatch(/^500/);
    expect(log()).toMatch(/Traceback[^]*AttributeError: 'Build' object has no attribute 'worker'/);
    await build();
    expect(await get('/build/3')).toBe('200 log of build 3 on w1');
  });

  it('spoils the state as it stops: release 2 does not mend it, only the copy does', async () => {
    await end('SIGTERM');
    const copy = join(root, 'copy.tap');
    copyFileSync(inRun('minibot-shutdown.tap'), copy);
    await upgradeTo(3);
    expect((await upgradeTo(2)).code).toBe(0);
    expect(await get('/build/0')).toMatch(/^500/);
    await end('SIGTERM');
    copyFileSync(copy, inRun('minibot-shutdown.tap'));
    expect((await upgradeTo(2)).code).toBe(0);
    // The stop inside upgradeTo found nothing running, so the copy is what was loaded.
    expect(await get('/build/0')).toBe('200 log of build 0 on (unknown)');
  });
});

describe('the case', () => {
  it('has a configuration that Seatrial takes, and three releases only', async () => {
    const config = parseConfig(readFileSync(join(source, 'seatrial.yml'), 'utf8'), 'seatrial.yml');
    expect(config.install).toMatchObject({ kind: 'in-place' });
    expect(config.checks.map((check) => check.kind)).toEqual(['http', 'log', 'records']);
    const fourth = await run(join(source, 'make.sh'), ['4', join(root, 'four')], environment());
    expect(fourth.code).toBe(2);
  });

  it('is not set up over an installation that is there', async () => {
    const again = await run(join(source, 'setup.sh'), ['1', home], environment());
    expect(again).toMatchObject({ code: 1 });
    expect(await get('/')).toContain('3 builds');
  });
});
