import type { Command } from '../command/command.ts';
import { pathsOf } from '../state/spec.ts';
import { isolated } from './isolate.ts';
import { verb, type Context } from './context.ts';

/** The mark, before the first command of the procedure that may write. */
export function writesBegin(context: Context): Command {
  return verb('writes_begin', ...isolated(context.config, context.facts).users);
}

/**
 * After the last one. Writes `outside TAB written|deleted|temporary|unknown TAB path` lines to a
 * file, none where nothing was written outside of what the configuration names. `temporary` is
 * told only; each other one refuses.
 */
export function writesFound(context: Context, file: string): Command {
  return verb('writes_found', file, declaredPaths(context).join('\n'));
}

/** Paths with all below them, and globs. */
export function declaredPaths({ config }: Context): string[] {
  const { install } = config;
  const code = install.kind === 'releases'
    ? [`${install.directory}/releases`, `${install.directory}/current*`,
      ...install.shared.map((name) => `${install.directory}/shared/${name}`)]
    : install.replaces.map((it) => it.path);
  const swapped = [...config.state.flatMap(pathsOf), ...code];
  const sides = swapped.map((path) =>
    `${path.slice(0, path.lastIndexOf('/'))}/.seatrial-${config.application}`);
  const files = config.services.flatMap((it) => (it.kind === 'systemd' ? []
    : [...(it.kind === 'pidfile' ? [it.pidfile] : []),
      ...(it.guard.kind === 'entry' ? [`${it.guard.path}*`] : [])]));
  const beside = config.state.flatMap((it) => (it.kind === 'sqlite'
    ? [`${it.path}-wal`, `${it.path}-shm`, `${it.path}-journal`]
    : it.kind === 'zodb' ? [`${it.path}.*`] : []));
  const logs = config.checks.flatMap((it) => (it.kind === 'log' ? [`${it.file}*`] : []));
  return [...new Set([config.records, ...swapped, ...sides, ...files, ...beside, ...logs,
    ...config.staging.writes])];
}
