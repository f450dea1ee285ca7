import type { HostFound, TreeFound, UnitFound } from './host-found.ts';
import { flow, guessed, oneLine, scalar, toFillIn } from './lines.ts';
import type { Guess } from './repository.ts';
import { isInside, isPath, type Site } from './site.ts';

export interface Told {
  readonly application: string;
  readonly site: Site;
  /** Undefined: no host was looked at. */
  readonly found: HostFound | undefined;
  readonly migrate: Guess<string> | undefined;
  /** Names at the top of the repository. */
  readonly topLevel: ReadonlySet<string>;
}

const checksMax = 2;
const portMax = 65_535;
const privateOffset = 10_000;
const sharedPattern = /^(?!\.{1,2}$)[A-Za-z0-9._@+][A-Za-z0-9._@+-]{0,254}$/;

/** The part of `seatrial.yml` that only a host can tell. */
export function hostSections(told: Told): string[] {
  return [
    '', ...installLines(told),
    '', ...serviceLines(told),
    '', ...maintenanceLines(told),
    '', ...stateLines(told),
    '', ...checkLines(told),
  ];
}

function installLines({ application, site, migrate, topLevel }: Told): string[] {
  const { tree } = site;
  const changes = migrate === undefined
    ? ['  # migrate: the command that changes the state for a release, if there is one']
    : guessed(`  migrate: ${commandOf(migrate.value, site)}`, migrate.why);
  const replaced = tree?.layout === 'fixed' ? replacedOf(tree, site, topLevel) : [];
  if (tree !== undefined && replaced.length > 0) {
    return ['install:', ...guessed('  replaces:', `${tree.path} has no releases/: a release takes `
      + 'the place of what the repository has there'),
    ...replaced.map((name) =>
      `    - { path: ${scalar(`${tree.path}/${name}`)}, from: ${scalar(name)} }`), ...changes];
  }
  const shared = tree?.layout === 'releases'
    ? [...new Set(tree.entries.map((it) => it.name))].filter((it) => sharedPattern.test(it)) : [];
  return [
    '# It holds releases/, shared/ and the link current.',
    'install:',
    ...(tree === undefined ? toFillIn(`  directory: /srv/${application}`,
      'is this where it shall be?')
      : guessed(`  directory: ${scalar(tree.path)}`, whyTree(tree, site))),
    ...(shared.length === 0
      ? ['  # shared: names in shared/ that outlive a release; each release has links to them']
      : guessed(`  shared: ${flow(shared)}`, `they are in ${tree?.path ?? ''}/shared`)),
    ...changes,
  ];
}

function commandOf(run: string, { owner }: Site): string {
  return owner === undefined ? scalar(run)
    : `{ run: ${JSON.stringify(run)}, user: ${scalar(owner)} }`;
}

/** Where neither is known to be code, state must not be among it. */
function replacedOf(tree: TreeFound, site: Site, topLevel: ReadonlySet<string>): string[] {
  const kept = [...site.sqlite, ...site.directories, ...site.unsure, ...site.logs,
    ...site.zodb.flatMap((it) => [it.path, ...(it.blobs === undefined ? [] : [it.blobs])])];
  return [...new Set(tree.entries.map((it) => it.name))]
    .filter((name) => topLevel.has(name) && sharedPattern.test(name))
    .filter((name) => !kept.some((path) => isInside(path, `${tree.path}/${name}`)));
}

function whyTree(tree: TreeFound, { otherTrees, units }: Site): string {
  const others = otherTrees.length === 0 ? '' : `; ${otherTrees.join(', ')} look alike`;
  const runs = units.find((unit) => unit.paths.some((path) => isInside(path, tree.path)));
  const why = tree.layout === 'releases' ? 'it has releases/'
    : 'it is there; move what is in it to releases/ and shared/';
  return `${why}${runs === undefined ? '' : `, and ${runs.name} runs out of it`}${others}`;
}

function serviceLines({ site, found }: Told): string[] {
  const { units } = site;
  if (units.length > 0) {
    return ['# Stopped from the last to the first.',
      ...guessed(`service: { systemd: ${flow(units.map((it) => it.name))} }`, unitsWhy(units))];
  }
  const pidfile = found?.pidfiles.find((it) => isPath(it.path) && site.tree !== undefined
    && isInside(it.path, site.tree.path));
  if (pidfile === undefined) {
    return toFillIn('service:', '{ systemd: NAME.service }, or [] where nothing runs');
  }
  return [
    'service:',
    ...guessed(`  pidfile: ${scalar(pidfile.path)}`, `its process runs as ${pidfile.user}`),
    ...toFillIn('  start:', 'the command that starts it in the background'),
    ...toFillIn('  entry:', 'a path without which it cannot be started'),
  ];
}

function unitsWhy(units: readonly UnitFound[]): string {
  const users = [...new Set(units.filter((it) => it.name.endsWith('.service'))
    .map((it) => (it.user === '' ? 'root' : it.user)))];
  return `written by an administrator, run as ${users.join(', ')}`.replace(/, run as $/, '');
}

/** Nothing is guessed that would let users in: a person decides how they are kept out. */
function maintenanceLines({ site, found }: Told): string[] {
  const ports = portsOf(site, found);
  if (ports !== undefined) {
    return ['# While a release is tried it listens where no user is.', 'maintenance:',
      ...guessed(`  private: PORT=${ports.hidden}`,
        'nothing listens there; do users not reach it?'),
      ...guessed(`  public: PORT=${ports.open}`, 'the unit has PORT in its environment')];
  }
  const fronts = found?.fronts ?? [];
  return [
    '# How users are kept out while it is changed: { on: command, off: command } for a page of the',
    `# HTTP server${fronts.length === 0 ? '' : ` (${fronts.map(oneLine).join(', ')} runs there)`}, `
      + '{ private: PORT=18080, public: PORT=8080 }, or { none: reason }.',
    ...toFillIn('maintenance:', 'one of the three'),
  ];
}

/** Where the application can be told its port: the one that users know, and one that is free. */
function portsOf(site: Site, found: HostFound | undefined):
{ readonly open: number; readonly hidden: number } | undefined {
  const open = site.units.find((it) => it.port !== undefined)?.port;
  if (open === undefined) return undefined;
  const taken = new Set(found?.ports.map((it) => it.port));
  const hidden = [1, 2, 3].map((it) => open + it * privateOffset)
    .find((it) => it <= portMax && !taken.has(it));
  return hidden === undefined ? undefined : { open, hidden };
}

function stateLines({ site, found }: Told): string[] {
  const lines = [
    ...site.databases.flatMap(({ kind, name, owner, client }) => guessed(
      `  - ${kind}: ${client === found?.user ? scalar(name)
        : `{ database: ${scalar(name)}, as: ${scalar(client)} }`}`,
      owner === '' ? 'by its name' : `it belongs to ${owner}`)),
    ...site.sqlite.flatMap((path) => guessed(`  - sqlite: ${scalar(path)}`,
      'it begins as an SQLite file does')),
    ...site.zodb.flatMap(({ path, blobs }) => guessed(blobs === undefined
      ? `  - zodb: ${scalar(path)}` : `  - { zodb: ${scalar(path)}, blobs: ${scalar(blobs)} }`,
    'by its name')),
    ...site.directories.flatMap((path) => guessed(`  - directory: ${scalar(path)}`, 'by its name')),
  ];
  const others = site.otherDatabases.length === 0 ? []
    : [`# Other databases there: ${oneLine(site.otherDatabases.join(', '))}`];
  const unsure = site.unsure.flatMap((path) => toFillIn('#',
    `${path} is in the repository too: is it code (install.replaces) or state?`));
  return ['# What must never be lost: it goes forward and back together with the code.', ...others,
    ...unsure,
    ...(lines.length === 0 ? toFillIn('state:', 'databases and directories, or [] for none')
      : ['state:', ...lines])];
}

function checkLines({ site, found }: Told): string[] {
  const listened = (found?.ports ?? []).filter((it) => it.user === site.owner).map((it) => it.port);
  const http = portsOf(site, found) !== undefined
    ? guessed('  - http: http://127.0.0.1:{PORT}/', 'is there a page that tells its health?')
    : [...new Set(listened)].slice(0, checksMax).flatMap((it) => guessed(
      `  - http: http://127.0.0.1:${it}/`, `${site.owner ?? ''} listens there`));
  const logs = site.logs.flatMap((path) => guessed(`  - log: ${scalar(path)}`, 'by its name'));
  return ['# All of them pass on what runs now before anything changes, and then on the release.',
    ...([...http, ...logs].length === 0
      ? toFillIn('checks:', 'a list such as [{ http: http://localhost:8080/health }]')
      : ['checks:', ...http, ...logs])];
}
