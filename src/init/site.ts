import type {
  DatabaseFound, HostFound, TreeFound, UnitFound, ZodbFound,
} from './host-found.ts';

/** What on a host seems to belong to the application. */
export interface Site {
  readonly tree: TreeFound | undefined;
  /** Trees that were as likely; for a remark. */
  readonly otherTrees: readonly string[];
  /** The one that serves first, timers last. */
  readonly units: readonly UnitFound[];
  /** User that the application runs as; undefined: root, or not known. */
  readonly owner: string | undefined;
  readonly databases: readonly DatabaseFound[];
  readonly otherDatabases: readonly string[];
  readonly sqlite: readonly string[];
  readonly zodb: readonly ZodbFound[];
  readonly directories: readonly string[];
  /** Called like what users send, and known to the repository: it may be either. */
  readonly unsure: readonly string[];
  readonly logs: readonly string[];
}

const logsMax = 2;
/** As in our own file: what it would refuse is not guessed. */
const pathPattern = /^(?:\/(?!\.{1,2}(?:\/|$))[^/\u0000-\u001f\u007f]+)+$/;
const unitPattern = /^(?!.*@\.)[A-Za-z0-9_][A-Za-z0-9:_.@-]{0,240}\.(?:service|timer)$/;
const databasePattern = /^[A-Za-z0-9_][A-Za-z0-9_$.-]{0,62}$/;
const ofServers = ['postgres', 'template0', 'template1', 'mysql', 'sys', 'information_schema',
  'performance_schema'];
const userPattern = /^[a-z_][a-z0-9_.-]{0,31}$/;

export interface Wanted {
  readonly application: string;
  /** Whether the repository has this path: then it is code, not state. */
  readonly isCode: (relative: string) => boolean;
}

/** Servers that several applications may use are not one of them. */
const servers = new RegExp('/(?:postgres|mysqld?|mariadbd?|mongod|redis-server|valkey-server|' +
  'memcached|nginx|apache2|httpd|haproxy|caddy|dockerd|containerd)$');

export function siteOf(all: HostFound, wanted: Wanted): Site {
  const { application } = wanted;
  const found = { ...all, units: all.units.filter((it) =>
    !it.paths.some((path) => servers.test(path))) };
  const ranked = found.trees.filter((it) => pathPattern.test(it.path))
    .map((tree) => ({ tree, score: scoreOf(tree, found, application) }))
    .filter((it) => it.score > 0).sort((a, b) => b.score - a.score);
  const tree = ranked[0]?.tree;
  const units = unitsOf(found, tree, application);
  const owner = [units[0]?.user, tree?.owner].find((it) =>
    it !== undefined && it !== 'root' && userPattern.test(it));
  const inTree = (path: string): boolean => pathPattern.test(path) && path !== tree?.path
    && (tree === undefined ? nameInPath(path, application) : isInside(path, tree.path));
  const databases = databasesOf(found, application, owner);
  return {
    tree, units, owner, databases,
    otherTrees: ranked.slice(1).filter((it) => it.score === ranked[0]?.score)
      .map((it) => it.tree.path),
    otherDatabases: found.databases.filter((it) => !databases.includes(it)).map((it) => it.name),
    unsure: outermost(found.uploads.filter((it) => inTree(it) && tree?.layout === 'fixed'
      && isCode(it, tree, wanted))),
    ...statesOf(found, { isOurs: (path) => inTree(path) && !isCode(path, tree, wanted),
      reserved: [...['releases', 'current'].map((it) =>
        `${tree?.path ?? `/srv/${application}`}/${it}`), `/var/lib/seatrial/${application}`] }),
    logs: [...new Set([...units.flatMap((it) => it.log ?? []), ...found.logs.filter((path) =>
      inTree(path) || nameInPath(path, application))])]
      .filter((path) => pathPattern.test(path)).slice(0, logsMax),
  };
}

function scoreOf(tree: TreeFound, found: HostFound, application: string): number {
  const runs = found.units.some((unit) => unit.paths.some((path) => isInside(path, tree.path)));
  const holds = [...found.sqlite, ...found.uploads, ...found.zodb.map((it) => it.path)]
    .some((path) => isInside(path, tree.path));
  const named = tree.path.split('/').at(-1) === application;
  const sure = (named ? 4 : 0) + (runs ? 3 : 0) + (tree.layout === 'releases' ? 2 : 0);
  return sure === 0 ? 0 : sure + (holds ? 1 : 0);
}

function unitsOf(found: HostFound, tree: TreeFound | undefined, application: string): UnitFound[] {
  const ours = found.units.filter((unit) => unitPattern.test(unit.name)
    && (nameInPath(`/${unit.name}`, application)
      || (tree !== undefined && unit.paths.some((path) => isInside(path, tree.path)))));
  // What a timer starts is stopped and kept away with the timer.
  const triggered = ours.filter((it) => it.name.endsWith('.timer')).flatMap((it) =>
    [...it.triggers, it.name.replace(/timer$/, 'service')]);
  const rank = ({ name, port, isActive }: UnitFound): number =>
    (name.endsWith('.timer') ? 4 : 0) + (name === `${application}.service` ? 0 : 2)
    + (port !== undefined || isActive ? 0 : 1);
  return ours.filter((it) => it.isEnabled || !triggered.includes(it.name))
    .sort((a, b) => rank(a) - rank(b));
}

function databasesOf(found: HostFound, application: string, owner: string | undefined):
DatabaseFound[] {
  const usable = found.databases.filter((it) =>
    databasePattern.test(it.name) && userPattern.test(it.client) && !ofServers.includes(it.name));
  const ours = usable.filter((it) => it.owner === (owner ?? '-')
    || nameInPath(`/${it.name}`, application));
  return ours.length > 0 || usable.length !== 1 ? ours : usable;
}

/** Our file refuses parts that overlap: what comes first is kept, the outer directory whole. */
function statesOf(found: HostFound, kept: { readonly isOurs: (path: string) => boolean;
  readonly reserved: readonly string[]; }): Pick<Site, 'sqlite' | 'zodb' | 'directories'> {
  const taken = [...kept.reserved];
  const take = (path: string): boolean => {
    const isFree = kept.isOurs(path)
      && !taken.some((it) => isInside(path, it) || isInside(it, path));
    if (isFree) taken.push(path);
    return isFree;
  };
  const directories = outermost(found.uploads).filter(take);
  const zodb = found.zodb.filter((it) => take(it.path)).map(({ path, blobs }) =>
    ({ path, blobs: blobs !== undefined && take(blobs) ? blobs : undefined }));
  return { directories, zodb, sqlite: found.sqlite.filter(take) };
}

function outermost(paths: readonly string[]): string[] {
  return paths.filter((path) => !paths.some((it) => it !== path && isInside(path, it)));
}

/** Releases are not state, and neither is what the repository brings along. */
function isCode(path: string, tree: TreeFound | undefined, wanted: Wanted): boolean {
  if (tree === undefined) return false;
  return tree.layout === 'releases'
    ? ['releases', 'current'].some((it) => isInside(path, `${tree.path}/${it}`))
    : wanted.isCode(path.slice(tree.path.length + 1));
}

export function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

export function isPath(path: string): boolean {
  return pathPattern.test(path);
}

/** `guestbook` in `/guestbook-mail.service`, `/var/log/guestbook/error.log`; not in `/mailbook`. */
function nameInPath(path: string, application: string): boolean {
  const [name = '', written = ''] = [application, application.replaceAll('-', '_')];
  return path.split(/[/.@]/).some((part) => [name, written].some((it) =>
    part === it || part.startsWith(`${it}-`) || part.startsWith(`${it}_`)));
}
