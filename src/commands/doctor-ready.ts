import type { Config } from '../config/config.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import type { Where } from '../facts/gather.ts';
import type { Readiness } from '../facts/readiness.ts';
import { sudoRights } from '../plan/host-install.ts';
import { isolationProblems } from '../plan/isolation.ts';
import { preflightParts } from '../plan/preflight.ts';
import { formatBytes, formatSeconds } from '../report/units.ts';
import { spaceNeeded } from '../steps/prepare.ts';
import { titleOf } from '../state/spec.ts';
import type { Production } from '../steps/isolate.ts';
import { codePaths } from './context.ts';
import type { Notes } from './doctor-finding.ts';
import { bootUnitText } from './status.ts';
import { needsHuman } from './transaction.ts';

/** What is noted of a clock, and what would make the age of a receipt a lie. */
const clockWarnSeconds = 2;
const clockFailSeconds = 60;
/** Failed bundles that take more than this share of what they and the free space are. */
const failedShareMax = 0.2;

export interface HostLooked {
  readonly config: Config;
  readonly where: Where;
  readonly facts: HostFacts;
  readonly readiness: Readiness;
  /** Where both are one machine, isolation must not meet production's users. */
  readonly production?: Production | undefined;
}

/** Everything that one host tells of itself; pure. */
export function noteHost(notes: Notes, looked: HostLooked): void {
  const { config, facts, where } = looked;
  const parts = preflightParts({ config, facts, arrivingBytes: 0,
    first: facts.installed === undefined });
  for (const { what, problems } of parts) notes.judge(what, problems, rightOf(what, looked));
  noteRights(notes, looked);
  noteBoot(notes, looked);
  noteExpiry(notes, looked);
  noteTransaction(notes, looked);
  noteInstalled(notes, looked);
  noteClock(notes, looked.readiness);
  noteFailed(notes, looked);
  if (where !== 'staging') return;
  const { isolation } = config.staging;
  if (isolation.kind === 'none') {
    notes.warn('isolation', `is turned off: ${isolation.reason}`,
      'The copy may reach mail servers and other systems, as production does.');
    return;
  }
  notes.judge('isolation', isolationProblems(config, facts, looked.production),
    'the copy can be cut off from the network');
}

function rightOf(what: string, { config, facts }: HostLooked): string {
  switch (what) {
    case 'tools': return 'all that is needed is there';
    case 'records': return `${config.records} can be written`;
    case 'services': return config.services.length === 0 ? 'none is named'
      : 'can be stopped and started, and by nobody else in the window';
    case 'state': return config.state.length === 0 ? 'none is named'
      : `can be copied and swapped: ${config.state.map(titleOf).join(', ')}`;
    case 'space': return spaceText(config, facts);
    default: return 'right';
  }
}

function spaceText(config: Config, facts: HostFacts): string {
  const needs = spaceNeeded(config, facts).map(({ directory, bytes, device }) => {
    const free = [...facts.paths.values()].find((it) => it.parentDevice === device)?.free
      ?? [...facts.states.values()].find((it) => it.device === device)?.free;
    return `${directory} needs ${formatBytes(bytes)} of ${
      free === undefined ? 'a space that is not told' : formatBytes(free)}`;
  });
  return needs.length === 0 ? 'nothing is copied' : `suffices: ${needs.join('; ')}`;
}

/** Each command is asked for by itself: a line that is almost right is of no use. */
function noteRights(notes: Notes, { config, facts, where, readiness }: HostLooked): void {
  if (facts.isRoot) {
    notes.ok('sudo', 'is not needed: the login is root');
    return;
  }
  const rights = sudoRights(config, facts, where);
  const missing = rights.filter((_, index) => readiness.mayRun[index] !== true);
  if (missing.length === 0) {
    notes.ok('sudo', `allows all ${rights.length} commands, asked for one by one`);
    return;
  }
  const file = `/etc/sudoers.d/seatrial-${config.application}`;
  notes.fail('sudo', `does not allow ${missing.length} of ${rights.length} commands: ` +
    missing.map((it) => it.words.join(' ')).join('; '),
  `As root on the host (visudo -f ${file}), these lines, or all of them by ` +
    `seatrial doctor --install --host ${where}:\n${missing.map((it) => it.line).join('\n')}`);
}

function noteBoot(notes: Notes, { config, facts, where }: HostLooked): void {
  const install = `Run once: seatrial doctor --install --host ${where}`;
  if (facts.hasBootUnit) notes.ok('boot unit', bootUnitText(facts));
  else {
    notes.warn('boot unit', bootUnitText(facts), facts.hasSystemd
      ? `Without it a killed program waits for the next run, and users with it. ${install}`
      : 'There is no systemd: a killed program waits for the next run, and users with it.');
  }
  const isUnfinished = facts.unfinished !== undefined;
  if (facts.gate === 'closed' && !isUnfinished) {
    notes.fail('gate', 'is closed, though no transaction is unfinished: units cannot be started',
      `Look what ran last (seatrial status), then on the host: ln -sfn . ${config.records}/gate`);
  } else if (facts.gate === 'missing' && facts.hasSystemd) {
    notes.warn('gate', 'is not there: units that wait for it would not start', install);
  } else notes.ok('gate', facts.gate);
}

function noteExpiry(notes: Notes, { facts, where }: HostLooked): void {
  if (where !== 'staging') return;
  if (facts.hasExpiryTimer) {
    notes.ok('expiry', 'a timer removes copies whose time is over');
    return;
  }
  notes.warn('expiry', 'no timer removes copies whose time is over', facts.hasSystemd
    ? 'They would stay until the next command comes here. Run once: ' +
      'seatrial doctor --install --host staging'
    : 'There is no systemd: they go when the next command comes here.');
}

function noteTransaction(notes: Notes, { facts, where }: HostLooked): void {
  const { unfinished, lockOwner } = facts;
  if (facts.lock === 'held') {
    notes.warn('transaction', `runs: ${lockOwner['version'] ?? 'a release'} by ` +
      `${lockOwner['by'] ?? 'somebody'}`, `Watch it: seatrial attach --host ${where}`);
  } else if (unfinished !== undefined) {
    notes.fail('transaction', needsHuman(facts) === undefined
      ? `${unfinished} died, and users may be kept out`
      : `${unfinished} needs a person: ${needsHuman(facts) ?? ''}`,
    `Finish it: seatrial recover --host ${where}`);
  } else notes.ok('transaction', 'none is unfinished');
}

function noteInstalled(notes: Notes, { config, facts, where }: HostLooked): void {
  const { installed } = facts;
  const there = codePaths(config).filter((path) =>
    !['missing', undefined].includes(facts.paths.get(path)?.type));
  if (installed !== undefined) {
    notes.ok('release', `${installed.version}, since ${installed.installedAt}`);
  } else if (there.length === 0) notes.ok('release', 'none yet: the first one is installed');
  else if (where === 'staging') {
    notes.ok('release', `rehearsals lay production's over what is there: ${there.join(', ')}`);
  } else {
    notes.warn('release', `was not deployed by Seatrial: ${there.join(', ')}`,
      `Take it over as it is: seatrial adopt --host ${where} --version <the version that runs>`);
  }
}

function noteClock(notes: Notes, { clockAheadSeconds, clockKept }: Readiness): void {
  const off = Math.abs(clockAheadSeconds);
  const words = `${formatSeconds(off)} ${clockAheadSeconds < 0 ? 'behind' : 'ahead of'} ` +
    'this machine\'s';
  const fix = 'Turn time synchronisation on there (timedatectl set-ntp true), and here.';
  if (off > clockFailSeconds) notes.fail('clock', words, fix);
  else if (off > clockWarnSeconds) notes.warn('clock', words, fix);
  else if (clockKept === 'no') {
    notes.warn('clock', 'is right, and nothing keeps it so', fix);
  } else notes.ok('clock', clockKept === 'yes' ? 'is right and kept so' : 'is right');
}

function noteFailed(notes: Notes, { config, facts, readiness }: HostLooked): void {
  const { failedBytes, freeBytes } = readiness;
  if (facts.failed.length === 0) {
    notes.ok('failed bundles', 'none');
    return;
  }
  const words = `${facts.failed.length} in ${config.records}/failed: ${formatBytes(failedBytes)}`;
  if (freeBytes === undefined || failedBytes <= failedShareMax * (failedBytes + freeBytes)) {
    notes.ok('failed bundles', words);
    return;
  }
  notes.warn('failed bundles', `${words}, with ${formatBytes(freeBytes)} free`,
    `Look into them, then remove what you know; keep.failed is ${config.keep.failed}.`);
}
