import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect } from 'vitest';
import { SeatrialError } from '../../src/errors.ts';
import { openSsh, type SshOptions } from '../../src/host/ssh.ts';
import { parentsOf } from '../conformance/processes.ts';
import type { Sshd } from '../fakes/sshd.ts';

/** A folder for each test; after it no connection's folder and no ssh of one may be left. */
export function folderForEachTest(): () => string {
  let folder = '';
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'ssh-test-')); });
  afterEach(() => {
    const left = readdirSync(folder).filter((it) => it.startsWith('seatrial-'));
    expect(left, 'left behind').toEqual([]);
    expect(processesNaming(`${folder}/seatrial-`), 'left running').toEqual([]);
    rmSync(folder, { recursive: true });
  });
  return () => folder;
}

export function optionsFor(
  server: Sshd, temporaryDirectory: string, more: Partial<SshOptions> = {},
): SshOptions {
  // An empty configuration: the tests do not depend on the person's own.
  const sshConfigFile = join(server.folder, 'ssh_config');
  writeFileSync(sshConfigFile, '');
  return {
    destination: `${server.user}@127.0.0.1`, port: server.port, sshConfigFile,
    knownHostsFile: server.knownHostsFile, identityFile: server.identityFile,
    connectTimeoutMs: 5_000, keepAliveSeconds: 1, keepAliveCountMax: 2,
    temporaryDirectory, ...more,
  };
}

type Optional = 'port' | 'identityFile';

export function without(options: SshOptions, key: Optional): SshOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => name !== key)) as unknown as SshOptions;
}

export async function refusalOf(options: SshOptions): Promise<SeatrialError> {
  const error = await openSsh(options).then(() => undefined, (it: unknown) => it);
  if (!(error instanceof SeatrialError)) throw new Error('it was not refused', { cause: error });
  expect(error.kind).toBe('refused');
  expect(error.problems.every((it) => it.fix !== undefined), error.message).toBe(true);
  expect(error.message).not.toMatch(/StrictHostKeyChecking/);
  return error;
}

export function hostKeyOf(server: Sshd): string {
  return readFileSync(join(server.folder, 'host.pub'), 'utf8').trim();
}

/** Signals sshd's processes between the listener and a far process; gives their pids. */
export function killSession(server: Sshd, pid: number, signal: NodeJS.Signals): number[] {
  const parents = parentsOf(pid);
  const sessions = parents.slice(0, parents.indexOf(server.pid))
    .filter((it) => readFileSync(`/proc/${it}/comm`, 'utf8').startsWith('sshd'));
  for (const it of sessions) process.kill(it, signal);
  return sessions;
}

export function processesNaming(text: string): string[] {
  return readdirSync('/proc').filter((it) => /^\d+$/.test(it)).flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return words.includes(text) && words.startsWith('ssh\0') ? [words] : [];
    } catch {
      return [];
    }
  });
}

export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries === 200) throw new Error('it did not come true within 10 s');
    await sleep(50);
  }
}
