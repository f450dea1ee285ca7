import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SeatrialError } from '../errors.ts';
import type { Config, HostConfig } from '../config/config.ts';
import type { RawOptions } from '../config/options.ts';
import { parseConfig, parseStagingConfig } from '../config/parse.ts';
import type { Transport } from '../host/transport.ts';
import { openLocal } from '../host/local.ts';
import { openSsh } from '../host/ssh.ts';
import { missingKey } from './job-key.ts';
import type { World } from './world.ts';

const connectTimeoutMs = 30_000;
const keepAliveSeconds = 5;
const keepAliveCountMax = 3;

/** One of the two hosts, ready to be opened as often as it is lost. */
export interface Host {
  /** `production (deploy@www.example.org)` */
  readonly name: string;
  open(): Promise<Transport>;
}

/**
 * For staging with `staging.instead` applied. Throws `bad-input` where the file cannot be read, or
 * with everything that is wrong in it.
 */
export function loadConfig(path: string, where: RawOptions['host'] = 'production'): Config {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SeatrialError('bad-input', [{
      message: 'the configuration cannot be read',
      place: path,
      fix: 'Write it (docs/configuration.md), or name another with --config.',
    }], cause);
  }
  return where === 'staging' ? parseStagingConfig(text, path) : parseConfig(text, path);
}

export function chooseHost(config: Config, options: RawOptions, world: World): Host {
  const host = config.hosts[options.host];
  if (host === undefined) {
    throw new SeatrialError('bad-input', [{
      message: `no host is named for ${options.host}`, place: `${options.config}: hosts`,
      fix: `Write hosts: { ${options.host}: deploy@www.example.org }.`,
    }]);
  }
  if (host.kind === 'ssh') {
    const keyless = missingKey(options, world);
    if (keyless !== undefined) throw new SeatrialError('bad-input', [keyless]);
  }
  return openHost(options.host, host,
    { options, world, knownHostsFile: () => knownHosts(config, options) });
}

export interface Opening {
  readonly options: Pick<RawOptions, 'identity'>;
  readonly world: World;
  /** Asked for where keys count. */
  readonly knownHostsFile: () => string;
}

/** A host by its address; nothing is opened yet. */
export function openHost(name: string, host: HostConfig, opening: Opening): Host {
  const { options, world } = opening;
  if (host.kind === 'local') {
    return { name: `${name} (local)`,
      open: () => Promise.resolve(openLocal(world.environment['PATH'])) };
  }
  const knownHostsFile = opening.knownHostsFile();
  return {
    name: `${name} (${host.destination})`,
    open: () => openSsh({
      destination: host.destination,
      ...(host.port === undefined ? {} : { port: host.port }),
      knownHostsFile,
      ...(options.identity === undefined ? {} : { identityFile: resolve(options.identity) }),
      connectTimeoutMs,
      keepAliveSeconds,
      keepAliveCountMax,
      temporaryDirectory: world.temporaryDirectory,
      cancel: world.cancel,
    }),
  };
}

/** Never the person's own file by default: a job and a laptop must trust the same keys. */
export function knownHosts(config: Config, options: RawOptions): string {
  if (options['known-hosts'] !== undefined) return resolve(options['known-hosts']);
  if (config.hosts.knownHosts !== undefined) {
    return resolve(dirname(options.config), config.hosts.knownHosts);
  }
  throw new SeatrialError('bad-input', [{
    message: 'no known hosts are given, and a host key is never trusted unseen',
    place: `${options.config}: hosts`,
    fix: 'Write hosts: { known-hosts: known_hosts } and put the line there that the host\'s ' +
      'administrator gives you (on the host: cat /etc/ssh/ssh_host_ed25519_key.pub). In a job, ' +
      'the input ssh-known-hosts takes such lines too.',
  }]);
}

/** Opens the host, and closes it whatever happens. */
export async function withHost<Value>(host: Host,
  use: (transport: Transport) => Promise<Value>): Promise<Value> {
  const transport = await host.open();
  try {
    return await use(transport);
  } finally {
    await transport.close();
  }
}
