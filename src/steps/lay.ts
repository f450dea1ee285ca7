import type { Command } from '../command/command.ts';
import { entriesOf, sharedOf } from '../facts/gather.ts';
import { pathsOf, plannedStates } from '../state/spec.ts';
import { linkInWindow, verb, type Context } from './context.ts';
import { serviceActs } from './services.ts';
import type { Step } from './step.ts';

/** Production's code as it stands on staging: a tree or a file that is laid from its copy. */
export interface LaidPath {
  /** What a person reads. */
  readonly title: string;
  readonly spec: string;
  /** Where it lies on staging. */
  readonly place: string;
  /** `code1`, `shared2`: under this label its copy is kept. */
  readonly label: string;
}

export interface LayInput {
  /** Bound to staging, with the release that production runs as the old and the new one. */
  readonly context: Context;
  readonly code: readonly LaidPath[];
  /** Directory on staging with files to lay over the copy, an absolute tree; empty: none. */
  readonly overlay: string;
  /** Production's installed.json, as text for staging. */
  readonly installed: string;
  /** Each program proves it anew, before anything of the application starts. */
  readonly isolate: readonly Step[];
}

/**
 * First of all on staging, before anything of production arrives there: nothing of the application
 * runs or can be started, and it is cut off.
 */
export function closeOff(context: Context, isolate: readonly Step[]): Step[] {
  return [closeStaging(context), ...isolate, makeParents(context)];
}

/** A staging host that was never used has nowhere to put a copy beside. */
function makeParents({ config }: Context): Step {
  const { install } = config;
  const code = install.kind === 'releases'
    ? [`${install.directory}/releases`, `${install.directory}/shared`]
    : install.replaces.map((it) => dirname(it.path));
  const parents = [...new Set([...code, ...config.state.flatMap(pathsOf).map(dirname)])];
  return step('lay-parents', 'Make the directories that the copy comes into',
    [verb('lay_parents', ...parents)]);
}

function dirname(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/**
 * Staging becomes what production is: data, code and settings. Nothing is started; it stays closed
 * until the trial.
 */
export function lay(input: LayInput): Step[] {
  const { context } = input;
  return [
    closeStaging(context),
    ...input.isolate,
    // The code first: state may lie in a directory that is shared between releases.
    ...layCode(input),
    ...plannedStates(context.config).map((state, index) => step(`lay-${state.label}`,
      `Lay a fresh copy of ${context.config.state[index]?.name ?? state.label}`,
      [verb(`lay_${state.kind}`, state.spec, state.label)])),
    ...forgetPids(context),
    ...noWayBack(context, input.code),
    ...(input.overlay === '' ? [] : [step('lay-overlay', 'Lay the files of staging over the copy',
      [verb('lay_overlay', input.overlay)])]),
    step('lay-record', 'Record what production has installed',
      [verb('lay_record', input.installed)]),
    ...showEntries(context),
  ];
}

export function closeStaging(context: Context): Step {
  const closed = [verb('close_gate'), ...serviceActs(context).map((it) => it.halt).reverse(),
    ...entriesOf(context.config.services).map((path) => verb('hide', path))];
  return {
    ...step('lay-close', 'Stop what runs on staging, and keep it from being started', closed),
    back: 'Stop what was started, and keep it from being started',
    undo: closed,
  };
}

function layCode({ context, code }: LayInput): Step[] {
  const link = linkInWindow(context.config);
  return [
    ...code.map((it) => step(`lay-${it.label}`, `Lay production's ${it.title}`,
      [verb('lay_directory', it.spec, it.label)])),
    ...(link === '' ? [] : [step('lay-link', 'Switch to the release that production runs',
      [...linkedNames(context), verb('switch_link', link, context.oldRelease)])]),
  ];
}

/** Links in the release lead where production's shared files are; here they may lie elsewhere. */
function linkedNames({ config, oldRelease }: Context): Command[] {
  const names = config.install.kind === 'releases' ? config.install.shared : [];
  return names.map((name) => verb('link_shared', oldRelease, sharedOf(config), name));
}

/** On one machine a link of the copy could lead back to production itself. */
function noWayBack(context: Context, code: readonly LaidPath[]): Step[] {
  const { config } = context;
  const elsewhere = config.staging.instead.map((it) => it.of).filter((it) => it.startsWith('/'));
  if (elsewhere.length === 0) return [];
  const laid = [...code.map((it) => it.place), ...config.state.flatMap(pathsOf)];
  return [step('lay-no-way-back', 'See that no link of the copy leads to production',
    [verb('lay_no_links', elsewhere.join('\n'), ...laid)])];
}

/** What came along names a process of production, or another one here. */
function forgetPids({ config }: Context): Step[] {
  const files = config.services.flatMap((it) => (it.kind === 'pidfile' ? [it.pidfile] : []));
  return files.length === 0 ? [] : [step('lay-pids', 'Forget what processes production has',
    files.map((path) => verb('lay_no_pid', path)))];
}

/** The trial is planned by what it finds: an entry must be where it is in production. */
function showEntries({ config }: Context): Step[] {
  const entries = entriesOf(config.services);
  return entries.length === 0 ? [] : [step('lay-entries', 'Put the entries where they belong',
    entries.map((path) => verb('unhide', path)))];
}

/** One that needs no way back: nothing on staging is worth keeping. */
export function step(id: string, title: string, acts: readonly Command[]): Step {
  return { id, title, back: '', phase: 'prepare', do: acts, undo: [] };
}
