import type {
  CheckConfig, Config, InstallConfig, ServiceConfig, StateConfig,
} from './config.ts';
import { overlaps } from './paths.ts';
import { placeholdersOf } from './placeholders.ts';
import type { Report } from './report.ts';

/** Something of the machine that a rehearsal would take for its own. */
interface Owned {
  readonly what: string;
  /** Paths collide where one lies in the other, names where they are equal. */
  readonly kind: 'path' | 'name';
  readonly value: string;
}

/**
 * Where staging and production are one machine, a rehearsal that shared anything with production
 * would stop it, restore over it, swap it away, or check it in place of the copy.
 */
export function sameHostRules(
  configs: { readonly production: Config; readonly staging: Config }, report: Report,
): void {
  const mark = report.marks('same-host')[0];
  if (mark === undefined) return;
  const theirs = ownedBy(configs.production);
  for (const own of ownedBy(configs.staging)) {
    const hit = theirs.find((it) => it.kind === own.kind && (own.kind === 'path'
      ? overlaps(it.value, own.value) : it.value === own.value && it.what === own.what));
    if (hit === undefined) continue;
    const both = hit.value === own.value ? `${own.what} ${own.value}`
      : `${own.what} ${own.value}, and production ${hit.what} ${hit.value}`;
    report.tell(mark, `lets a rehearsal work on production itself: staging has ${both}`,
      `Give staging its own by staging.instead: [{ of: ${own.value}, use: … }]; `
      + 'write out first what is a default.');
  }
}

function ownedBy(config: Config): readonly Owned[] {
  return [
    path('records', config.records), ...installed(config.install),
    ...config.services.flatMap(ofService), ...ofMaintenance(config),
    ...config.state.flatMap(ofState), ...config.checks.flatMap(ofCheck),
  ];
}

function path(what: string, value: string): Owned {
  return { what, kind: 'path', value };
}

function name(what: string, value: string): Owned {
  return { what, kind: 'name', value };
}

function installed(install: InstallConfig): Owned[] {
  return install.kind === 'releases' ? [path('install.directory', install.directory)]
    : install.replaces.map((it) => path('install.replaces', it.path));
}

function ofService(service: ServiceConfig): Owned[] {
  if (service.kind === 'systemd') return [name('the unit', service.unit)];
  const entry = service.guard.kind === 'entry' ? [path('the entry', service.guard.path)] : [];
  return service.kind === 'pidfile' ? [path('the pid file', service.pidfile), ...entry]
    : [name('the stop command', service.stop.run), ...entry];
}

function ofMaintenance({ maintenance }: Config): Owned[] {
  switch (maintenance.kind) {
    case 'commands': return [name('maintenance.on', maintenance.on.run)];
    case 'private': return [maintenance.privateValue, maintenance.publicValue]
      .map((value) => name(`the value of ${maintenance.variable}`, value));
    case 'none': return [];
  }
}

function ofState(state: StateConfig): Owned[] {
  switch (state.kind) {
    case 'directory':
    case 'sqlite': return [path(state.kind, state.path)];
    case 'zodb': return [state.path, state.blobs, state.archive]
      .flatMap((it) => (it === undefined ? [] : [path('zodb', it)]));
    case 'postgres':
    case 'mysql': return [name(`the ${state.kind} database`, [state.database,
      ...(state.host === undefined ? [] : [`on ${state.host}`]),
      ...(state.port === undefined ? [] : [`port ${state.port}`])].join(' '))];
    case 'command': return [name(`the restore command of ${state.name}`, state.restore.run)];
  }
}

/** A URL with the port in force asks staging; a command may know where it runs. */
function ofCheck(check: CheckConfig): Owned[] {
  switch (check.kind) {
    case 'http': return ofUrl(check.url);
    case 'records': return ofUrl(check.each);
    case 'log': return [path('the log', check.file)];
    case 'command': return [];
  }
}

function ofUrl(url: string): Owned[] {
  return placeholdersOf(url, 'url').some((it) => it !== 'id') ? [] : [name('the check of', url)];
}
