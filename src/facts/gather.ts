import { readFileSync } from 'node:fs';
import { SeatrialError } from '../errors.ts';
import { command, type Command } from '../command/command.ts';
import { quote } from '../command/quote.ts';
import type { Config, ServiceConfig, UserCommand } from '../config/config.ts';
import type { Transport } from '../host/transport.ts';
import { kindsOf, pathsOf, plannedStates } from '../state/spec.ts';
import { stateText } from '../state/text.ts';
import type { HostFacts } from './host-facts.ts';
import { parseFacts } from './parse-facts.ts';

const factsTimeoutMs = 120_000;

const tools = ['tar', 'gzip', 'sha256sum', 'flock', 'setsid', 'timeout', 'stat', 'find', 'cp', 'mv',
  'sync', 'awk', 'sed', 'df', 'du', 'base64', 'getconf', 'sort', 'head', 'tail', 'getfacl', 'curl',
  'node', 'sudo', 'runuser', 'sqlite3', 'python3', 'systemctl', 'getent'];

/** A staging is also asked for what isolates the copy; its configuration has `instead` applied. */
export type Where = 'production' | 'staging';

/** All facts that a plan needs, in one round trip; read-only, as the login's own user. */
export async function gatherFacts(transport: Transport, config: Config,
  where: Where = 'production'): Promise<HostFacts> {
  const result = await transport.run(factsCommand(config, where), { timeoutMs: factsTimeoutMs });
  if (result.outcome.kind === 'unknown') {
    throw new SeatrialError('refused', [{
      message: `${transport.name} did not tell its facts: ${result.outcome.why}`,
      fix: 'Nothing was touched; look at the connection and run it again.',
    }]);
  }
  return parseFacts(result.stdout);
}

/** The program travels on standard input, so that any login shell will do. */
export function factsCommand(config: Config, where: Where = 'production'): Command {
  const { isolation, sameHost } = config.staging;
  // On one machine a rule for staging's users must not hold for production's.
  const asksIsolation = isolation.kind === 'network'
    && (where === 'staging' || sameHost !== undefined);
  const script = readFileSync(new URL('./facts.sh', import.meta.url), 'utf8') +
    (asksIsolation ? readFileSync(new URL('./isolation.sh', import.meta.url), 'utf8') : '');
  const calls = [
    call('fact_host'),
    call('fact_tools', ...tools),
    call('fact_records', config.records),
    call('fact_units', config.application, config.records, ...unitsOf(config)),
    call('fact_accounts', ...accountsOf(config)),
    ...watchedPaths(config).map((path) => call('fact_path', path)),
    ...sizedPaths(config).flatMap((path) =>
      [call('fact_size', path), call('fact_side', path, config.application)]),
    ...config.services.flatMap((it) =>
      (it.kind === 'pidfile' ? [call('fact_pidfile', it.pidfile)] : [])),
    ...plannedStates(config).map((it) => call('fact_state', it.kind, it.spec, it.label)),
    ...(asksIsolation ? [call('fact_isolation', config.application, ...unitsOf(config))] : []),
    call('fact', 'complete', 'yes'),
  ];
  return { ...command('/bin/sh', '-s'), stdin: `${script}\n` +
    `${stateText(kindsOf(config))}\n${calls.join('\n')}\n` };
}

function call(...words: readonly string[]): string {
  return words.map(quote).join(' ');
}

/** Users that commands of the configuration name, and clients of its databases run as. */
export function accountsOf(config: Config): string[] {
  const clients = config.state.flatMap((it) => ('as' in it ? it.as ?? [] : []));
  return [...new Set([...commandsOf(config).flatMap((it) => it.user ?? []), ...clients])];
}

/** Every command that a deployment runs on the host. */
export function commandsOf(config: Config): UserCommand[] {
  const { install, maintenance } = config;
  return [
    install.run, ...install.migrate,
    ...(maintenance.kind === 'commands' ? [maintenance.on, maintenance.off] : []),
    ...config.services.flatMap((it) => (it.kind === 'systemd' ? []
      : it.kind === 'pidfile' ? [it.start] : [it.start, it.stop, it.running])),
    ...config.checks.flatMap((it) => (it.kind === 'command' ? [it.run]
      : it.kind === 'records' ? [it.ids] : [])),
    ...config.state.flatMap((it) => (it.kind === 'command'
      ? [it.copy, it.verify, it.restore, it.describe] : [])),
  ].filter((it) => it !== undefined);
}

/** What starts another unit by itself, whose work it then does. */
export function triggersWork(unit: string): boolean {
  return /\.(?:timer|path)$/.test(unit);
}

export function unitsOf(config: Config): string[] {
  return config.services.flatMap((it) => (it.kind === 'systemd' ? [it.unit] : []));
}

/** Every path that a plan renames, links or reads. */
export function watchedPaths(config: Config): string[] {
  const install = config.install.kind === 'releases'
    ? [config.install.directory, `${config.install.directory}/releases`, currentLink(config),
      ...config.install.shared.map((name) => `${sharedOf(config)}/${name}`)]
    : config.install.replaces.map((it) => it.path);
  const logs = config.checks.flatMap((it) => (it.kind === 'log' ? [it.file] : []));
  return [...new Set([...install, ...entriesOf(config.services), ...statePaths(config), ...logs,
    config.records])];
}

function sizedPaths(config: Config): string[] {
  const replaced = config.install.kind === 'in-place' ? config.install.replaces : [];
  return [...statePaths(config), ...replaced.map((it) => it.path)];
}

function statePaths(config: Config): string[] {
  return config.state.flatMap(pathsOf);
}

export function entriesOf(services: readonly ServiceConfig[]): string[] {
  return [...new Set(services.flatMap((it) =>
    (it.kind !== 'systemd' && it.guard.kind === 'entry' ? [it.guard.path] : [])))];
}

/** The link that names the live release, or the empty string for an install in place. */
export function currentLink(config: Config): string {
  return config.install.kind === 'releases' ? `${config.install.directory}/current` : '';
}

export function sharedOf(config: Config): string {
  return config.install.kind === 'releases' ? `${config.install.directory}/shared` : '';
}

