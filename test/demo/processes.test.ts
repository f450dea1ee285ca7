import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, realpathSync, rmSync, writeFileSync }
  from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endProcess, processOf } from '../../src/demo/processes.ts';

const world = { sleep: async (milliseconds: number) => { await sleep(milliseconds); } };
let directory: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'seatrial-processes-')));
});
afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
  rmSync(directory, { recursive: true, force: true });
});

/** Writes its pidfile when it is ready, and works in `directory`. */
async function started(program: string): Promise<{ pid: number; pidfile: string }> {
  const pidfile = join(directory, 'pid');
  const text = `${program}; require('fs').writeFileSync('pid', String(process.pid));
    setInterval(() => {}, 1000)`;
  child = spawn(process.execPath, ['-e', text], { cwd: directory, stdio: 'ignore' });
  while (!existsSync(pidfile)) await sleep(20);
  return { pid: child.pid ?? 0, pidfile };
}

it('a process is the one that the pidfile names and that works here', async () => {
  const { pid, pidfile } = await started('0');
  expect(processOf(pidfile, directory)).toBe(pid);
  expect(processOf(pidfile, '/')).toBeUndefined();
  expect(processOf(join(directory, 'none'), directory)).toBeUndefined();
  writeFileSync(pidfile, `${process.pid}\n`);
  expect(processOf(pidfile, directory)).toBeUndefined();
});

it('one that removes its pidfile long before it ends is waited for', async () => {
  const { pid } = await started(`process.on('SIGTERM', () => {
    require('fs').rmSync('pid');
    setTimeout(() => process.exit(), 700);
  })`);
  expect(await endProcess(pid, directory, world)).toBe(true);
  expect(existsSync(join(directory, 'pid'))).toBe(false);
  expect(() => readlinkSync(`/proc/${pid}/cwd`)).toThrow();
});

it('one of somebody else is left alone', async () => {
  const { pid } = await started('0');
  expect(await endProcess(pid, '/elsewhere', world)).toBe(true);
  expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(directory);
});
