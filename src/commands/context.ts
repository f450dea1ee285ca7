import { SeatrialError } from '../errors.ts';
import type { Config } from '../config/config.ts';
import { currentLink } from '../facts/gather.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { absoluteTarget, type Context, type Target } from '../steps/context.ts';
import type { Way } from '../steps/step.ts';

/** Where the running release stands, as the host tells; empty when there is none. */
export function runningRelease(config: Config, facts: HostFacts): string {
  const link = currentLink(config);
  if (link === '') return facts.installed?.release ?? '';
  const target = facts.paths.get(link)?.target;
  return target === undefined ? '' : absoluteTarget(link, target);
}

/** First, adopted or normal; refuses a host that was deployed by hand and not adopted. */
export function wayOf(config: Config, facts: HostFacts): Way {
  if (facts.installed !== undefined) {
    return facts.installed.way === 'adopted' ? 'adopted' : 'normal';
  }
  const there = codePaths(config).filter((path) =>
    !['missing', undefined].includes(facts.paths.get(path)?.type));
  if (there.length === 0) return 'first';
  throw new SeatrialError('refused', [{
    message: `${there.join(', ')} is there already, and was not deployed by Seatrial`,
    fix: 'Take it over as it is: seatrial adopt --version <the version that runs>',
  }]);
}

/** What a deployment replaces. */
export function codePaths(config: Config): string[] {
  return config.install.kind === 'releases' ? [currentLink(config)]
    : config.install.replaces.map((it) => it.path);
}

/** The directory of a new release; one that a rollback may need is never written to. */
export function releaseDirectory(config: Config, facts: HostFacts, target: Target & {
  readonly run: string;
}): string {
  const base = config.install.kind === 'releases' ? config.install.directory : config.records;
  const name = `${base}/releases/${target.version}-${target.digest.slice(0, 12)}`;
  const taken = name === runningRelease(config, facts) || name === facts.installed?.release
    || facts.history.some((it) => it.release === name);
  return taken ? `${name}-${target.run}` : name;
}

export function deployContext(input: {
  readonly config: Config; readonly facts: HostFacts; readonly target: Target;
  readonly run: string; readonly repair: string; readonly rehearsal?: string;
  readonly approval?: string | undefined;
}): Context {
  const { config, facts, target, run } = input;
  return {
    ...input,
    rehearsal: input.rehearsal ?? 'not asked for',
    way: wayOf(config, facts),
    release: releaseDirectory(config, facts, { ...target, run }),
    oldRelease: runningRelease(config, facts),
    goingBack: undefined,
  };
}
