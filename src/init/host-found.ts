/** What probe.sh found on a host that somebody set up by hand. Nothing of it is certain. */
export interface HostFound {
  readonly host: string;
  readonly user: string;
  readonly isRoot: boolean;
  readonly hasSystemd: boolean;
  readonly units: readonly UnitFound[];
  readonly trees: readonly TreeFound[];
  readonly databases: readonly DatabaseFound[];
  readonly sqlite: readonly string[];
  readonly zodb: readonly ZodbFound[];
  /** Directories with a name that is common for what users send. */
  readonly uploads: readonly string[];
  readonly logs: readonly string[];
  readonly pidfiles: readonly PidfileFound[];
  readonly ports: readonly PortFound[];
  /** HTTP servers that run: `nginx`. */
  readonly fronts: readonly string[];
}

export interface UnitFound {
  readonly name: string;
  readonly isActive: boolean;
  readonly isEnabled: boolean;
  /** Empty: root. */
  readonly user: string;
  /** Absolute paths that its command and its directory name. */
  readonly paths: readonly string[];
  /** Units that a timer starts. */
  readonly triggers: readonly string[];
  /** File that its standard output goes to. */
  readonly log: string | undefined;
  /** `PORT` of its environment. */
  readonly port: number | undefined;
}

export interface TreeFound {
  readonly path: string;
  /** `releases`: it has releases/ and current, or shared. */
  readonly layout: 'releases' | 'fixed';
  readonly owner: string;
  /** In shared/, or directly in a fixed tree. */
  readonly entries: readonly EntryFound[];
}

export interface EntryFound {
  readonly name: string;
  /** As find prints it: d, f, l and others. */
  readonly type: string;
}

export interface DatabaseFound {
  readonly kind: 'postgres' | 'mysql';
  readonly name: string;
  /** Empty where the server does not tell. */
  readonly owner: string;
  /** User of the system that could ask for it. */
  readonly client: string;
}

export interface ZodbFound {
  readonly path: string;
  readonly blobs: string | undefined;
}

export interface PidfileFound {
  readonly path: string;
  readonly user: string;
}

export interface PortFound {
  readonly port: number;
  readonly reach: 'loopback' | 'any';
  readonly user: string;
}

type Rows = readonly (readonly string[])[];

/** Undefined: the host did not come to its end, and what it told may be half of it. */
export function parseHostFound(output: string): HostFound | undefined {
  const rows = output.split('\n').map((line) => line.split('\t'));
  const of = (kind: string): Rows => rows.filter((it) => it[0] === kind).map((it) => it.slice(1));
  const first = (kind: string): string => of(kind)[0]?.[0] ?? '';
  if (first('complete') !== 'yes') return undefined;
  return {
    host: first('host'), user: first('user'), isRoot: first('uid') === '0',
    hasSystemd: first('systemd') === 'yes',
    units: unitsOf(of('unit')),
    trees: treesOf(of('tree'), [...of('shared'), ...of('entry')]),
    databases: of('database').flatMap(([kind, name = '', owner = '', client = '']) =>
      (kind === 'postgres' || kind === 'mysql' ? [{ kind, name, owner, client }] : [])),
    sqlite: pathsOf(of('sqlite')),
    zodb: of('zodb').map(([path = '', blobs = '']) =>
      ({ path, blobs: blobs === '' ? undefined : blobs })),
    uploads: pathsOf(of('uploads')),
    logs: pathsOf(of('log')),
    pidfiles: of('pidfile').map(([path = '', user = '']) => ({ path, user })),
    ports: portsOf(of('port')),
    fronts: pathsOf(of('front')),
  };
}

function pathsOf(rows: Rows): string[] {
  return [...new Set(rows.map((it) => it[0] ?? '').filter((it) => it !== ''))];
}

function unitsOf(rows: Rows): UnitFound[] {
  return pathsOf(rows).map((name) => {
    const all = (key: string): string[] => rows
      .filter((it) => it[0] === name && it[1] === key && (it[2] ?? '') !== '')
      .map((it) => it[2] ?? '');
    const port = Number(all('port')[0] ?? NaN);
    return {
      name, isActive: all('active')[0] === 'active', isEnabled: all('enabled')[0] === 'enabled',
      user: all('user')[0] ?? '', paths: all('path'),
      triggers: (all('triggers')[0] ?? '').split(' ').filter((it) => it !== ''),
      log: all('log')[0], port: isPort(port) ? port : undefined,
    };
  });
}

function treesOf(trees: Rows, entries: Rows): TreeFound[] {
  return trees.map(([path = '', layout, owner = '']) => ({
    path, owner, layout: layout === 'releases' ? 'releases' : 'fixed',
    entries: entries.filter((it) => it[0] === path)
      .map(([, name = '', type = '']) => ({ name, type })),
  }));
}

function portsOf(rows: Rows): PortFound[] {
  return rows.map(([port = '', reach, user = '']): PortFound =>
    ({ port: Number(port), reach: reach === 'loopback' ? 'loopback' : 'any', user }))
    .filter((it) => isPort(it.port));
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535;
}
