import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { command, type Command } from '../command/command.ts';
import { quote } from '../command/quote.ts';
import type { Config } from '../config/config.ts';
import type { Problem } from '../errors.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { pathsOf } from '../state/spec.ts';
import { hasNoUser, isolated, runners, splitEndpoint, stagingCommands, type Production }
  from '../steps/isolate.ts';
import { unitsToGuard } from './units.ts';

/** Written out one by one: the bundler finds a file only by its whole name. */
const parts: readonly URL[] = [
  new URL('./isolation/host.sh', import.meta.url),
  new URL('./isolation/rules.sh', import.meta.url),
  new URL('./isolation/prove.sh', import.meta.url),
  new URL('./isolation/look.sh', import.meta.url),
];

export function isolationProgram(application: string): string {
  return `/usr/local/sbin/seatrial-isolation-${application}`;
}

/** What the login may have root run: no word of it can be chosen. */
export const isolationVerbs = ['on', 'off', 'check', 'prove', 'look', 'still'] as const;

/** The root-owned program of one staging host, with all that it needs to know written into it. */
export function isolationText(config: Config, facts: HostFacts): string {
  const { isolation } = config.staging;
  const who = isolated(config, facts);
  const { own, triggered } = unitsToGuard(config, facts);
  const constants: Record<string, string> = {
    APP: config.application,
    OWNER: facts.user,
    RECORDS: config.records,
    USERS: who.users.join('\n'),
    GROUP: who.group ? 'yes' : 'no',
    ROOT_RUNS: who.rootRuns ? 'yes' : 'no',
    ALLOW: isolation.kind === 'network' ? isolation.allow.join('\n') : '',
    PATHS: applicationPaths(config).join('\n'),
    UNITS: [...own, ...triggered].join('\n'),
    PIDFILES: config.services.flatMap((it) => (it.kind === 'pidfile' ? [it.pidfile] : []))
      .join('\n'),
  };
  return [
    '#!/bin/sh',
    `# ${config.application} on staging. Written by seatrial doctor --install; do not edit.`,
    ...Object.entries(constants).map(([name, value]) => `${name}=${quote(value)}`),
    ...parts.map((it) => readFileSync(it, 'utf8').replace(/^# shellcheck shell=sh.*\n/, '')),
    'main "$@"',
    '',
  ].join('\n');
}

export interface HostFile {
  readonly path: string;
  readonly mode: string;
  /** Without the last line break. */
  readonly text: string;
}

/** What root writes on staging: the program, and a condition for each unit. */
export function isolationFiles(config: Config, facts: HostFacts): HostFile[] {
  const { kind } = config.staging.isolation;
  if (kind === 'none') return [];
  const program: HostFile = { path: isolationProgram(config.application), mode: '755',
    text: isolationText(config, facts).trimEnd() };
  const { own, triggered } = unitsToGuard(config, facts);
  const units = facts.hasSystemd ? [...own, ...triggered] : [];
  return [
    ...(kind === 'network' ? [program] : []),
    ...units.map((unit) => ({ path: conditionFile(unit), mode: '644',
      text: conditionLines(config, facts, unit).join('\n') })),
  ];
}

export function conditionFile(unit: string): string {
  return `/etc/systemd/system/${unit}.d/60-seatrial-isolation.conf`;
}

/** The mark is in /run: after a reboot the rules are gone, and so is the mark. */
function conditionLines(config: Config, facts: HostFacts, unit: string): string[] {
  const { application, records, staging } = config;
  const asks = unit.endsWith('.service') && staging.isolation.kind === 'network';
  const slice = `Slice=seatrial_${application.replaceAll('-', '_')}.slice`;
  return [
    '# Written by Seatrial for staging. While a copy of production is on this host, the unit can',
    '# be started only where the copy is cut off from the network; seatrial rehearse sees to that.',
    '[Unit]',
    `ConditionPathExists=|/run/seatrial/${application}/isolated`,
    `ConditionPathExists=|!${records}/copied`,
    ...(asks ? ['', '[Service]', `ExecCondition=+${isolationProgram(application)} start`,
      ...(hasNoUser(facts, unit) ? ['# It has no user that a rule could name.', slice] : [])] : []),
  ];
}

/**
 * Run by the login once nothing of a copy is left: what kept the units from being started is
 * lifted, then the rules go. May be repeated; the program itself refuses while there is a copy.
 */
export function letGo(config: Config, facts: HostFacts): Command {
  const program = isolationProgram(config.application);
  const copied = `${config.records}/copied`;
  const sudo = facts.isRoot ? '' : 'sudo -n ';
  return command('/bin/sh', '-c', `rm -f -- ${quote(copied)} && ` +
    `sync ${quote(config.records)} && if [ -e ${program} ]; then ${sudo}${program} off; fi`);
}

/** Whoever names one of these in a schedule works for the application. */
function applicationPaths(config: Config): string[] {
  const { install } = config;
  const code = install.kind === 'releases' ? [install.directory]
    : install.replaces.map((it) => it.path);
  return [...new Set([...code, ...config.state.flatMap(pathsOf)])];
}

/**
 * Everything on staging that would let the copy reach out, or that keeps it from being proven.
 * `config` has `instead` applied, `facts` were gathered for `staging`; production is looked at
 * where both are one machine.
 */
export function isolationProblems(config: Config, facts: HostFacts,
  production?: Production): Problem[] {
  if (config.staging.isolation.kind !== 'network') return [];
  return [...rootProblems(config, facts), ...programProblems(config, facts),
    ...databaseProblems(config, facts), ...sharedUserProblems(config, facts, production),
    ...facts.isolation.problems];
}

/** A rule holds for a user, wherever on the machine that user works. */
function sharedUserProblems(config: Config, facts: HostFacts,
  production: Production | undefined): Problem[] {
  if (config.staging.sameHost === undefined || production === undefined) return [];
  const cutOff = isolated(config, facts).users;
  const shared = runners(production.config, production.facts).filter((it) => cutOff.includes(it));
  return shared.length === 0 ? [] : [{
    message: `production runs as ${shared.join(', ')} on this machine, and would be cut off with ` +
      'the copy',
    fix: `Give staging users of its own under instead, ${otherwise}`,
  }];
}

const install = 'Run once: seatrial doctor --install --host staging ' +
  '(it prints what root must run).';
const otherwise = 'or write staging: { isolation: { on: …, prove: … } }.';

function rootProblems(config: Config, facts: HostFacts): Problem[] {
  const { own, triggered } = unitsToGuard(config, facts);
  const isolation = config.staging.isolation;
  const isNamed = isolation.kind === 'network' && isolation.users.length > 0;
  const unseen = [...own, ...triggered]
    .filter((unit) => !isNamed && !/\.(?:service|timer|path)$/.test(unit));
  const asRoot = facts.isRoot ? [] : stagingCommands(config).filter((it) => it.user === 'root');
  return [
    ...unseen.map((unit) => ({
      message: `${unit} starts what cannot be seen from here, and its users are not known`,
      fix: 'Name them: staging: { isolation: { users: […] } }.',
    })),
    ...(asRoot.length === 0 ? [] : [{
      message: `commands are run as root by ${facts.user}, and cannot be cut off from the network`,
      fix: `Connect to staging as root, give them another user, ${otherwise}`,
    }]),
    ...(isolated(config, facts).group && !facts.isolation.hasGroups ? [{
      message: 'staging has no cgroups of version 2, so that what runs as root cannot be cut off',
      fix: `Give units and commands users of their own there, ${otherwise}`,
    }] : []),
  ];
}

function programProblems(config: Config, facts: HostFacts): Problem[] {
  const { application } = config;
  const { own, triggered } = unitsToGuard(config, facts);
  const { helper, usable } = facts.isolation;
  const program = isolationProgram(application);
  const expected = createHash('sha256').update(isolationText(config, facts)).digest('hex');
  const unguarded = [...own, ...triggered].filter((it) => facts.units.get(it)?.isolated !== true);
  const hasRules = facts.tools.has('nft') || (facts.tools.has('iptables'));
  return [
    ...(hasRules ? [] : [{ message: 'staging has neither nft nor iptables: nothing can be cut off',
      fix: `Install nftables there (apt-get install nftables), ${otherwise}` }]),
    ...(facts.tools.has('python3') || facts.tools.has('perl') ? [] : [{
      message: 'staging has neither python3 nor perl, so that the isolation cannot be proven',
      fix: 'Install python3 there.' }]),
    ...(helper === expected ? [] : [{
      message: helper === '' ? `staging has no ${program} that only root can change`
        : `${program} was made for another configuration or version`,
      fix: install }]),
    ...(helper === '' || usable ? [] : [{ message: `${facts.user} may not run ${program}`,
      fix: `${install} The lines for sudoers are among it.` }]),
    ...(unguarded.length === 0 ? [] : [{
      message: `${unguarded.join(', ')} could be started on staging without being isolated`,
      fix: install }]),
  ];
}

/** A database elsewhere that staging needs must be named, or nothing there would work. */
function databaseProblems(config: Config, facts: HostFacts): Problem[] {
  const { isolation } = config.staging;
  if (isolation.kind !== 'network') return [];
  const allowed = isolation.allow.map((it) => splitEndpoint(it).host);
  const here = ['localhost', '127.0.0.1', '::1', facts.host, ...facts.addresses];
  return config.state.flatMap((state): Problem[] => {
    if (state.kind !== 'postgres' && state.kind !== 'mysql') return [];
    const { host } = state;
    if (host === undefined || host.startsWith('/')) return [];
    return here.includes(host) || allowed.includes(host) ? [] : [{
      message: `staging's database is on ${host}, which the isolation does not allow`,
      fix: `Write staging: { isolation: { allow: ['${host}:${state.port ??
        (state.kind === 'postgres' ? 5432 : 3306)}'] } } if that is staging's own server, ` +
        'else name another under instead.',
    }];
  });
}
