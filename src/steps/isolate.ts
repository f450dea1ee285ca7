import type { Command } from '../command/command.ts';
import type { Config, StateConfig, UserCommand } from '../config/config.ts';
import { commandsOf, unitsOf } from '../facts/gather.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { shellText, userOf, verb, type Context } from './context.ts';
import type { Step } from './step.ts';

/** Who is cut off on staging. */
export interface Isolated {
  /** Users that rules are made for; never root. */
  readonly users: readonly string[];
  /** Something runs as root, or as a user that no rule can name: held as a group of processes. */
  readonly group: boolean;
  /** Some command or unit of the configuration runs as root. */
  readonly rootRuns: boolean;
}

/** Every user that the configuration names, that its units run as, and the login. */
export function isolated(config: Config, facts: HostFacts): Isolated {
  const { isolation } = config.staging;
  const named = isolation.kind === 'network' ? isolation.users : [];
  const users = [...named, ...runners(config, facts), facts.user];
  const units = servicesOf(config, facts);
  return {
    users: [...new Set(users)].filter((user) => user !== 'root').sort(),
    group: facts.isRoot || units.some((unit) => hasNoUser(facts, unit)),
    rootRuns: stagingCommands(config).some((it) => (it.user ?? facts.user) === 'root')
      || units.some((unit) => hasNoUser(facts, unit)),
  };
}

/** It runs as root, or as a user that systemd makes up at each start. */
export function hasNoUser(facts: HostFacts, unit: string): boolean {
  return ['', 'root', 'dynamic'].includes(facts.units.get(unit)?.user ?? '');
}

function servicesOf(config: Config, facts: HostFacts): string[] {
  const own = unitsOf(config);
  return [...own, ...own.flatMap((unit) => facts.units.get(unit)?.triggers ?? [])]
    .filter((unit) => unit.endsWith('.service'));
}

/** Users that commands and units run as; of units only where the facts tell. */
export function runners(config: Config, facts: HostFacts): string[] {
  const units = servicesOf(config, facts).flatMap((unit) => facts.units.get(unit)?.user ?? []);
  return [...new Set([...stagingCommands(config).map((it) => it.user ?? facts.user), ...units])]
    .filter((user) => user !== 'root' && user !== 'dynamic' && user !== '');
}

/** What runs on staging beside the procedure: masks. */
export function stagingCommands(config: Config): UserCommand[] {
  return [...commandsOf(config),
    ...config.mask.flatMap((it) => (it.with.kind === 'command' ? [it.with.run] : []))];
}

export interface Production {
  /** Its own configuration, without `instead`. */
  readonly config: Config;
  readonly facts: HostFacts;
}

const usualPorts = [22, 25, 80, 443, 465, 587, 3306, 5432];

/**
 * What the copy must not reach, as `tcp HOST PORT`: production's addresses on the ports that it
 * serves, its databases on other hosts, and what the configuration lists. The program on staging
 * adds name servers, mail relays, its own mail ports, and an address that nobody has.
 */
export function isolationTargets(production: Production, staging: Config): string[] {
  const { config, facts } = production;
  const host = config.hosts.production;
  const remote = host?.kind === 'ssh' ? [host.destination.replace(/^[^@]*@/, '')] : [];
  // On one machine the addresses are staging's own, which it may reach.
  const isApart = staging.staging.sameHost === undefined;
  const addresses = isApart ? [...new Set([...facts.addresses, ...remote])] : [];
  const ports = [...new Set([...usualPorts, ...servedPorts(config),
    ...(host?.kind === 'ssh' && host.port !== undefined ? [host.port] : [])])];
  const { isolation } = staging.staging;
  const listed = isolation.kind === 'network' ? isolation.unreachable : [];
  return [...new Set([
    ...addresses.flatMap((address) => ports.map((port) => `tcp ${address} ${port}`)),
    ...config.state.flatMap(databaseHosts),
    ...listed.flatMap((it) => bothProtocols(it)),
  ])].filter((it) => !/ (?:localhost|127\.[0-9.]+|::1) /.test(it));
}

/** Ports that the checks ask on, as they are in public. */
function servedPorts(config: Config): number[] {
  const text = config.checks.flatMap((it) => (it.kind === 'http' ? [it.url]
    : it.kind === 'records' ? [it.each] : [])).join('\n');
  const shown = config.maintenance.kind === 'private' ? config.maintenance.publicValue : '';
  return [...text.matchAll(/:([0-9]{1,5})(?=\/|$)/gm), ...shown.matchAll(/^([0-9]{1,5})$/g)]
    .map((match) => Number(match[1])).filter((port) => port > 0 && port < 65536);
}

function databaseHosts(state: StateConfig): string[] {
  if (state.kind !== 'postgres' && state.kind !== 'mysql') return [];
  const usual = state.kind === 'postgres' ? 5432 : 3306;
  const standby = state.copyFrom.kind === 'standby' ? [state.copyFrom] : [];
  return [...(state.host === undefined ? [] : [{ host: state.host, port: state.port }]), ...standby]
    .filter((it) => !it.host.startsWith('/'))
    .map((it) => `tcp ${it.host} ${it.port ?? usual}`);
}

function bothProtocols(endpoint: string): string[] {
  const { host, port } = splitEndpoint(endpoint);
  return [`tcp ${host} ${port}`, `udp ${host} ${port}`];
}

/** `host:port` or `[address]:port`, as the configuration writes it. */
export function splitEndpoint(endpoint: string): { host: string; port: number } {
  const colon = endpoint.lastIndexOf(':');
  return { host: endpoint.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
    port: Number(endpoint.slice(colon + 1)) };
}

/**
 * Cuts the application off and proves it, before anything of it starts. Its place is before the
 * copy is laid; what refuses it leaves staging as it is. The rules stay after the rehearsal, and
 * go with the copy (`unisolate`). After a reboot every start and every command of the user asks
 * for them again by itself.
 */
export function isolate(context: Context, targets: readonly string[]): Step {
  return {
    id: 'trial-isolate',
    title: titleOfIsolation(context.config),
    back: '',
    phase: 'prepare',
    do: [isolating(context, targets)],
    undo: [],
  };
}

function titleOfIsolation({ staging: { isolation } }: Config): string {
  switch (isolation.kind) {
    case 'network': return 'Cut the copy off from the network, and prove it as each of its users';
    case 'commands': return 'Cut the copy off by its own commands, and prove it';
    case 'none': return `The copy is not cut off: ${isolation.reason}`;
  }
}

function isolating(context: Context, targets: readonly string[]): Command {
  const { isolation } = context.config.staging;
  const text = (it: UserCommand): string => shellText(context, it.run, 'old');
  switch (isolation.kind) {
    case 'network': return verb('isolate_network', ...targets);
    case 'commands': return verb('isolate_by_command', userOf(isolation.on),
      isolation.on.timeoutSeconds, text(isolation.on), userOf(isolation.prove),
      isolation.prove.timeoutSeconds, text(isolation.prove));
    case 'none': return verb('isolate_not', isolation.reason);
  }
}

/** At the end of the trial: the rules are as they were made, and hold for all that runs. */
export function stillIsolated(): Step {
  return {
    id: 'trial-still-isolated',
    title: 'See that the copy is still cut off',
    back: '',
    phase: 'window',
    do: [verb('still_isolated')],
    undo: [],
  };
}
