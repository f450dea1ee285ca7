import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { command, type Command } from '../command/command.ts';
import { quote } from '../command/quote.ts';
import type { Config, UserCommand } from '../config/config.ts';
import { SeatrialError } from '../errors.ts';
import type { Transport } from '../host/transport.ts';
import { pathsOf } from '../state/spec.ts';
import { unitsOf } from './gather.ts';
import { parseParity, unpackParity, type ParityFacts } from './parse-parity.ts';

const parityTimeoutMs = 120_000;
const receivedBytesMax = 8 * 1024 * 1024;
const directoriesMax = 20;

/** Written out one by one: the bundler finds a file only by its whole name. */
const files: readonly URL[] = [
  new URL('./parity.sh', import.meta.url),
  new URL('./parity-packages.sh', import.meta.url),
  new URL('./parity-runtimes.sh', import.meta.url),
  new URL('./parity-servers.sh', import.meta.url),
];

/** One for each rehearsal, for both hosts: a digest of a short text can then not be looked up. */
export function newSalt(): string {
  return randomBytes(16).toString('hex');
}

/**
 * What a host is like, in one read-only round trip: no root, nothing written, at most about a
 * second and 40 kB. `salt` (of `newSalt`, or of a receipt) goes into each digest: digests of two
 * hosts compare only under one salt. Throws SeatrialError `refused` where the host did not finish.
 */
export async function gatherParity(transport: Transport, config: Config, salt: string):
Promise<ParityFacts> {
  const received: Buffer[] = [];
  let bytes = 0;
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= receivedBytesMax) received.push(chunk);
      done();
    },
  });
  const { outcome, stderr } = await transport.run(parityCommand(config, salt),
    { stdout, timeoutMs: parityTimeoutMs });
  if (outcome.kind === 'unknown') throw untold(transport.name, outcome.why);
  if (bytes > receivedBytesMax) throw untold(transport.name, `it sent ${bytes} bytes`);
  const text = unpackParity(Buffer.concat(received));
  const facts = text === undefined ? undefined : parseParity(text, bytes);
  if (facts === undefined) {
    throw untold(transport.name, `its last words: ${lastWords(stderr)}`);
  }
  return facts;
}

export interface HostPair<Of> {
  readonly production: Of;
  readonly staging: Of;
}

/** Both hosts at the same time; what is wrong with either is told together. */
export async function gatherParities(hosts: HostPair<Transport>, config: Config, salt: string):
Promise<HostPair<ParityFacts>> {
  const [production, staging] = await Promise.allSettled([
    gatherParity(hosts.production, config, salt), gatherParity(hosts.staging, config, salt)]);
  if (production.status === 'fulfilled' && staging.status === 'fulfilled') {
    return { production: production.value, staging: staging.value };
  }
  const errors = [production, staging].flatMap((it): unknown[] =>
    (it.status === 'rejected' ? [it.reason] : []));
  const bug = errors.find((error): error is Error =>
    error instanceof Error && !(error instanceof SeatrialError));
  if (bug !== undefined) throw bug;
  throw new SeatrialError('refused', errors.flatMap((error) =>
    (error instanceof SeatrialError ? error.problems : [])), errors[0]);
}

function untold(name: string, why: string): SeatrialError {
  return new SeatrialError('refused', [{
    message: `${name} did not tell what it is like: ${why}`,
    fix: 'Nothing was touched. The login must run a POSIX shell with awk, sed and sha256sum; ' +
      'look at the connection and run it again.',
  }]);
}

function lastWords(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}

/** The program travels on standard input, so that any login shell will do. */
export function parityCommand(config: Config, salt: string): Command {
  const units = unitsOf(config);
  const paths = comparedPaths(config);
  const set = (name: string, value: string): string => `${name}=${quote(value)}`;
  const section = (name: string, ...words: readonly string[]): string =>
    ['section', name, ...words].map(quote).join(' ');
  const text = [
    ...files.map((file) => readFileSync(file, 'utf8').replace(/^# shellcheck shell=sh.*\n/, '')),
    set('salt', salt),
    set('names', hostNames(config).join('\n')),
    'normal=$(normalising)',
    'one_half() {',
    section('runtimes', 'parity_runtimes', releasesOf(config), units.join(' '),
      ...runtimeDirectories(config)),
    section('http-server', 'parity_http'),
    section('database', 'parity_databases'),
    '}',
    'other_half() {',
    ...['architecture', 'distribution', 'libc', 'collation', 'locale', 'time-zone']
      .map((it) => section(it, `parity_${it === 'architecture' ? 'system' : it}`
        .replace('-', '_'))),
    section('limits', 'parity_limits', ...units),
    section('mounts', 'parity_mounts', ...paths),
    section('hardware', 'parity_hardware', ...paths),
    section('identity', 'parity_identity'),
    section('packages', 'parity_packages'),
    `${section('configuration', 'parity_changed')} 3>&1`,
    `${section('configuration', 'parity_files', ...config.parity.files)} 3>&1`,
    '}',
    'packed',
  ];
  return { ...command('/bin/sh', '-s'), stdin: `${text.join('\n')}\n` };
}

/** Paths whose file systems are compared. */
function comparedPaths(config: Config): string[] {
  const install = config.install.kind === 'releases' ? [config.install.directory]
    : config.install.replaces.map((it) => it.path);
  return [...new Set([...install, ...config.state.flatMap(pathsOf), config.records])];
}

function releasesOf(config: Config): string {
  return config.install.kind === 'releases' ? config.install.directory : '/nonexistent';
}

/** Names that are no difference: those of the hosts, and what is another text on staging. */
function hostNames(config: Config): string[] {
  const hosts = [config.hosts.production, config.hosts.staging].flatMap((host) =>
    (host?.kind === 'ssh' ? [host.destination.replace(/^.*@/, '')] : []));
  return [...new Set([...hosts, ...config.staging.instead.flatMap(({ of, use }) => [of, use])])]
    .filter((name) => name !== '' && !name.includes('\n'));
}

/**
 * Where the configuration's own words lead to a language that is not on PATH: beside a program
 * that a command names, and above the modules of Python that the installer writes over.
 */
export function runtimeDirectories(config: Config): string[] {
  const named = commandsOf(config).flatMap((it) =>
    [...it.run.matchAll(/(?:^|[\s'"=;&|(])(\/[^\s'"=;&|(){}$]*)\/[^\s'"/;&|(){}]+/g)]
      .map((match) => match[1] ?? ''))
    .filter((directory) => /\/s?bin$/.test(directory));
  const above = config.install.kind === 'in-place' ? config.install.replaces.flatMap((it) => {
    const prefix = /^(.+)\/lib\/python[^/]*\//.exec(it.path)?.[1];
    return prefix === undefined ? [] : [`${prefix}/bin`];
  }) : [];
  return [...new Set([...named, ...above])]
    .filter((it) => !/^(?:\/usr|\/usr\/local)?\/s?bin$/.test(it))
    .filter((it) => !it.startsWith(`${releasesOf(config)}/`))
    .slice(0, directoriesMax);
}

function commandsOf(config: Config): UserCommand[] {
  const { install } = config;
  return [
    ...(install.run === undefined ? [] : [install.run]), ...install.migrate,
    ...config.services.flatMap((it) => (it.kind === 'systemd' ? []
      : it.kind === 'pidfile' ? [it.start] : [it.start, it.stop, it.running])),
    ...config.checks.flatMap((it) => (it.kind === 'command' ? [it.run]
      : it.kind === 'records' ? [it.ids] : [])),
  ];
}
