import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { deployContext } from '../../src/commands/context.ts';
import { parseConfig } from '../../src/config/parse.ts';
import type { Config } from '../../src/config/config.ts';
import { watchedPaths } from '../../src/facts/gather.ts';
import type { HostFacts } from '../../src/facts/host-facts.ts';
import { parseFacts } from '../../src/facts/parse-facts.ts';
import type { Context } from '../../src/steps/context.ts';

const cases = resolve(import.meta.dirname, '../cases/plan');

/** Compares with test/cases/plan/<name>; UPDATE_GOLDEN=1 writes it. */
export function expectGolden(name: string, text: string): void {
  const path = join(cases, name);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, text);
  expect(text).toBe(existsSync(path) ? readFileSync(path, 'utf8') : `no file ${name}`);
}

export const configOf = (text: string): Config => parseConfig(text, 'seatrial.yml');

const tools = ['tar', 'gzip', 'sha256sum', 'flock', 'setsid', 'timeout', 'stat', 'find', 'cp', 'mv',
  'sync', 'awk', 'sed', 'df', 'du', 'base64', 'getconf', 'sort', 'curl', 'node', 'systemctl'];

/** What `facts.sh` prints on a host where all is well; `changes` by name, `undefined`: not told. */
export type Changes = Readonly<Record<string, string | undefined>>;

export function hostFacts(config: Config, changes: Changes = {}): HostFacts {
  const told: Record<string, string | undefined> = {
    user: 'deploy', uid: '1000', host: 'www', machine: 'm', boot: 'b', path: '/usr/bin:/bin',
    systemd: 'yes', 'kill-user-processes': 'b false', records: 'writable', lock: 'free',
    gate: 'open', 'boot-unit': 'yes', 'expiry-timer': 'yes', 'may-launch': 'yes',
    ...Object.fromEntries(tools.map((tool) => [`tool.${tool}`, 'yes'])),
    'tool.gnu-cp': '1', 'tool.gnu-mv': '1', 'tool.gnu-find': 'yes',
    ...unitsIn(config), ...pathsIn(config), ...changes, complete: changes['complete'] ?? 'yes',
  };
  return parseFacts(Object.entries(told).flatMap(([name, value]) =>
    (value === undefined ? [] : value.split('\n').map((line) => `${name}\t${line}\n`))).join(''));
}

function unitsIn(config: Config): Record<string, string> {
  return Object.fromEntries(config.services.flatMap((it) => (it.kind !== 'systemd' ? [] : [
    ['load', 'loaded'], ['active', 'active'], ['guarded', 'yes'], ['may-stop', 'yes'],
    ['may-start', 'yes'],
  ].map(([field = '', value = '']) => [`unit.${it.unit}.${field}`, value]))));
}

function pathsIn(config: Config): Record<string, string> {
  return Object.fromEntries(watchedPaths(config).flatMap((path) => Object.entries({
    type: typeOf(config, path), real: path, hidden: 'no', 'parent-writable': 'yes', readable: 'yes',
    writable: 'yes', exists: 'yes', 'mount-point': 'no', 'mounts-inside': '',
    'parent-device': '2049',
    free: '99000000000', bytes: '4000000', files: '7', foreign: '0', unreadable: '0',
    ...(path.endsWith('/current') ? { target: '/srv/guestbook/releases/1.0.0-aaaaaaaaaaaa' } : {}),
  }).map(([field, value]) => [`path.${path}.${field}`, value])));
}

function typeOf(config: Config, path: string): string {
  if (path.endsWith('/current')) return 'link';
  const isFile = config.state.some((it) => it.kind === 'sqlite' && it.path === path) ||
    config.checks.some((it) => it.kind === 'log' && it.file === path);
  return isFile ? 'file' : 'directory';
}

export function installedFact(version: string, run: string, more: object = {}): string {
  return Buffer.from(JSON.stringify({ schema: 1, application: 'guestbook', version,
    digest: version.padEnd(64, 'a'), run,
    release: `/srv/guestbook/releases/${version}-aaaaaaaaaaaa`,
    way: 'normal', installedAt: '2026-01-01T00:00:00Z', ...more })).toString('base64');
}

export const runOne = '20260101T000000Z-000001';

/** The facts of a host that runs 1.0.0. */
export const runsOne: Changes = {
  installed: installedFact('1.0.0', runOne), 'installed-sha256': 'f'.repeat(64),
  history: installedFact('1.0.0', runOne),
};

export const target = { version: '2.0.0', digest: 'd'.repeat(64), unpackedBytes: 3_000_000,
  archiveBytes: 1_000_000 };

export function contextOf(config: Config, changes: Changes, more: Partial<Context> = {}): Context {
  const run = more.run ?? '20260202T000000Z-000002';
  return { ...deployContext({ config, facts: hostFacts(config, changes), target, run,
    repair: '' }), ...more };
}
