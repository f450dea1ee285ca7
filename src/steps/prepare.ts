import type { Config } from '../config/config.ts';
import { sharedOf } from '../facts/gather.ts';
import { label, shellText, userOf, verb, type Context } from './context.ts';
import { pathsOf } from '../state/spec.ts';
import type { Step } from './step.ts';

/** Before anything: nobody deployed since, and what runs passes the checks. */
export function checkProduction(context: Context): Step[] {
  const expected: Step = {
    id: 'same-production',
    title: 'Make sure that nobody deployed since this plan was made',
    back: '',
    phase: 'prepare',
    do: [verb('expect_installed', context.facts.installedSha256)],
    undo: [],
  };
  if (context.way === 'first') return [expected];
  return [expected, {
    id: 'baseline',
    title: 'Run the checks on what serves now',
    back: '',
    phase: 'prepare',
    do: [verb('baseline', context.repair)],
    undo: [],
  }];
}

/** The release, whole and under its final name, beside the running one. */
export function unpackRelease(context: Context): Step {
  const { config, release, target } = context;
  const links = config.install.kind === 'releases' ? config.install.shared : [];
  return {
    id: 'unpack',
    title: `Unpack ${target.version} beside the running release and check its digest`,
    back: `Move ${target.version} out of the way`,
    phase: 'prepare',
    do: [
      verb('unpack_release', target.digest, release),
      ...links.map((name) => verb('link_shared', release, sharedOf(config), name)),
    ],
    undo: [verb('remove_unpacked', release)],
  };
}

/** The release's own preparation on the host, with the old release still serving. */
export function buildRelease(context: Context): Step[] {
  const { install } = context.config;
  if (install.kind !== 'releases' || install.run === undefined) return [];
  return [{
    id: 'build',
    title: `Run in the new release: ${firstLine(install.run.run)}`,
    back: '',
    phase: 'prepare',
    do: [verb('run_once', 'install', userOf(install.run), install.run.timeoutSeconds,
      context.release, 'the install command', shellText(context, install.run.run, 'new'))],
    undo: [],
  }];
}

/** Copies of what will be replaced or what will replace, on the file system of each path. */
export function stagePaths(context: Context): Step[] {
  const { install } = context.config;
  if (install.kind !== 'in-place') return [];
  return install.replaces.map((replaced, index) => {
    const name = label('code', index);
    const staged = replaced.from !== undefined;
    return {
      id: `stage-${name}`,
      title: staged ? `Lay ${replaced.from} ready beside ${replaced.path}`
        : `Copy ${replaced.path} aside`,
      back: `Remove what was laid beside ${replaced.path}`,
      phase: 'prepare' as const,
      do: [staged ? verb('stage', replaced.path, sourceOf(context, replaced.from), name)
        : verb('copy_aside', replaced.path, '-', name)],
      undo: [staged ? verb('unstage', replaced.path, '-', name)
        : verb('drop_aside', replaced.path, '-', name)],
    };
  });
}

/** A rollback lays ready what it kept, by its absolute path. */
function sourceOf(context: Context, from: string): string {
  return from.startsWith('/') ? from : `${context.release}/${from}`;
}

/** Space for the journal is taken before the window, so that undo can write on a full disk. */
export function reserveSpace(context: Context): Step {
  return {
    id: 'reserve',
    title: 'Reserve space for the journal, and see that the rescue copies fit',
    back: 'Give back the reserved space',
    phase: 'prepare',
    do: [
      verb('reserve_space'),
      ...spaceNeeded(context.config, context.facts)
        .filter((need) => need.directory !== '')
        .map((need) => verb('need_space', need.directory, need.bytes)),
    ],
    undo: [verb('free_reserve')],
  };
}

interface Need {
  readonly directory: string;
  readonly bytes: number;
  readonly device: string;
}

/** One number for each file system: rescue copies and the margin that a window needs. */
export function spaceNeeded(config: Config, facts: Context['facts']): Need[] {
  const needs = new Map<string, Need>();
  for (const path of copiedPaths(config)) {
    const fact = facts.paths.get(path);
    if (fact === undefined || fact.type === 'missing') continue;
    const before = needs.get(fact.parentDevice);
    needs.set(fact.parentDevice, {
      directory: before?.directory ?? (path.slice(0, path.lastIndexOf('/')) || '/'),
      bytes: (before?.bytes ?? marginBytes) + fact.bytes,
      device: fact.parentDevice,
    });
  }
  for (const [index, { kind }] of config.state.entries()) {
    const name = label('state', index);
    const state = facts.states.get(name);
    if (!['postgres', 'mysql', 'command'].includes(kind)) continue;
    if (state?.free === undefined || !state.exists) continue;
    const device = state.device === '' ? unseenDevice(name) : state.device;
    const before = needs.get(device);
    needs.set(device, {
      directory: before?.directory ?? state.directory,
      bytes: (before?.bytes ?? marginBytes) + state.bytes,
      device,
    });
  }
  return [...needs.values()];
}

/** Stands for a file system that has no name here: nothing else is known to lie on it. */
export function unseenDevice(label: string): string {
  return `where ${label} is kept`;
}

const marginBytes = 16 * 1024 * 1024;

function copiedPaths(config: Config): string[] {
  const code = config.install.kind === 'in-place'
    ? config.install.replaces.map((it) => it.path) : [];
  return [...config.state.flatMap(pathsOf), ...code];
}

export function firstLine(text: string): string {
  const line = text.split('\n')[0] ?? '';
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
