import { createHash } from 'node:crypto';
import type { Config, CopyFrom, MaskConfig, StateConfig } from '../config/config.ts';
import { pathsOf, plannedStates, specOf, titleOf, type StateKind } from '../state/spec.ts';

/** One thing to be copied: a state, or a tree or file of production's code. */
export interface CopyItem {
  readonly kind: StateKind;
  /** `state1`, `code1`, `shared2`. */
  readonly label: string;
  /** Of the state, or the path on production. */
  readonly name: string;
  /** What a person reads: `/srv/app/uploads`, `database guestbook`. */
  readonly title: string;
  /** Where it is taken from; for a standby, that server. */
  readonly productionSpec: string;
  readonly stagingSpec: string;
  readonly from: CopyFrom;
  readonly masks: readonly MaskConfig[];
  /** sha256 of all of the configuration that the copy depends on. */
  readonly digest: string;
}

export interface WantedInput {
  /** Production's. */
  readonly config: Config;
  readonly stagingConfig: Config;
  /** Absolute directory of the release that production runs; empty for an install in place. */
  readonly release: string;
}

/** All states, in the order of the configuration, and then the code. Pure. */
export function wantedCopies(input: WantedInput): CopyItem[] {
  return [...stateItems(input), ...codeItems(input)];
}

function stateItems({ config, stagingConfig }: WantedInput): CopyItem[] {
  const staging = plannedStates(stagingConfig);
  return plannedStates(config).flatMap((planned, index) => {
    const state = config.state[index];
    const there = staging[index];
    if (state === undefined || there === undefined) return [];
    return [item({
      kind: planned.kind, label: planned.label, name: state.name, title: titleOf(state),
      productionSpec: sourceSpec(withoutProcesses(state, config)), stagingSpec: there.spec,
      from: state.copyFrom,
      masks: config.mask.filter((it) => it.state === state.name),
    })];
  });
}

/**
 * A pid file that came along would name a process of production, or whatever has its number on
 * staging; and staging would end that. A log is written all the time, and begins anew there.
 */
function withoutProcesses(state: StateConfig, config: Config): StateConfig {
  return state.kind !== 'directory' ? state
    : { ...state, exclude: [...state.exclude, ...ofProcesses(state.path, config)] };
}

function ofProcesses(path: string, config: Config): string[] {
  const pids = config.services.flatMap((it) => (it.kind === 'pidfile' ? [it.pidfile] : []));
  const logs = config.checks.flatMap((it) => (it.kind === 'log' ? [it.file] : []));
  return [...pids, ...logs].filter((file) => file.startsWith(`${path}/`))
    .map((file) => literally(file.slice(path.length + 1)));
}

/** A standby is the same database at another address, of which nothing is asked but to be read. */
function sourceSpec(state: StateConfig): string {
  if (state.copyFrom.kind !== 'standby' || (state.kind !== 'postgres' && state.kind !== 'mysql')) {
    return specOf(state);
  }
  const { host, port } = state.copyFrom;
  return `${specOf({ ...state, host, port: port ?? state.port })}\treads=only`;
}

/**
 * What production runs: the tree of its release and the shared names that are no state, or each
 * path that an install in place replaces. State that lies inside is left out: it has its own copy.
 */
function codeItems(input: WantedInput): CopyItem[] {
  return codePaths(input).map((it) => item({
    kind: 'directory', label: it.label, name: it.production, title: it.production,
    productionSpec: codeSpec(it.production, input.config),
    stagingSpec: codeSpec(it.staging, input.stagingConfig),
    from: { kind: 'live' }, masks: [],
  }));
}

export interface CodePath {
  readonly label: string;
  readonly production: string;
  readonly staging: string;
}

export function codePaths({ config, stagingConfig, release }: WantedInput): CodePath[] {
  const { install } = config;
  const there = stagingConfig.install;
  if (install.kind === 'in-place') {
    return install.replaces.map((it, index) => ({ label: `code${index + 1}`, production: it.path,
      staging: there.kind === 'in-place' ? there.replaces[index]?.path ?? it.path : it.path }));
  }
  const directory = there.kind === 'releases' ? there.directory : install.directory;
  const states = config.state.flatMap(pathsOf);
  const code = release === '' ? [] : [{ label: 'code1', production: release,
    staging: `${directory}/releases/${release.slice(release.lastIndexOf('/') + 1)}` }];
  const shared = install.shared
    .map((name, index) => ({ label: `shared${index + 1}`,
      production: `${install.directory}/shared/${name}`, staging: `${directory}/shared/${name}` }))
    .filter((it) => !states.some((path) => it.production === path
      || it.production.startsWith(`${path}/`)));
  return [...code, ...shared];
}

function codeSpec(path: string, config: Config): string {
  const inside = config.state.flatMap((state) => pathsOf(state).map((it) => ({ state, path: it })))
    .filter((it) => it.path.startsWith(`${path}/`))
    .map((it) => literally(it.path.slice(path.length + 1)) +
      (it.state.kind === 'directory' ? '' : '*'));
  return specOf({ kind: 'directory', path, name: path, copyFrom: { kind: 'live' },
    exclude: [...inside, ...ofProcesses(path, config), `**/.seatrial-${config.application}`] });
}

/** Globs have no escape; a sign that means something stands for any one. */
function literally(path: string): string {
  return path.replace(/[*?{},]/g, '?');
}

function item(it: Omit<CopyItem, 'digest'>): CopyItem {
  const text = JSON.stringify([it.kind, it.productionSpec, it.stagingSpec, it.from, it.masks]);
  return { ...it, digest: createHash('sha256').update(text).digest('hex') };
}
