import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { HostConfig } from '../config/config.ts';
import type { RawOptions } from '../config/options.ts';
import { SeatrialError, type Problem } from '../errors.ts';
import type { HostFound } from '../init/host-found.ts';
import { knownAs } from '../init/known-hosts.ts';
import { missingUnits } from '../init/missing-units.ts';
import { probeHost } from '../init/probe.ts';
import { openHost, withHost } from './host.ts';
import { keysOf } from './known-keys.ts';
import type { World } from './world.ts';

export interface HostWanted {
  readonly name: 'production' | 'staging';
  readonly host: HostConfig;
}

export interface Wanted {
  readonly hosts: readonly HostWanted[];
  readonly application: string;
  readonly options: RawOptions;
  readonly world: World;
  /** Top of the repository. */
  readonly repository: string;
}

export interface Seen {
  /** Undefined: not named, or its key is not known. */
  readonly production: HostFound | undefined;
  /** Names of the hosts whose keys are known. */
  readonly known: ReadonlySet<string>;
  /** Lines for the repository's own file; empty where none were given. */
  readonly knownHosts: readonly string[];
  /** For the person who runs it. */
  readonly notes: readonly string[];
}

/** Both hosts at the same time, but only those whose key a file tells. */
export async function lookAtHosts(wanted: Wanted): Promise<Seen> {
  const { hosts, options, repository } = wanted;
  const own = join(repository, 'known_hosts');
  const given = options['known-hosts'] === undefined ? own : resolve(options['known-hosts']);
  const file = existsSync(given) ? given : undefined;
  if (file === undefined && given !== own) throw missingFile(given);
  const lines = new Map<string, readonly string[]>();
  for (const { name, host } of hosts) {
    if (host.kind === 'local') lines.set(name, []);
    else if (file !== undefined) {
      const known = await keysOf(knownAs(host.destination, host.port), file, wanted.world);
      if (known.length > 0) lines.set(name, known);
    }
  }
  const known = hosts.filter((it) => lines.has(it.name));
  const found = await probeAll(known, wanted, file);
  return {
    production: found.get('production'),
    known: new Set(lines.keys()),
    // The repository's own file stays as it is, whatever else stands in it.
    knownHosts: file !== undefined && existsSync(own) && realpathSync(file) === realpathSync(own)
      ? [] : [...new Set([...lines.values()].flat())],
    notes: [
      ...hosts.filter((it) => !lines.has(it.name)).map((it) =>
        `${it.name} was not looked at: no known_hosts file that was given has its key`),
      ...missingUnits(found.get('production'), found.get('staging')),
    ],
  };
}

function missingFile(path: string): SeatrialError {
  return new SeatrialError('bad-input', [{ place: '--known-hosts', message: `${path} is not there`,
    fix: 'Leave the option out to be told how to get a line for each host.' }]);
}

async function probeAll(hosts: readonly HostWanted[], wanted: Wanted, file: string | undefined):
Promise<ReadonlyMap<string, HostFound>> {
  const { application, options, world } = wanted;
  for (const { name } of hosts) world.report({ kind: 'phase', text: `looking at ${name}` });
  const settled = await Promise.allSettled(hosts.map(({ name, host }) => withHost(
    openHost(name, host, { options, world, knownHostsFile: () => file ?? '' }),
    async (transport) => [name, await probeHost(transport, application)] as const)));
  const problems = settled.flatMap((it): Problem[] => {
    if (it.status === 'fulfilled') return [];
    const reason: unknown = it.reason;
    if (reason instanceof SeatrialError) return [...reason.problems];
    throw reason;
  });
  if (problems.length > 0) throw new SeatrialError('refused', problems);
  return new Map(settled.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : [])));
}
