import type { Config } from '../config/config.ts';
import type { Problem } from '../errors.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { pathsOf } from '../state/spec.ts';

interface Place {
  readonly path: string;
  readonly real: string;
}

/**
 * What is swapped must not overlap anything else of ours. The configuration is checked for that by
 * its words; only the host knows where links on the way lead.
 */
export function apartProblems(config: Config, facts: HostFacts): Problem[] {
  const { install, records, state } = config;
  const replaced = install.kind === 'in-place' ? install.replaces.map((it) => it.path) : [];
  const swapped = [...state.flatMap(pathsOf), ...replaced].flatMap((path) => placeOf(facts, path));
  const ours = [records, ...(install.kind === 'releases' ? [`${install.directory}/releases`] : [])]
    .flatMap((path) => placeOf(facts, path));
  return swapped.flatMap((place, index) => [...swapped.slice(index + 1), ...ours]
    .filter((other) => overlap(place.real, other.real))
    .map((other) => ({
      message: `${place.path} and ${other.path} overlap: on the host they are ${place.real} and ` +
        other.real,
      fix: 'Name real paths that do not lie in each other.',
    })));
}

function placeOf(facts: HostFacts, path: string): Place[] {
  const real = facts.paths.get(path)?.real ?? '';
  return real === '' ? [] : [{ path, real }];
}

function overlap(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}
