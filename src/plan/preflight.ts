import { dirname } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Problem } from '../errors.ts';
import { currentLink, entriesOf, sharedOf } from '../facts/gather.ts';
import type { HostFacts, PathFacts } from '../facts/host-facts.ts';
import { apartProblems } from './apart.ts';
import { pathsOf, titleOf } from '../state/spec.ts';
import { spaceNeeded, unseenDevice } from '../steps/prepare.ts';
import { unitsToGuard } from './units.ts';

const needed = ['tar', 'gzip', 'sha256sum', 'flock', 'setsid', 'timeout', 'stat', 'find', 'cp',
  'mv', 'sync', 'awk', 'sed', 'df', 'du', 'base64', 'getconf', 'sort'] as const;

export interface PreflightInput {
  readonly config: Config;
  readonly facts: HostFacts;
  /** Bytes that arrive on the host: the tarball and the unpacked release. */
  readonly arrivingBytes: number;
  readonly first: boolean;
  /** A log comes with the first start: on staging, which has no copy of it. */
  readonly logsBegin?: boolean;
}

/** Everything that would make the deployment fail later, found before anything is touched. */
export function preflight(input: PreflightInput): Problem[] {
  return preflightParts(input).flatMap((it) => it.problems);
}

/** The same by what was looked at: an empty list says that this part is right. */
export interface PreflightPart {
  readonly what: string;
  readonly problems: readonly Problem[];
}

export function preflightParts(input: PreflightInput): PreflightPart[] {
  return [
    { what: 'tools', problems: toolProblems(input) },
    { what: 'records', problems: recordsProblems(input) },
    { what: 'users of commands', problems: accountProblems(input) },
    { what: 'services', problems: serviceProblems(input) },
    { what: 'installation', problems: [...apartProblems(input.config, input.facts),
      ...installProblems(input)] },
    { what: 'state', problems: [...stateProblems(input), ...probedProblems(input)] },
    { what: 'logs', problems: logProblems(input) },
    { what: 'space', problems: spaceProblems(input) },
  ];
}

function toolProblems({ config, facts }: PreflightInput): Problem[] {
  const missing: string[] = needed.filter((tool) => !facts.tools.has(tool));
  const gnu = ['gnu-cp', 'gnu-mv', 'gnu-find'].filter((tool) => !facts.tools.has(tool));
  const launchesByUnit = facts.hasBootUnit && facts.mayLaunchUnit;
  const asksHttp = config.checks.some((it) => it.kind === 'http' || it.kind === 'records');
  const noClient = asksHttp && !facts.tools.has('curl') && !facts.tools.has('node');
  return [
    ...missing.map((tool) => ({ message: `the host has no ${tool}`,
      fix: 'Install it there; on Debian the packages are coreutils, util-linux, tar, mawk.' })),
    ...(gnu.length === 0 ? [] : [{ message: `the host lacks GNU tools: ${gnu.join(', ')}`,
      fix: 'Seatrial needs GNU coreutils and findutils; BusyBox is not enough.' }]),
    ...(noClient ? [{ message: 'the host has neither curl nor node, and the checks ask by HTTP',
      fix: 'Install curl on the host.' }] : []),
    ...(facts.killsUserProcesses && !facts.isRoot && !launchesByUnit ? [{
      message: `systemd-logind ends what ${facts.user} leaves running at logout`,
      fix: 'Run once: seatrial doctor --install (its boot unit runs outside of a session). Or ' +
        `write KillExcludeUsers=root ${facts.user} in logind.conf (lingering is no help).`,
    }] : []),
  ];
}

function recordsProblems({ config, facts }: PreflightInput): Problem[] {
  if (facts.records === 'writable' || facts.records === 'creatable') return [];
  return [{
    message: `${config.records} cannot be written by ${facts.user}`,
    fix: `Run once as root on the host: install -d -o ${facts.user} ${config.records} && ` +
      `chown -R ${facts.user} ${config.records}`,
  }];
}

function serviceProblems({ config, facts }: PreflightInput): Problem[] {
  const units = unitsToGuard(config, facts);
  const problems: Problem[] = [
    ...units.own.flatMap((unit) => unitProblems(facts, unit)),
    ...units.triggered.flatMap((unit) => guardProblems(facts, unit, 'stop')),
  ];
  problems.push(...[...facts.unstoppable].map((path) => ({
    message: `${facts.user} may not stop process ${facts.pidfiles.get(path) ?? ''} of ${path}`,
    fix: 'Connect as its owner or as root, or have it started as that user.',
  })));
  for (const path of entriesOf(config.services)) {
    const fact = facts.paths.get(path);
    if (fact?.hidden === true && facts.unfinished === undefined) {
      problems.push({ message: `${path}.closed exists, though no transaction is unfinished`,
        fix: `Look which of ${path} and ${path}.closed is right, and remove the other.` });
    }
    problems.push(...renamable(path, fact, facts));
  }
  return problems;
}

/** A command that cannot be run as its user would fail in the middle of the window. */
function accountProblems({ facts }: PreflightInput): Problem[] {
  return [...facts.accounts].flatMap(([name, account]): Problem[] => {
    if (!account.exists) {
      return [{ message: `the host has no user ${name}, and commands are to be run as that user`,
        fix: 'Look how it is spelled, or create it.' }];
    }
    return account.usable ? [] : [{ message: `${facts.user} may not run commands as ${name}`,
      fix: `Connect as root or as ${name}.` }];
  });
}

function unitProblems(facts: HostFacts, name: string): Problem[] {
  if (!facts.hasSystemd) {
    return [{ message: `${name} is a systemd unit, and the host does not run systemd`,
      fix: 'Describe the service by pidfile or by commands.' }];
  }
  const unit = facts.units.get(name);
  if (unit?.load !== 'loaded') {
    return [{ message: `the host has no unit ${name} (${unit?.load ?? 'unknown'})`,
      fix: `Install the unit file, then: systemctl daemon-reload` }];
  }
  return guardProblems(facts, name, 'stop and start');
}

/** What keeps a unit from running in the window: its condition, and our right to stop it. */
function guardProblems(facts: HostFacts, name: string, acts: 'stop' | 'stop and start'): Problem[] {
  const unit = facts.units.get(name);
  const may = unit?.mayStop === true && (acts === 'stop' || unit.mayStart);
  const install = 'Run once: seatrial doctor --install (it prints what root must run on the host).';
  return [
    ...(unit?.guarded === true ? [] : [{
      message: `${name} could be started by hand while a transaction is unfinished`, fix: install,
    }]),
    ...(may ? [] : [{
      message: `${facts.user} may not ${acts} ${name}`,
      fix: `${install} The lines for sudoers are among it.`,
    }]),
  ];
}

function renamable(path: string, fact: PathFacts | undefined, facts: HostFacts): Problem[] {
  if (fact === undefined) return [];
  return [
    ...(fact.parentWritable ? [] : [{
      message: `${facts.user} may not rename ${path}: the directory that holds it is not writable`,
      fix: 'Connect as the owner of that directory, or as root.',
    }]),
    ...(fact.isMountPoint ? [{
      message: `${path} is a mount point, and cannot be swapped by a rename`,
      fix: 'Name a directory inside it instead.',
    }] : []),
    ...(fact.sideIsForeign ? [{
      message: `the directory for rescue copies beside ${path} does not belong to ${facts.user}`,
      fix: `Give ${dirname(path)}/.seatrial-… to that user (chown -R), or connect as its owner.`,
    }] : []),
    ...(fact.mountsInside === '' ? [] : [{
      message: `inside of ${path} other file systems are mounted (${fact.mountsInside}), and ` +
        'they would be moved along with it',
      fix: 'Mount them beside it and link to them, or name directories that hold no mount.',
    }]),
  ];
}

function installProblems({ config, facts }: PreflightInput): Problem[] {
  const { install } = config;
  if (install.kind === 'in-place') {
    return install.replaces.flatMap((it) => renamable(it.path, facts.paths.get(it.path), facts));
  }
  const current = facts.paths.get(currentLink(config));
  const directory = facts.paths.get(install.directory);
  const shared = install.shared.filter((name) =>
    facts.paths.get(`${sharedOf(config)}/${name}`)?.type === 'missing');
  return [
    ...(directory?.type === 'directory' && directory.writable ? [] : [{
      message: `${install.directory} is not a directory that ${facts.user} can write`,
      fix: `Run once as root on the host: install -d -o ${facts.user} ${install.directory}`,
    }]),
    ...(current !== undefined && !['missing', 'link'].includes(current.type) ? [{
      message: `${currentLink(config)} is not a symbolic link`,
      fix: 'Move it to releases/ under a name of its own and link it, then: seatrial adopt',
    }] : []),
    ...shared.map((name) => ({
      message: `${sharedOf(config)}/${name} does not exist, and the release links to it`,
      fix: 'Create it on the host, with its content.',
    })),
  ];
}

function stateProblems({ config, facts, first }: PreflightInput): Problem[] {
  return statePathsOf(config).flatMap(({ kind, path, type }): Problem[] => {
    const fact = facts.paths.get(path);
    if (fact === undefined || fact.type === 'missing') {
      return first ? [] : [{ message: `${path} does not exist, and it is declared as state`,
        fix: 'Look whether it moved; a release must not run without its state.' }];
    }
    if (fact.type !== type) {
      return [{ message: `${path} is a ${fact.type}, and state ${kind} needs a ${type}`,
        fix: fact.type === 'link' ? `Name the real path: ${fact.target ?? ''}`
          : 'Name the right path.' }];
    }
    return [
      ...renamable(path, fact, facts),
      ...(fact.foreign === 0 ? [] : [{
        message: `${fact.foreign} entries of ${path} belong to another user or group than ` +
          `those of ${facts.user}, who cannot keep that in a copy`,
        fix: 'Connect as root, or make them belong to one user.',
      }]),
      ...(fact.unreadable === 0 || !fact.readable ? [] : [{
        message: `${facts.user} may not read ${fact.unreadable} entries of ${path}`,
        fix: 'Connect as their owner, or as root.',
      }]),
      ...(fact.readable ? [] : [{ message: `${facts.user} may not read ${path}`,
        fix: 'Connect as its owner, or as root.' }]),
    ];
  });
}

/** What kinds of state that have no path say of themselves. */
function probedProblems({ config, facts, first }: PreflightInput): Problem[] {
  return config.state.flatMap((state, index): Problem[] => {
    const fact = facts.states.get(`state${index + 1}`);
    if (fact === undefined) return [];
    return [
      ...(fact.exists || first || fact.problems.length > 0 ? [] : [{
        message: `${titleOf(state)} does not exist, and it is declared as state`,
        fix: 'Look how it is spelled; a release must not run without its state.',
      }]),
      ...fact.problems,
    ];
  });
}

/** Paths of the state, and what each must be. */
function statePathsOf(config: Config): { kind: string; path: string; type: string }[] {
  return config.state.flatMap((state) => pathsOf(state).map((path, index) => ({
    kind: state.kind,
    path,
    type: state.kind === 'directory' || index > 0 ? 'directory' : 'file',
  })));
}

function logProblems({ config, facts, first, logsBegin = first }: PreflightInput): Problem[] {
  return config.checks.flatMap((check) => {
    const fact = check.kind === 'log' ? facts.paths.get(check.file) : undefined;
    if (fact === undefined || fact.readable || (logsBegin && fact.type === 'missing')) return [];
    const file = check.kind === 'log' ? check.file : '';
    return [{ message: `${facts.user} cannot read the log ${file}`,
      fix: 'Name the right file, or let that user read it (group adm, say).' }];
  });
}

function spaceProblems({ config, facts, arrivingBytes }: PreflightInput): Problem[] {
  const free = new Map([
    ...[...facts.states].flatMap(([label, it]) => (it.free === undefined ? []
      : [[it.device === '' ? unseenDevice(label) : it.device, it.free] as const])),
    ...[...facts.paths.values()].map((it) => [it.parentDevice, it.free] as const),
  ]);
  const wanted = new Map(spaceNeeded(config, facts).map((it) => [it.device, it.bytes]));
  const arrives = facts.paths.get(config.records)?.parentDevice ?? '';
  wanted.set(arrives, (wanted.get(arrives) ?? 0) + arrivingBytes);
  return [...wanted].flatMap(([device, bytes]) => {
    const available = free.get(device) ?? Infinity;
    if (available >= bytes) return [];
    const where = [...facts.paths].find(([, it]) => it.parentDevice === device)?.[0]
      ?? [...facts.states.values()].find((it) => it.device === device)?.directory ?? device;
    return [{ message: `no space: the file system of ${where} has ${megabytes(available)} free, ` +
      `and ${megabytes(bytes)} are needed for the release and the rescue copies`,
    fix: 'Free some space on the host, or lower `keep` in seatrial.yml.' }];
  });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
